# SPDX-License-Identifier: BSD-3-Clause
"""The functions of arrays that are not element by element, as make_corpus.py chooses them: for each one, numbers that fit
an array, what NumPy makes of it, and how far a result may be from that. They stand in the files that are named as those
of the other side, corpus_*.cpp. What NumPy has not, or not in this way, is a loop over the whole array there."""
import numpy as np

ALL = "bool int64 float64 complex128"
REAL = "int64 float32 float64"
EPS = {"float32": 2.0 ** -23, "float64": 2.0 ** -52, "complex128": 2.0 ** -52}
MOST = 3000  # elements of an array that a program goes on with
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


def leaves_range(a):
    """Some product of elements may be too large or too small, which hangs on their order."""
    size = finite(a)
    digits = np.abs(np.log10(size[size > 0])).sum() if a.dtype.kind in "fc" else 0.0
    return digits > (30 if a.dtype == "float32" else 300)


def along(a, d, function, length, dtype):
    """A function of each line along an axis, which np.apply_along_axis does not call for empty arrays."""
    made = np.zeros([*a.shape[:d], length, *a.shape[d + 1:]], dtype)
    lines, to = np.moveaxis(a, d, -1), np.moveaxis(made, d, -1)
    for place in np.ndindex(lines.shape[:-1]):
        to[place] = function(lines[place])
    return made
