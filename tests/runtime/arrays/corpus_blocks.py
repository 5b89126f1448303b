# SPDX-License-Identifier: BSD-3-Clause
"""Functions of blocks, of lines and of surroundings, as loops over the whole array. The other side is corpus_blocks.cpp; see corpus_calls.py."""
import itertools

import numpy as np

from corpus_calls import along, an_axis, call, Made

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
