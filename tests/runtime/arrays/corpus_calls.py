# SPDX-License-Identifier: BSD-3-Clause
"""The functions of arrays that are not element by element, as make_corpus.py chooses them: for each one, numbers that fit
an array, what NumPy makes of it, and how far a result may be from that. The other side are the corpus_*.cpp of the same
names. What NumPy has not, or not in this way, is a loop over the whole array here."""
import functools
import itertools

import numpy as np

ALL = "bool int64 float64 complex128"
REAL = "int64 float32 float64"
EPS = {"float32": 2.0 ** -23, "float64": 2.0 ** -52, "complex128": 2.0 ** -52}
MOST = 3000  # elements of an array that a program goes on with
METHODS = ["linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
           "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased"]
PICKING = ["lower", "higher", "nearest", "inverted_cdf", "closest_observation"]  # methods that compute nothing
CALLS = {}


class Made:
    """A result: what it is called with beside the array, what NumPy has, how far from it one may be; and whether zeros have
    the signs that NumPy's have."""

    def __init__(self, expected, others=(), numbers=(), fractions=(), parts="0", text="", rtol=0.0, atol=0.0, strict=True):
        self.expected, self.others, self.numbers, self.fractions = np.asarray(expected), others, numbers, fractions
        self.parts, self.text, self.rtol, self.atol, self.strict = parts, text, rtol, atol, strict


def call(types, moves=False, needs=None):
    """A function for arrays of these types: of a Corpus and an array it gives Made, or None if there is nothing for it to
    do. One that `moves` only puts elements elsewhere, so that a tolerance stays what it is."""
    def add(function):
        function.types, function.moves, function.needs = types.split(), moves, needs
        CALLS[function.__name__] = function
        return function
    return add


class HasNoAxes(Exception):
    """Nothing can be done along an axis."""


def an_axis(c, array):
    """One of an array's axes, and how it is named."""
    if array.ndim == 0:
        raise HasNoAxes
    d = c.random.randrange(array.ndim)
    return d, d - array.ndim if c.random.random() < 0.3 else d


def some_axes(c, array):
    if array.ndim == 0:
        raise HasNoAxes
    return sorted(c.random.sample(range(array.ndim), c.random.randint(1, array.ndim)))


def finite(array):
    return np.abs(np.where(np.isfinite(array), array, 0).astype(complex if array.dtype.kind == "c" else float))


# --- elements at other places ---------------------------------------------------------------------------------------------


def random_shape(c, size):
    if size == 0:
        shape = [c.random.randint(0, 3) for _ in range(c.random.randint(1, 4))]
        shape[c.random.randrange(len(shape))] = 0
        return shape
    shape, left = [], size
    while left > 1 and len(shape) < 3:
        shape.append(c.random.choice([d for d in range(1, min(left, 60) + 1) if left % d == 0]))
        left //= shape[-1]
    if left > 1 or c.random.random() < 0.2:
        shape.append(left)
    c.random.shuffle(shape)
    return shape


@call(ALL, moves=True)
def reshape(c, a):
    to = random_shape(c, a.size)
    expected = a.reshape(to)
    if to and a.size and c.random.random() < 0.3:
        to[c.random.randrange(len(to))] = -1
    return Made(expected, numbers=to)


@call(ALL, moves=True)
def reshape_as(c, a):
    to = tuple(random_shape(c, a.size))
    return Made(a.reshape(to), [c.input(str(a.dtype), to)[0]])


@call(ALL, moves=True)
def ravel(c, a):
    return Made(a.ravel())


@call(ALL, moves=True)
def ravel_fused(c, a):
    return Made(a.ravel())


@call(ALL, moves=True)
def take_list(c, a):
    d, axis = an_axis(c, a)
    n = a.shape[d]
    indices = [c.random.randint(-n, n - 1) for _ in range(c.random.randint(0, 9))] if n else []
    return Made(np.take(a, np.array(indices, int), d), numbers=[axis, *indices])


