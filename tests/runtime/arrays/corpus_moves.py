# SPDX-License-Identifier: BSD-3-Clause
"""Elements at other places. The other side is corpus_moves.cpp; see corpus_calls.py."""
import numpy as np

from corpus_calls import ALL, an_axis, call, Made, some_axes


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
