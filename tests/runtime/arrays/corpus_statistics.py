# SPDX-License-Identifier: BSD-3-Clause
"""Quantiles, histograms, and what is near to what. The other side is corpus_statistics.cpp; see corpus_calls.py."""
import numpy as np

from corpus_calls import call, EPS, finite, Made, REAL, some_axes

METHODS = ["linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
           "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased"]
PICKING = ["lower", "higher", "nearest", "inverted_cdf", "closest_observation"]  # methods that compute nothing


def closest_observation(a, q, axis, skips):
    """NumPy's, as it is from 2.0.1 on: of two elements that are as near, the one whose number, from 1 on, is even."""
    def of_line(line):
        numbers = np.sort(line[~np.isnan(line)] if skips else line)
        if numbers.size == 0 or np.isnan(numbers).any():
            return np.nan
        at = numbers.size * q - 0.5  # the lower one's number
        number = int(np.floor(at)) + (at != np.floor(at) or np.floor(at) % 2 == 1)
        return numbers[min(max(number, 1), numbers.size) - 1]
    return of_line(a.ravel()) if axis is None else np.apply_along_axis(of_line, axis, a)


def quantiles(name, function, is_one):
    def made(c, a):
        axis = c.random.randrange(a.ndim) if a.ndim and c.random.random() < 0.5 else None
        if a.size == 0:
            return None
        # NumPy 1.24 has NaN beside infinities, and differences of whole numbers that do not fit.
        wild = np.isinf(a).any() or (a.dtype.kind == "i" and np.abs(a.astype(float)).max() > 2.0 ** 52)
        method = c.random.choice(PICKING if wild else METHODS)
        q = [c.random.choice([0.0, 1.0, 0.5, c.random.random(), c.random.randint(0, 8) / 8]) for _ in range(1 if is_one else 3)]
        wide = a.astype("float64") if a.dtype.kind == "f" else a
        with np.errstate(all="ignore"):
            if method == "closest_observation":
                some = [closest_observation(wide, one, axis, name.startswith("nan")) for one in q]
                expected = some[0] if is_one else some
            else:
                expected = function(wide, q[0] if is_one else q, axis, method=method)
        expected = np.asarray(expected).astype(a.dtype if a.dtype.kind == "f" else "float64")
        eps, most = EPS[str(expected.dtype)], float(finite(a).max(initial=0))
        return Made(expected, numbers=[METHODS.index(method)] + ([axis] if axis is not None else []), fractions=q,
                    rtol=2 * eps, atol=0.0 if wild else 4 * EPS["float64"] * most, strict=False)
    made.__name__ = name
    call(REAL)(made)


quantiles("quantile", np.quantile, False)
quantiles("nanquantile", np.nanquantile, False)
quantiles("nanquantile_of_one", np.nanquantile, True)


def middle(name, function):
    def made(c, a):
        axis = c.random.randrange(a.ndim) if a.ndim and c.random.random() < 0.5 else None
        if a.size == 0 or (a.dtype.kind == "i" and np.abs(a.astype(float)).max() > 2.0 ** 52):
            return None
        expected = np.asarray(function(a.astype("float64"), axis))
        return Made(expected.astype(a.dtype if a.dtype.kind == "f" else "float64"), numbers=[axis] if axis is not None else [],
                    rtol=EPS["float32"] if a.dtype == "float32" else 0.0, strict=False)
    made.__name__ = name
    call(REAL)(made)


middle("median", np.median)
middle("nanmedian", np.nanmedian)


def histogram_of(name, edges_of, result, types=REAL):
    """Bins are a number and a range, or edges."""
    def made(c, a):
        bins, span, numbers, fractions = edges_of(c, a)
        if bins is None:
            return None
        with np.errstate(all="ignore"):
            expected = result(a, bins, span)
        return Made(expected, numbers=numbers, fractions=fractions, strict="auto" not in name)
    made.__name__ = name
    call(types)(made)


def ranged(c, a):
    low, high = sorted(round(c.random.uniform(-9, 9), 1) for _ in range(2))
    bins = c.random.randint(1, 12)
    return bins, (low, high), [bins], [low, high]


def found(c, a):
    if not np.isfinite(a).all() or finite(a).max(initial=0) > 2.0 ** 20:
        return None, None, [], []  # NumPy's differences do not fit, or a half more is no more
    if a.size and 0 < float(a.max()) - float(a.min()) < 1e-30:
        return None, None, [], []  # by which NumPy divides
    bins = c.random.randint(1, 12)
    return bins, None, [bins], []


def edged(c, a):
    edges = sorted(round(c.random.uniform(-9, 9), 1) for _ in range(c.random.randint(2, 7)))
    if c.random.random() < 0.2:
        edges[-1] = edges[-2]
    return edges, None, [], edges


def edges_between(a, bins, span):
    """As NumPy 1.24 has them for double, rounded. From elements of float32 NumPy 2 computes them in that."""
    return np.histogram(a.astype("float64"), bins, span)[1].astype("float32" if a.dtype == "float32" else "float64")