@call(ALL, moves=True)
def take(c, a):
    d, axis = an_axis(c, a)
    n = a.shape[d]
    name, indices = c.given(c.numpy.integers(-n, n, c.random.randint(0, 9)) if n else np.zeros(0, int))
    return Made(np.take(a, indices, d), [name], [axis])


@call(ALL, moves=True)
def take_along_axis(c, a):
    d, axis = an_axis(c, a)
    n = a.shape[d]
    shape = [1 if c.random.random() < 0.2 else length for length in a.shape]
    shape[d] = c.random.randint(0, 6) if n else 0
    name, indices = c.given(c.numpy.integers(-n, n, shape) if n else np.zeros(shape, int))
    whole = np.broadcast_to(indices, [*a.shape[:d], shape[d], *a.shape[d + 1:]])
    return Made(np.take_along_axis(a, whole, d), [name], [axis])


def assigned(c, a, value_of):
    parts, words = c.parts(a)
    made = a.copy()
    where = made[parts]
    names, numbers, value = value_of(where)
    made[parts] = value
    return Made(made, names, numbers, parts=" ".join(map(str, words)))


@call(ALL, moves=True)
def assign(c, a):
    def value_of(where):
        name, value = c.input(str(a.dtype), c.broadcastable(where.shape))
        return [name], [], value
    return assigned(c, a, value_of)


@call("int64 float64", moves=True)
def assign_value(c, a):
    return assigned(c, a, lambda where: ([], [7], 7))


@call("float64", moves=True)
def assign_integers(c, a):
    def value_of(where):
        name, value = c.input("int64", c.broadcastable(where.shape))
        return [name], [], value
    return assigned(c, a, value_of)


def triangle(function):
    def made(c, a):
        if a.ndim < 2:
            return None
        k = c.random.randint(-4, 4)
        return Made(function(a, k), numbers=[k])
    made.__name__ = function.__name__
    return made


call(ALL, moves=True)(triangle(np.tril))
call(ALL, moves=True)(triangle(np.triu))


@call(ALL, moves=True)
def repeat(c, a):
    d, axis = an_axis(c, a)
    times = c.random.randint(0, 3)
    return Made(np.repeat(a, times, d), numbers=[times, axis])


@call(ALL, moves=True)
def split(c, a):
    d, axis = an_axis(c, a)
    parts = c.random.choice([p for p in range(1, a.shape[d] + 2) if a.shape[d] % p == 0])
    k = c.random.randrange(parts)
    return Made(np.split(a, parts, d)[k], numbers=[parts, axis, k])


@call(ALL, moves=True)
def array_split(c, a):
    d, axis = an_axis(c, a)
    parts = c.random.randint(1, a.shape[d] + 2)
    k = c.random.randrange(parts)
    return Made(np.array_split(a, parts, d)[k], numbers=[parts, axis, k])


@call(ALL, moves=True)
def split_at(c, a):
    d, axis = an_axis(c, a)
    n = a.shape[d]
    places = [c.random.randint(-n - 1, n + 2) for _ in range(c.random.randint(0, 4))]
    k = c.random.randint(0, len(places))
    return Made(np.split(a, places, d)[k], numbers=[axis, k, *places])


@call(ALL, moves=True)
def swapaxes(c, a):
    (d, one), (e, other) = an_axis(c, a), an_axis(c, a)
    return Made(np.swapaxes(a, d, e), numbers=[one, other])


@call(ALL, moves=True)
def moveaxis(c, a):
    (d, one), (e, other) = an_axis(c, a), an_axis(c, a)
    return Made(np.moveaxis(a, d, e), numbers=[one, other])


@call(ALL, moves=True)
def rot90(c, a):
    if a.ndim < 2:
        return None
    axes, turns = c.random.sample(range(a.ndim), 2), c.random.randint(-5, 5)
    return Made(np.rot90(a, turns, axes), numbers=[turns, *axes])


