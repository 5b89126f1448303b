# SPDX-License-Identifier: BSD-3-Clause
"""Products of arrays. The other side is corpus_linalg.cpp; see corpus_calls.py."""
import numpy as np

from corpus_calls import call, EPS, finite, Made, some_axes


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
