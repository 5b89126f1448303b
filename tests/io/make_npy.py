# SPDX-License-Identifier: BSD-3-Clause
"""make_npy.py make FOLDER: .npy files, and beside each what NumPy reads from it as plain memory.
make_npy.py check FOLDER: whether NumPy reads from each file listed there what the memory beside it is.

A line of the manifest: file type lengths… raw"""
import os
import sys

import numpy as np


def cases():
    random = np.random.default_rng(13)
    shapes = dict(cube=(5, 7, 4), row=(13,), none=(0,), flat=(3, 0, 2), one=(1, 1), scalar=())
    kinds = "b1 i1 u1 i2 u2 i4 u4 i8 u8 f4 f8 c8 c16".split()
    for kind in kinds:
        dtype = np.dtype(kind)
        for name, shape in shapes.items():
            memory = random.integers(0, 256, int(np.prod(shape)) * dtype.itemsize, dtype=np.uint8)
            if kind == "b1":
                memory &= 1
            yield f"{kind}_{name}", memory.view(dtype).reshape(shape), (1, 0)
            if len(shape) == 3:
                yield f"{kind}_{name}_fortran", np.asfortranarray(memory.view(dtype).reshape(shape)), (1, 0)
        big = dtype.newbyteorder(">")
        yield f"{kind}_big", np.arange(24).reshape(4, 6).astype(big), (1, 0)
        yield f"{kind}_big_fortran", np.asfortranarray(np.arange(24).reshape(4, 6).astype(big)), (2, 0)
    special = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, 1.7976931348623157e308])
    yield "special", special, (3, 0)
    yield "eight", np.arange(2 ** 8, dtype="i4").reshape((2,) * 8), (2, 0)
    yield "column_fortran", np.asfortranarray(np.arange(9.0).reshape(9, 1)), (1, 0)


def make(folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "manifest"), "w") as manifest:
        for name, array, version in cases():
            with open(os.path.join(folder, name + ".npy"), "wb") as file:
                np.lib.format.write_array(file, array, version)
            native = array.dtype.newbyteorder("=")
            array.astype(native).tofile(os.path.join(folder, name + ".raw"))
            print(name + ".npy", native.str[1:], *array.shape, name + ".raw", file=manifest)
    np.save(os.path.join(folder, "structures.npy"), np.zeros(3, [("a", "f8"), ("b", "i4", (2,))]))
    np.save(os.path.join(folder, "texts.npy"), np.array(["a", "bc"]))
    np.save(os.path.join(folder, "times.npy"), np.zeros(3, "M8[ns]"))
    np.save(os.path.join(folder, "halves.npy"), np.zeros(3, "f2"))
    np.save(os.path.join(folder, "nine.npy"), np.zeros((1,) * 9))


def check(folder):
    count = 0
    for line in open(os.path.join(folder, "manifest")):
        file, kind, *shape, raw = line.split()
        found = np.load(os.path.join(folder, file))
        expected = np.fromfile(os.path.join(folder, raw), kind).reshape([int(n) for n in shape])
        assert found.dtype == expected.dtype and found.shape == expected.shape, (file, found.dtype, found.shape)
        assert found.flags.c_contiguous and found.tobytes() == expected.tobytes(), file
        count += 1
    assert count > 0
    print(count, "files are as they should be")


{"make": make, "check": check}[sys.argv[1]](sys.argv[2])