@call(ALL, moves=True)
def flip(c, a):
    axes = some_axes(c, a)
    return Made(np.flip(a, axes), numbers=axes)


@call(ALL, moves=True)
def squeeze(c, a):
    ones = [d for d in range(a.ndim) if a.shape[d] == 1]
    axes = sorted(c.random.sample(ones, c.random.randint(0, len(ones))))
    return Made(np.squeeze(a, tuple(axes) if axes else None), numbers=axes)


@call(ALL, moves=True)
def broadcast_to(c, a):
    to = [c.random.randint(0, 4) if n == 1 and c.random.random() < 0.6 else n for n in a.shape]
    to = [c.random.randint(0, 3) for _ in range(c.random.randint(0, 2))] + to
    return Made(np.broadcast_to(a, to), [c.input(str(a.dtype), tuple(to))[0]])


@call(ALL, moves=True)
def roll(c, a):
    d, axis = an_axis(c, a)
    by = c.random.randint(-2 * a.shape[d] - 1, 2 * a.shape[d] + 1)
    return Made(np.roll(a, by, d), numbers=[by, axis])


@call(ALL, moves=True)
def tile(c, a):
    d, axis = an_axis(c, a)
    times = c.random.randint(1, 4)
    return Made(np.concatenate([a] * times, d), numbers=[times, axis])


@call(ALL, moves=True)
def pad(c, a):
    d, axis = an_axis(c, a)
    before, after, value = c.random.randint(0, 4), c.random.randint(0, 4), c.random.randint(0, 1)
    widths = [(before, after) if e == d else (0, 0) for e in range(a.ndim)]
    return Made(np.pad(a, widths, constant_values=value), numbers=[before, after, axis, value])


@call(ALL, moves=True)
def stack(c, a):
    name, other = c.input(str(a.dtype), a.shape)
    d = c.random.randint(0, a.ndim)
    return Made(np.stack([a, other], d), [name], [d])


@call(ALL, moves=True)
def concatenate3(c, a):
    d, axis = an_axis(c, a)
    shape = list(a.shape)
    shape[d] = c.random.randint(0, 4)
    name, other = c.input(str(a.dtype), tuple(shape))
    return Made(np.concatenate([a, other, a], d), [name], [axis])


@call(ALL, moves=True)
def meshgrid(c, a):
    if a.ndim != 1:
        return None
    name, other = c.input(str(a.dtype), (c.random.randint(0, 8),))
    is_ij, is_second = c.random.random() < 0.5, c.random.random() < 0.5
    return Made(np.meshgrid(a, other, indexing="ij" if is_ij else "xy")[is_second], [name], [int(is_ij), int(is_second)])


# --- selections -----------------------------------------------------------------------------------------------------------


@call("bool int64 float64", moves=True)
def select(c, a):
    name, mask = c.input("bool", c.broadcastable(a.shape))
    both = np.broadcast_arrays(a, mask)
    return Made(both[0][both[1]], [name])


@call("bool int64 float64")
def select_fused(c, a):
    return Made(a[a != 0])


@call("bool int64 float64", moves=True)
def compress(c, a):
    if a.ndim == 0:
        return None
    name, mask = c.input("bool", a.shape[:1])
    return Made(np.compress(mask, a, 0), [name])


@call("bool int64 float64")
def flatnonzero(c, a):
    return Made(np.flatnonzero(a))


@call("bool int64 float64")
def nonzero(c, a):
    k = an_axis(c, a)[0]
    return Made(np.nonzero(a)[k], numbers=[k])


@call("bool int64 float64")
def argwhere(c, a):
    return Made(np.argwhere(a))


