# SPDX-License-Identifier: BSD-3-Clause
"""Elements that masks choose, and what is made of them without knowing how many they are. The other side is corpus_selections.cpp; see corpus_calls.py."""
import numpy as np

from corpus_calls import an_axis, call, EPS, finite, leaves_range, Made


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
