# SPDX-License-Identifier: BSD-3-Clause
"""make_zarr.py make FOLDER: Zarr stores, those of format 2 by zarr-python, those of format 3 by hand after the
specification; and beside each what is to be read from it as plain memory.
make_zarr.py check FOLDER: whether each array that is listed there is as the memory beside it; also as xarray sees it.

A line of the manifest: store type lengths… raw"""
import gzip
import itertools
import json
import os
import shutil
import sys

import numcodecs
import numpy as np
import zarr

kinds = "b1 i1 u1 i2 u2 i4 u4 i8 u8 f4 f8 c8 c16".split()
compressors = dict(none=None, zlib=numcodecs.Zlib(3), gzip=numcodecs.GZip(2), zstd=numcodecs.Zstd(1),
                   blosc=numcodecs.Blosc("zstd", 4, numcodecs.Blosc.BITSHUFFLE),
                   blosclz=numcodecs.Blosc("blosclz", 5, numcodecs.Blosc.NOSHUFFLE))


def values(kind, shape, seed):
    memory = np.random.default_rng(seed).integers(0, 256, int(np.prod(shape)) * np.dtype(kind).itemsize, dtype=np.uint8)
    if kind == "b1":
        memory &= 1
    return memory.view(kind).reshape(shape)


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