def selected(name, function, needs_some=False, tolerance=None):
    def made(c, a):
        mask_name, mask = c.input("bool", a.shape)
        if (needs_some and not mask.any()) or (name == "prod" and leaves_range(a)):
            return None
        expected = np.asarray(function(a[mask]))
        rtol, atol = tolerance(a[mask]) if tolerance and expected.dtype.kind in "fc" else (0.0, 0.0)
        return Made(expected, [mask_name], rtol=rtol, atol=atol, strict=False)
    made.__name__ = "selected_" + name
    call("int64 float64")(made)


def of_sum(a):
    eps = EPS["float64"]
    return 4 * eps, (a.size + 4) * eps * float(finite(a).sum())


def of_squares(a):
    eps, most = EPS["float64"], float(finite(a).max(initial=0))
    return 40 * eps, 20 * max(1, a.size) * eps * most * most


selected("count", np.size)
selected("sum", np.sum, tolerance=of_sum)
selected("prod", np.prod, tolerance=lambda a: (4 * EPS["float64"] * a.size, 0.0))
selected("min", lambda a: a.min(), True)
selected("max", lambda a: a.max(), True)
selected("any", np.any)
selected("every", np.all)
selected("mean", np.mean, tolerance=of_sum)
selected("var", np.var, tolerance=of_squares)
selected("std", lambda a: np.std(a, ddof=1), tolerance=lambda a: (1e-7, float(finite(a).max(initial=0)) * 1e-7))


# --- order ----------------------------------------------------------------------------------------------------------------


@call(REAL)
def sort(c, a):
    d, axis = an_axis(c, a)
    return Made(np.sort(a, d, kind="stable"), numbers=[axis])


@call("float64")
def sort_fused(c, a):
    d, axis = an_axis(c, a)
    return Made(np.sort(-a, d, kind="stable"), numbers=[axis])


@call(REAL)
def argsort(c, a):
    d, axis = an_axis(c, a)
    return Made(np.argsort(a, d, kind="stable"), numbers=[axis])


@call("complex128")
def sort_complex(c, a):
    d, axis = an_axis(c, a)
    return Made(np.sort(a, d, kind="stable"), numbers=[axis])


@call("complex128")
def argsort_complex(c, a):
    d, axis = an_axis(c, a)
    return Made(np.argsort(a, d, kind="stable"), numbers=[axis])


def first_places(line, k):
    """The places of the |k| greatest or, with k below 0, least elements; NaN is the greatest, of equal ones the first."""
    def before(i, j):
        x, y = line[i], line[j]
        if x != x or y != y:
            order = int(y != y) - int(x != x)
        else:
            order = int(y > x) - int(y < x)
        return (order if k > 0 else -order) or i - j
    return np.array(sorted(range(len(line)), key=functools.cmp_to_key(before))[:abs(k)], int)


@call("int64 float64")
def argtopk(c, a):
    d, axis = an_axis(c, a)
    k = c.random.choice([-1, 1]) * c.random.randint(1, 6)
    return Made(along(a, d, lambda line: first_places(line, k), min(abs(k), a.shape[d]), int), numbers=[k, axis])


@call("int64 float64")
def topk(c, a):
    d, axis = an_axis(c, a)
    k = c.random.choice([-1, 1]) * c.random.randint(1, 6)
    expected = along(a, d, lambda line: line[first_places(line, k)], min(abs(k), a.shape[d]), a.dtype)
    return Made(expected, numbers=[k, axis], strict=False)


@call("int64 float64")
def unique_values(c, a):
    return Made(np.unique(a), numbers=[c.random.randint(1, 9)], strict=False)


@call("int64 float64")
def unique_counts(c, a):
    return Made(np.unique(a, return_counts=True)[1], numbers=[c.random.randint(1, 9)])


def searched(c, a, dtype):
    name, places = c.given(np.sort(c.values(dtype, (c.random.randint(0, 12),))))
    right = c.random.randint(0, 1)
    return Made(np.searchsorted(places, a, "right" if right else "left"), [name], [right])


@call("int64 float64")
def searchsorted_double(c, a):
    return searched(c, a, "float64")


