# SPDX-License-Identifier: BSD-3-Clause
"""Sorting, searching, and sums along an axis. The other side is corpus_orders.cpp; see corpus_calls.py."""
import functools

import numpy as np

from corpus_calls import along, an_axis, call, EPS, finite, leaves_range, Made, REAL


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