class Maker:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.manifest = open(os.path.join(folder, "manifest"), "w")

    def list(self, name, array):
        native = array.dtype.newbyteorder("=")
        array.astype(native).tofile(os.path.join(self.folder, name + ".raw"))
        print(name, native.str[1:], *array.shape, name + ".raw", file=self.manifest)

    def format_2(self, name, array, chunks, fill=0, written=Ellipsis, **options):
        made = zarr.create(array.shape, chunks=chunks, dtype=array.dtype, fill_value=fill, overwrite=True,
                           store=zarr.DirectoryStore(os.path.join(self.folder, name)), **options)
        made[written] = array[written]
        self.list(name, made[...])

    def format_3(self, name, array, chunks, codecs, fill=0, keys=("default", "/"), missing=()):
        path = os.path.join(self.folder, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        array = array.copy()
        grid = [range(-(-length // chunk)) for length, chunk in zip(array.shape, chunks)]
        for place in itertools.product(*grid):
            box = tuple(slice(i * c, (i + 1) * c) for i, c in zip(place, chunks))
            if place in missing:
                array[box] = fill_value(fill)
                continue
            chunk = np.full(chunks, fill_value(fill), array.dtype)
            chunk[tuple(slice(0, n) for n in array[box].shape)] = array[box]
            numbers = [str(i) for i in place]
            key = keys[1].join(["c"] * (keys[0] == "default") + numbers) or "0"
            os.makedirs(os.path.dirname(os.path.join(path, key)), exist_ok=True)
            with open(os.path.join(path, key), "wb") as file:
                file.write(encode(chunk, codecs))
        names = {"b": "bool"}
        metadata = dict(
            zarr_format=3, node_type="array", shape=array.shape, data_type=names.get(array.dtype.kind, array.dtype.name),
            chunk_grid=dict(name="regular", configuration=dict(chunk_shape=chunks)),
            chunk_key_encoding=dict(name=keys[0], configuration=dict(separator=keys[1])),
            fill_value=fill, codecs=codecs, attributes={"units": "K"}, more={"must_understand": False})
        with open(os.path.join(path, "zarr.json"), "w") as file:
            json.dump(metadata, file)
        self.list(name, array)


def fill_value(fill):
    if isinstance(fill, list):
        return complex(*[fill_value(one) for one in fill])
    if isinstance(fill, str):
        return np.frombuffer(bytes.fromhex(fill[2:]), ">f4")[0] if fill[:2] == "0x" else float(fill)
    return fill


def encode(chunk, codecs):
    data = None
    for codec in codecs:
        name, options = codec["name"], codec.get("configuration", {})
        if name == "transpose":
            chunk = chunk.transpose(options["order"])
        elif name == "bytes":
            data = chunk.astype(chunk.dtype.newbyteorder(">" if options.get("endian") == "big" else "<")).tobytes()
        elif name == "gzip":
            data = gzip.compress(data, options["level"])
        elif name == "zstd":
            data = bytes(numcodecs.Zstd(options["level"]).encode(data))
        elif name == "blosc":
            shuffle = dict(noshuffle=0, shuffle=1, bitshuffle=2)[options["shuffle"]]
            whole = np.frombuffer(data, f"V{options['typesize']}")
            data = bytes(numcodecs.Blosc(options["cname"], options["clevel"], shuffle).encode(whole))
        elif name == "sharding_indexed":
            data = encode_shard(chunk, options)
        elif name == "crc32c":
            data += crc32c(data).to_bytes(4, "little")
    return data


def encode_shard(shard, options):
    """The last chunk first; those of zeros alone are left out."""
    grid = [range(length // chunk) for length, chunk in zip(shard.shape, options["chunk_shape"])]
    places = list(itertools.product(*grid))
    index = np.full((len(places), 2), 2 ** 64 - 1, "u8")
    is_first = options["index_location"] == "start"
    at, body = len(encode(index, options["index_codecs"])) if is_first else 0, b""
    for i in reversed(range(len(places))):
        piece = shard[tuple(slice(p * c, (p + 1) * c) for p, c in zip(places[i], options["chunk_shape"]))]
        if (piece == 0).all():
            continue
        part = encode(piece, options["codecs"])
        index[i] = at + len(body), len(part)
        body += part
    head = encode(index, options["index_codecs"])
    return head + body if is_first else body + head


def make(folder):
    make = Maker(folder)
    for seed, kind in enumerate(kinds):
        cube = values(kind, (5, 7, 4), seed)
        make.format_2(f"{kind}_2", cube, (2, 7, 3))
        make.format_2(f"{kind}_2f", cube, (2, 3, 4), order="F", compressor=numcodecs.Zlib(1))
        big = cube.astype(np.dtype(kind).newbyteorder(">"))
        make.format_2(f"{kind}_2big", big, (5, 3, 2), order="F", compressor=None, dimension_separator="/")
        plain = [dict(name="bytes", configuration=dict(endian="little"))]
        zero = False if kind == "b1" else [0.0, 0.0] if kind[0] == "c" else 0
        make.format_3(f"{kind}_3", cube, (2, 7, 3), plain, zero, missing=[(0, 0, 1)])
        make.format_3(f"{kind}_3big", cube, (3, 2, 4), [
            dict(name="transpose", configuration=dict(order=[2, 0, 1])),
            dict(name="transpose", configuration=dict(order=[1, 0, 2])),
            dict(name="bytes", configuration=dict(endian="big")),
            dict(name="gzip", configuration=dict(level=1))], zero, ("v2", "."))
    field = np.round(np.sin(np.arange(60 * 50.0)).reshape(60, 50), 2)
    for name, compressor in compressors.items():
        for separator in "./":
            where = "dots" if separator == "." else "folders"
            make.format_2(f"{name}_{where}", field, (17, 20), compressor=compressor, dimension_separator=separator)
    little = dict(name="bytes", configuration=dict(endian="little"))
    crc = dict(name="crc32c")
    gz = dict(name="gzip", configuration=dict(level=5))
    for name, codecs in dict(
            crc=[crc], zstd=[dict(name="zstd", configuration=dict(level=3, checksum=False))],
            blosc=[dict(name="blosc", configuration=dict(cname="lz4", clevel=5, shuffle="shuffle", typesize=8, blocksize=0))],
            both=[crc, gz], twice=[gz, dict(name="zstd", configuration=dict(level=1, checksum=False)), crc]).items():
        make.format_3(f"{name}_3", field, (17, 20), [little] + codecs)
    sparse = field.copy()
    sparse[5:30, 10:] = 0
    for name, where, index_codecs, codecs in (
            ("shards", "end", [little, crc], [little, gz]), ("shards_first", "start", [little], [little]),
            ("shards_turned", "end", [dict(name="bytes", configuration=dict(endian="big")), crc],
             [dict(name="transpose", configuration=dict(order=[1, 0])), little, crc])):
        sharding = dict(chunk_shape=[4, 10], codecs=codecs, index_codecs=index_codecs, index_location=where)
        make.format_3(name, sparse, (24, 20), [dict(name="sharding_indexed", configuration=sharding)],
                      missing=[(1, 1)])
    make.format_3("scalar_shard", np.array(4.5), (), [dict(name="sharding_indexed", configuration=dict(
        chunk_shape=[], codecs=[little], index_codecs=[little, crc], index_location="end"))])
    for name, fill in dict(nan=np.nan, inf=-np.inf, number=2.5).items():
        make.format_2(f"fill_{name}", field[:20, :20], (7, 20), fill, slice(0, 7))
    make.format_2("fill_none", field[:20, :20], (7, 20), None)
    make.format_2("fill_complex", values("c16", (4, 4), 2), (2, 4), 1 - 2j, slice(0, 2))
    make.format_2("fill_bool", np.ones((4, 4), "b1"), (2, 4), True, slice(0, 2))
    make.format_2("fill_large", np.ones(4, "u8"), (2,), 2 ** 64 - 1, slice(0, 2))
    make.format_2("fill_below", np.ones(4, "i1"), (2,), -128, slice(0, 2))
    make.format_3("fill_nan_3", field, (60, 25), [little], "NaN", missing=[(0, 1)])
    make.format_3("fill_bits_3", field.astype("f4"), (60, 25), [little], "0x7fc00001", missing=[(0, 1)])
    make.format_3("fill_complex_3", values("c8", (4, 4), 2), (2, 4), [little], ["Infinity", -1.0], missing=[(1, 0)])
    make.format_2("scalar", np.array(4.5), ())
    make.format_3("scalar_3", np.array(4.5), (), [little])
    make.format_3("scalar_3v2", np.array(4.5), (), [little], keys=("v2", "."))
    make.format_2("empty", np.zeros((0, 3)), (1, 3))
    make.format_2("wide", np.arange(6.0), (10,), compressor=None)
    zarr.save_group(os.path.join(folder, "group.zarr"), a=np.arange(3.0))
    inner = zarr.open(os.path.join(folder, "group.zarr")).create_group("inner/most")
    inner.array("b", np.arange(4))
    inner["b"].attrs.update(units="K", valid_min=-1.5, count=3, levels=[1, 2], edges=[0.5, float("nan")], names=["x", "y"],
                            missing=float("nan"), table={"a": 1})
    zarr.create(3, dtype=[("x", "f8")], store=os.path.join(folder, "structures"))[:] = 0
    zarr.create(3, dtype="f2", store=os.path.join(folder, "halves"))[:] = 0
    zarr.create(3, dtype="M8[s]", store=os.path.join(folder, "times"))[:] = 0
    zarr.create(3, dtype="f8", filters=[numcodecs.Delta("f8")], store=os.path.join(folder, "filtered"))[:] = 0
    zarr.create(3, dtype="f8", compressor=numcodecs.BZ2(), store=os.path.join(folder, "bz2"))[:] = 0


def read_3(path):
    metadata = json.load(open(os.path.join(path, "zarr.json")))
    assert metadata["zarr_format"] == 3 and metadata["node_type"] == "array"
    assert metadata["chunk_grid"]["name"] == "regular"
    shape, chunks = metadata["shape"], metadata["chunk_grid"]["configuration"]["chunk_shape"]
    dtype = np.dtype(metadata["data_type"])
    array = np.zeros(shape, dtype)
    separator = metadata["chunk_key_encoding"]["configuration"]["separator"]
    assert metadata["chunk_key_encoding"]["name"] == "default"
    for place in itertools.product(*[range(-(-length // chunk)) for length, chunk in zip(shape, chunks)]):
        data = open(os.path.join(path, separator.join(["c"] + [str(i) for i in place])), "rb").read()
        for codec in reversed(metadata["codecs"]):
            if codec["name"] == "gzip":
                data = gzip.decompress(data)
            elif codec["name"] == "zstd":
                data = bytes(numcodecs.Zstd().decode(data))
            elif codec["name"] == "blosc":
                assert codec["configuration"]["typesize"] == dtype.itemsize
                data = bytes(numcodecs.Blosc().decode(data))
            else:
                assert codec["name"] == "bytes"
                assert dtype.itemsize == 1 or codec["configuration"]["endian"] == sys.byteorder
        box = tuple(slice(i * c, (i + 1) * c) for i, c in zip(place, chunks))
        chunk = np.frombuffer(data, dtype).reshape(chunks)
        array[box] = chunk[tuple(slice(0, n) for n in array[box].shape)]
    return array


def check(folder):
    count = 0
    for line in open(os.path.join(folder, "manifest")):
        name, kind, *shape, raw = line.split()
        path = os.path.join(folder, name)
        found = read_3(path) if os.path.exists(os.path.join(path, "zarr.json")) else zarr.open(path, "r")[...]
        found = np.asarray(found)
        expected = np.fromfile(os.path.join(folder, raw), kind).reshape([int(n) for n in shape])
        assert found.dtype == expected.dtype and found.shape == expected.shape, (name, found.dtype, found.shape)
        assert found.tobytes() == expected.tobytes(), name
        count += 1
    assert count > 0
    import xarray
    dataset = xarray.open_zarr(os.path.join(folder, "ocean.zarr"))
    assert dict(dataset.sizes) == {"time": 5, "x": 6}, dataset
    assert dataset["t"].dims == ("time", "x") and dataset["t"].attrs["units"] == "K"
    assert dataset["t"].values.dtype == "f4" and (dataset["t"].values == np.arange(30).reshape(5, 6)).all()
    assert (dataset["time"].values == np.arange(5)).all()
    group = zarr.open_consolidated(os.path.join(folder, "ocean.zarr"))
    assert (group["deep/er/u"][...] == 1).all() and group["deep/er/u"].attrs["factor"] == 2.5
    assert sorted(group) == ["deep", "t", "time"]
    print(count, "arrays are as they should be")


{"make": make, "check": check}[sys.argv[1]](sys.argv[2])