@call("int64")
def searchsorted_integers(c, a):
    return searched(c, a, "int64")


@call("int64 float64")
def digitize(c, a):
    name, bins = c.given(np.sort(c.random.choice([-1, 1]) * np.round(c.numpy.normal(0, 5, c.random.randint(1, 9)), 1)))
    right = c.random.randint(0, 1)
    wide = a.astype("float64") if a.dtype.kind == "f" else a
    return Made(np.digitize(wide, bins, bool(right)), [name], [right])


def leaves_range(a):
    """Some product of elements may be too large or too small, which hangs on their order."""
    size = finite(a)
    digits = np.abs(np.log10(size[size > 0])).sum() if a.dtype.kind in "fc" else 0.0
    return digits > (30 if a.dtype == "float32" else 300)


def scan(name, types, function, tolerance):
    def made(c, a):
        d, axis = an_axis(c, a)
        if name == "cumprod" and leaves_range(a):
            return None
        expected = function(a, d)
        rtol, atol = tolerance(a, d) if expected.dtype.kind == "f" else (0.0, 0.0)
        return Made(expected, numbers=[axis], rtol=rtol, atol=atol)
    made.__name__ = name
    call(types)(made)


def of_cumsum(a, d):
    eps = EPS[str(a.dtype)]
    return 2 * eps, (a.shape[d] + 2) * eps * float(finite(a).sum(d).max(initial=0))


scan("cumsum", "bool int64 float32 float64", np.cumsum, of_cumsum)
scan("cumprod", "int64 float64", np.cumprod, lambda a, d: (4 * EPS[str(a.dtype)] * max(1, a.shape[d]), 0.0))
scan("cumsum_fused", "int64", lambda a, d: np.cumsum(a * a, d), lambda a, d: of_cumsum(a * a, d))


@call("int64 float64")
def diff(c, a):
    d, axis = an_axis(c, a)
    return Made(np.diff(a, axis=d), numbers=[axis])


# --- statistics -----------------------------------------------------------------------------------------------------------


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


# --- functions of blocks --------------------------------------------------------------------------------------------------


MODES = ["open", "wrap", "edge", "symmetric", "constant"]  # of np.pad, in the order of ramal::Boundary


def padded(a, depths, modes, value):
    """With what lies beyond the ends of each axis, one after the other: corners are of what is there already."""
    for d, (depth, mode) in enumerate(zip(depths, modes)):
        widths = [(depth, depth) if e == d else (0, 0) for e in range(a.ndim)]
        if mode in (0, 4):
            a = np.pad(a, widths, constant_values=value if mode == 4 else 0)
        else:
            a = np.pad(a, widths, mode=MODES[mode])
    return a


def some_overlap(c, a):
    modes = [c.random.choice([0, 1, 2, 3, 4]) if n else c.random.choice([0, 4]) for n in a.shape]
    depths = [c.random.randint(0, min(3, n) if mode in (1, 3) else 3) for n, mode in zip(a.shape, modes)]
    return depths, modes, c.random.choice([0, 7, -2])


def around(c, a):
    depths, modes, value = some_overlap(c, a)
    wide, made = padded(a, depths, modes, value), np.zeros(a.shape, a.dtype)
    there = np.ones(wide.shape, bool)
    for d in range(a.ndim):
        if modes[d] == 0:
            beyond = np.moveaxis(there, d, 0)  # of which nothing is there, corners included
            beyond[:depths[d]] = beyond[depths[d] + a.shape[d]:] = False
    places = itertools.product(*(range(2 * depth + 1) for depth in depths))
    for weight, place in enumerate(places):
        part = tuple(slice(at, at + n) for at, n in zip(place, a.shape))
        made = np.where(there[part], made + a.dtype.type(weight + 1) * wide[part], made)
    return Made(made, numbers=[*depths, *modes], fractions=[value])


@call("int64 float64")
def around_line(c, a):
    return around(c, a) if a.ndim == 1 else None