def counts(a, bins, span):
    if a.dtype == "float32" and span is None and np.ndim(bins) == 0:
        bins = edges_between(a, bins, span)
    # Edges of float64 are compared with what float32 holds, exactly.
    return np.histogram(a.astype("float64") if np.ndim(bins) and a.dtype.kind == "f" else a, bins, span)[0]


histogram_of("histogram", ranged, counts)
histogram_of("histogram_edges", ranged, lambda a, bins, span: np.histogram(a, bins, span)[1])
histogram_of("histogram_auto", found, counts)
histogram_of("histogram_auto_edges", found, edges_between)
histogram_of("histogram_between", edged, counts, "int64 float64")
histogram_of("histogram_fused", edged, lambda a, bins, span: counts(a + a, bins, span), "int64 float64")


@call("int64 float64")
def histogram_density(c, a):
    edges = sorted({round(c.random.uniform(-9, 9), 1) for _ in range(c.random.randint(3, 7))})
    if len(edges) < 2:
        return None
    wide = a.astype("float64") if a.dtype.kind == "f" else a
    return Made(np.histogram(wide, edges, density=True)[0], fractions=edges, rtol=4 * EPS["float64"])


@call("int64 float64")
def histogram_weighted(c, a):
    edges = edged(c, a)[0]
    name, weights = c.input("int64", a.shape)
    wide = a.astype("float64") if a.dtype.kind == "f" else a
    # NumPy sums whole numbers as double.
    expected = [sum_wrapping(weights[(wide >= low) & ((wide <= high) if k == len(edges) - 2 else (wide < high))])
                for k, (low, high) in enumerate(zip(edges, edges[1:]))]
    return Made(np.array(expected, "int64"), [name], fractions=edges)


def sum_wrapping(whole):
    return int(np.sum(whole, dtype="int64"))


@call("int64")
def bincount(c, a):
    most = c.random.randint(1, 9)
    length = most + c.random.randint(0, 3)
    return Made(np.bincount((a % most).ravel(), minlength=length), numbers=[most, length])


@call("int64")
def bincount_weighted(c, a):
    most = c.random.randint(1, 9)
    name, weights = c.input("float64", a.shape)
    expected = np.bincount((a % most).ravel(), weights.ravel(), most).astype("float64")  # of no elements it is int64
    return Made(expected, [name], [most, most], rtol=4 * EPS["float64"],
                atol=(a.size + 1) * EPS["float64"] * float(finite(weights).sum()))


@call("int64 float64")
def ptp(c, a):
    if a.size == 0:
        return None
    if a.ndim == 0 or c.random.random() < 0.4:
        return Made(a.max() - a.min(), numbers=[])
    axes, keep = some_axes(c, a), c.random.random() < 0.5
    return Made(a.max(tuple(axes), keepdims=keep) - a.min(tuple(axes), keepdims=keep), numbers=[int(keep), *axes])


@call("int64 float64")
def count_nonzero(c, a):
    if a.ndim == 0 or c.random.random() < 0.4:
        return Made(np.asarray(np.count_nonzero(a)), numbers=[])
    axes, keep = some_axes(c, a), c.random.random() < 0.5
    return Made(np.count_nonzero(a, axis=tuple(axes), keepdims=keep), numbers=[int(keep), *axes])


@call("int64 float64")
def average(c, a):
    axis = c.random.randrange(a.ndim) if a.ndim and c.random.random() < 0.6 else None
    shape = (a.shape[axis],) if axis is not None and c.random.random() < 0.5 else a.shape
    name, weights = c.given(np.abs(np.round(c.numpy.normal(0, 3, shape), 1)) + 0.5)
    if a.size == 0:
        return None
    n, total = a.size, float(finite(a).sum())
    return Made(np.average(a, axis, weights), [name], [axis] if axis is not None else [], rtol=8 * n * EPS["float64"],
                atol=8 * n * EPS["float64"] * total)


def near(c, a):
    """Something like an array, as another input."""
    other = a.astype("float64")
    if c.random.random() < 0.7:
        other = other * (1 + c.random.choice([0, 0, 1e-9, 1e-5, 1e-3]))
    if other.size and c.random.random() < 0.5:
        other.flat[c.random.randrange(other.size)] = c.random.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5])
    return c.given(other)


@call("int64 float64")
def isclose(c, a):
    name, other = near(c, a)
    relative, absolute, nan = c.random.choice([0, 1e-5, 1e-3]), c.random.choice([0, 1e-8, 0.5]), c.random.randint(0, 1)
    return Made(np.isclose(a, other, relative, absolute, bool(nan)), [name], [nan], [relative, absolute])


@call("int64 float64")
def allclose(c, a):
    name, other = near(c, a)
    relative, absolute, nan = c.random.choice([0, 1e-5, 1e-3]), c.random.choice([0, 1e-8, 0.5]), c.random.randint(0, 1)
    return Made(np.asarray(np.allclose(a, other, relative, absolute, bool(nan))), [name], [nan], [relative, absolute])


@call("int64 float64")
def array_equal(c, a):
    name, other = near(c, a)
    nan = c.random.randint(0, 1)
    return Made(np.asarray(np.array_equal(a, other, bool(nan))), [name], [nan])