@call("int64 float64")
def around_matrix(c, a):
    return around(c, a) if a.ndim == 2 else None


@call("int64 float64")
def apart(c, a):
    if a.ndim != 1 or a.size == 0:
        return None
    name, other = c.input(str(a.dtype), (1,) if c.random.random() < 0.3 else a.shape)
    depth, mode = c.random.randint(0, min(3, a.size)), c.random.choice([1, 2, 3, 4])
    wide, behind = padded(a, [depth], [mode], 7), padded(np.broadcast_to(other, a.shape), [depth], [mode], 7)
    return Made(wide[2 * depth:] - behind[:a.size], [name], [depth, mode], [7])


@call("int64 float64")
def with_place(c, a):
    places = np.zeros(a.shape, "int64")
    for d in range(a.ndim):
        places += (np.arange(a.shape[d]) * (d + 1)).reshape([-1 if e == d else 1 for e in range(a.ndim)])
    return Made(a + places.astype(a.dtype))


@call("int64 float64")
def first_less_second(c, a):
    name, other = c.input(str(a.dtype), c.broadcastable(a.shape))
    return Made(a - other, [name])


def along(a, d, function, length, dtype):
    """A function of each line along an axis, which np.apply_along_axis does not call for empty arrays."""
    made = np.zeros([*a.shape[:d], length, *a.shape[d + 1:]], dtype)
    lines, to = np.moveaxis(a, d, -1), np.moveaxis(made, d, -1)
    for place in np.ndindex(lines.shape[:-1]):
        to[place] = function(lines[place])
    return made


@call("int64 float64")
def weighted_sum(c, a):
    d, axis = an_axis(c, a)

    def one(line):
        total = a.dtype.type(0)
        for i, x in enumerate(line):
            total = total + a.dtype.type(i + 1) * x
        return total
    return Made(along(a, d, one, 1, a.dtype).reshape([n for e, n in enumerate(a.shape) if e != d]), numbers=[axis])


@call("int64 float64", moves=True)
def backwards(c, a):
    d, axis = an_axis(c, a)
    length = c.random.randint(0, 2 * a.shape[d] + 1)
    places = [a.shape[d] - 1 - i % a.shape[d] for i in range(length)] if a.shape[d] else []
    return Made(along(a, d, lambda line: line[places] if places else 0, length, a.dtype), numbers=[axis, length])


# --- products -------------------------------------------------------------------------------------------------------------


def product(expected, a, b, deep, others, **more):
    """Whole numbers wrap around, others are off by n eps sum |a| |b|."""
    if expected.dtype.kind == "i":
        return Made(expected, others, **more)
    eps, most = EPS["float64"], float(finite(a).max(initial=0)) * float(finite(b).max(initial=0))
    return Made(expected, others, rtol=2 * eps, atol=(deep + 2) * deep * eps * most, strict=False, **more)


def times(function):
    """A product of arrays, which is computed in longdouble: not by a BLAS, of which some say that 0 times NaN is 0."""
    def made(c, a):
        with np.errstate(all="ignore"):
            made = function(c, a.astype("longdouble") if a.dtype.kind == "f" else a)
            if made is not None and made.expected.dtype.kind == "f":
                made.expected = made.expected.astype("float64")
            return made
    made.__name__ = function.__name__
    call("int64 float64", needs="linalg")(made)
    return made


def operand(c, a, shape):
    name, b = c.input("int64" if a.dtype.kind == "i" else "float64", tuple(shape))
    return name, b.astype(a.dtype)


def matrix_shape(c, a):
    k = a.shape[-1]
    if c.random.random() < 0.3:
        return (k,)
    ahead = c.broadcastable(a.shape[:-2])
    return (*ahead, k, c.random.randint(0, 5))


@times
def matmul(c, a):
    if a.ndim == 0:
        return None
    name, b = operand(c, a, matrix_shape(c, a))
    return product(np.matmul(a, b), a, b, a.shape[-1], [name])


@times
def matmul_fused(c, a):
    if a.ndim == 0:
        return None
    name, b = operand(c, a, matrix_shape(c, a))
    return product(np.matmul(a + a, b), a + a, b, a.shape[-1], [name])


@times
def dot(c, a):
    if a.ndim == 0:
        name, b = operand(c, a, (2, 3))
        return product(np.dot(a, b), a, b, 1, [name])
    k = a.shape[-1]
    name, b = operand(c, a, c.random.choice([(), (k,), (k, 3), (2, k, 2)]))
    return product(np.asarray(np.dot(a, b)), a, b, k, [name])


@times
def vdot(c, a):
    name, b = operand(c, a, a.shape)
    return product(np.asarray(np.vdot(a, b)), a, b, a.size, [name])


@times
def outer(c, a):
    if a.ndim != 1:
        return None
    name, b = operand(c, a, (c.random.randint(0, 6),))
    return Made(np.outer(a, b), [name])


@times
def tensordot(c, a):
    n = c.random.randint(0, min(2, a.ndim))
    name, b = operand(c, a, (*a.shape[a.ndim - n:], *[c.random.randint(0, 3) for _ in range(c.random.randint(0, 2))]))
    return product(np.asarray(np.tensordot(a, b, n)), a, b, int(np.prod(a.shape[a.ndim - n:])), [name], numbers=[n])


@times
def tensordot_axes(c, a):
    if a.ndim == 0:
        return None
    left = c.random.sample(range(a.ndim), c.random.randint(1, min(2, a.ndim)))
    shape = [a.shape[d] for d in left] + [c.random.randint(1, 3) for _ in range(c.random.randint(0, 1))]
    order = list(range(len(shape)))
    c.random.shuffle(order)
    right = [order.index(k) for k in range(len(left))]
    name, b = operand(c, a, [shape[k] for k in order])
    return product(np.asarray(np.tensordot(a, b, (left, right))), a, b, int(np.prod([a.shape[d] for d in left])), [name],
                   numbers=[*right, *left])


def letters_of(c, a):
    """A letter for each axis; one of length 1 never goes with another length here. Sometimes the same for equal ones."""
    letters = list("ijklmn"[:a.ndim])
    for d in range(1, a.ndim):
        if a.shape[d] == a.shape[0] and c.random.random() < 0.3 and letters.count("i") < 2:
            letters[d] = "i"
    return "".join(letters)


def some_result(c, letters):
    once = sorted(set(letters))
    c.random.shuffle(once)
    return "".join(once[:c.random.randint(0, len(once))])


@times
def einsum(c, a):
    letters = letters_of(c, a)
    text = letters + "->" + some_result(c, letters)
    expected = np.asarray(np.einsum(text, a))
    return product(expected, a, np.ones(1), max(1, a.size), [], text=text)


@times
def einsum2(c, a):
    letters = letters_of(c, a)
    lengths = dict(zip(letters, a.shape))
    other = c.random.sample(sorted(lengths), c.random.randint(0, min(2, len(lengths)))) + c.random.choice([[], ["x"]])
    c.random.shuffle(other)
    name, b = operand(c, a, [lengths.get(letter, 3) for letter in other])
    text = letters + "," + "".join(other) + "->" + some_result(c, letters + "".join(other))
    summed_alone = (set(letters) ^ set(other)) - set(text.split("->")[1])
    if not other or (summed_alone and not (np.isfinite(a).all() and np.isfinite(b).all())):
        return None  # sums are made before products, which infinities show
    return product(np.asarray(np.einsum(text, a, b)), a, b, max(1, a.size * b.size), [name], text=text)


@times
def trace(c, a):
    if a.ndim != 2:
        return None
    offset = c.random.randint(-3, 3)
    return product(np.asarray(np.trace(a, offset)), a, np.ones(1), max(a.shape), [], numbers=[offset])


@times
def diagonal(c, a):
    if a.ndim < 2:
        return None
    offset, axes = c.random.randint(-3, 3), c.random.sample(range(a.ndim), 2)
    return Made(np.diagonal(a, offset, *axes), numbers=[offset, *axes])


@times
def norm(c, a):
    axes = some_axes(c, a) if a.ndim and c.random.random() < 0.6 else []
    wide = a.astype("float64")
    return Made(np.sqrt(np.sum(wide * wide, tuple(axes) if axes else None)), numbers=axes, rtol=(a.size + 4) * EPS["float64"])


# --- Fourier transforms ---------------------------------------------------------------------------------------------------


NORMS = ["backward", "ortho", "forward"]


def transforms(name, types, is_back):
    def made(c, a):
        if a.ndim == 0 or a.size == 0 or not np.isfinite(a).all() or finite(a).max() > 1e6:
            return None
        d, axis = an_axis(c, a)
        norm, n = c.random.choice(NORMS), c.random.choice([None, c.random.randint(1, 2 * a.shape[d] + 2)])
        if name == "irfft" and n is None and a.shape[d] == 1:
            return None
        expected = getattr(np.fft, name)(a, n, d, norm)
        return fourier(expected, a, is_back, norm, [expected.shape[d] if name != "rfft" else n or a.shape[d]],
                       [NORMS.index(norm), axis] + ([n] if n else []))
    made.__name__ = name
    call(types, needs="fft")(made)


def several(name, types, is_back):
    def made(c, a):
        if a.ndim == 0 or a.size == 0 or not np.isfinite(a).all() or finite(a).max() > 1e6:
            return None
        axes = c.random.sample(range(a.ndim), c.random.randint(1, a.ndim))
        shape = [c.random.randint(1, a.shape[d] + 2) for d in axes] if c.random.random() < 0.5 or name == "irfftn" else None
        norm = c.random.choice(NORMS)
        expected = getattr(np.fft, name)(a, shape, axes, norm)
        return fourier(expected, a, is_back, norm, shape or [a.shape[d] for d in axes],
                       [NORMS.index(norm), len(axes), *axes, *(shape or [])])
    made.__name__ = name
    call(types, needs="fft")(made)


def fourier(expected, a, is_back, norm, lengths, numbers):
    """Each element of a transform is a sum of all along its lines, scaled; of which each step may round."""
    points = float(np.prod(lengths))
    is_scaled = norm != "ortho" and (norm == "backward") == is_back
    scale = points ** -0.5 if norm == "ortho" else 1 / points if is_scaled else 1.0
    steps = np.log2(points + 1) + 1
    return Made(expected, numbers=numbers, atol=8 * steps * EPS["float64"] * scale * 2 * float(np.abs(a).sum()),
                strict=False)


transforms("fft", "int64 float64 complex128", False)
transforms("ifft", "float64 complex128", True)
transforms("rfft", "int64 float64", False)
transforms("irfft", "float64 complex128", True)
several("fftn", "float64 complex128", False)
several("ifftn", "complex128", True)
several("rfftn", "float64", False)
several("irfftn", "complex128", True)


def shifted(name):
    def made(c, a):
        axes = some_axes(c, a)
        return Made(getattr(np.fft, name)(a, axes), numbers=axes)
    made.__name__ = name
    call("int64 float64 complex128", moves=True, needs="fft")(made)


shifted("fftshift")
shifted("ifftshift")


def frequencies(name):
    def made(c, a):
        n, apart = c.random.randint(1, 20), c.random.choice([1.0, 0.1, 3.0])
        return Made(getattr(np.fft, name)(n, apart), numbers=[n, c.random.randint(1, 8)], fractions=[apart],
                    rtol=2 * EPS["float64"])
    made.__name__ = name
    call("float64", needs="fft")(made)


frequencies("fftfreq")
frequencies("rfftfreq")
