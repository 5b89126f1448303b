# SPDX-License-Identifier: BSD-3-Clause
"""make_files.py FOLDER: HDF5 and netCDF-4 files with everything that reading must cope with, and beside
them what h5py itself reads: one raw file in native byte order for each dataset, listed in `manifest`
as `file dataset type extents... raw-file`."""
import os
import sys

import h5py
import numpy as np

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
for name in os.listdir("."):
    os.remove(name)
random = np.random.default_rng(1)


def numbers(shape, dtype):
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return random.standard_normal(shape).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, size=shape, dtype=dtype.newbyteorder("="), endpoint=True).astype(dtype)


particle = np.dtype([("id", ">i4"), ("name", "S5"), ("x", "f8"), ("v", "f4", (3,)), ("inner", [("a", "i2"), ("b", "u1")])])


def write_numbers():
    with h5py.File("numbers.h5", "w") as f:
        for name in ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]:
            f["contiguous/" + name] = numbers((13, 7), name)
            f.create_dataset("chunked/" + name, data=numbers((13, 7), name), chunks=(4, 3), compression="gzip", shuffle=True)
        for name in [">i2", ">u4", ">i8", ">f4", ">f8"]:
            f["big/" + name[1:]] = numbers((5, 6), name)
        f["half"] = numbers((40,), "f2")
        f["flags"] = random.integers(0, 2, 30).astype(bool)
        f.create_dataset("colours", data=random.integers(0, 3, 20), dtype=h5py.enum_dtype({"RED": 0, "GREEN": 1, "BLUE": 2}, basetype="i1"))


def write_shapes():
    with h5py.File("shapes.h5", "w", userblock_size=512) as f:
        f["scalar"] = 2.5
        f["row"] = numbers((1000,), "f8")
        f["five"] = numbers((3, 4, 2, 5, 3), "i4")
        f["ones"] = numbers((1, 1), "i2")
        f["null"] = h5py.Empty("f4")
        f["zero"] = numbers((0, 3), "f4")
        f.create_dataset("zero_chunked", shape=(0, 4), maxshape=(None, 4), dtype="i4")
        f["nine"] = numbers((1,) * 9, "f4")
        grown = f.create_dataset("grown", data=numbers((5, 4), "i4"), maxshape=(None, 9), chunks=(3, 4))
        grown.resize((8, 9))
        grown[6:, 2:] = numbers((2, 7), "i4")
        sparse = f.create_dataset("sparse", shape=(40, 40), chunks=(8, 8), dtype="f8", fillvalue=-1.5)
        sparse[10:20, 3:9] = numbers((10, 6), "f8")
        f.create_dataset("large_chunk", data=numbers((3, 4), "f4"), maxshape=(None, None), chunks=(16, 16))
        space = h5py.h5s.create_simple((6,))
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_layout(h5py.h5d.COMPACT)
        compact = h5py.h5d.create(f.id, b"compact", h5py.h5t.STD_I16LE, space, dcpl=layout)
        compact.write(h5py.h5s.ALL, h5py.h5s.ALL, numbers((6,), "i2"))
        f.create_dataset("never_written", shape=(4, 4), dtype="f8")


def write_filters():
    with h5py.File("filters.h5", "w", libver="latest") as f:
        data = numbers((50, 40), "i4") % 1000
        reals = numbers((50, 40), "f4")
        f.create_dataset("gzip", data=data, chunks=(16, 10), compression="gzip", compression_opts=9)
        f.create_dataset("fletcher32", data=data, chunks=(16, 10), fletcher32=True)
        f.create_dataset("all", data=data, chunks=(16, 10), compression="gzip", shuffle=True, fletcher32=True)
        f.create_dataset("scaleoffset", data=data, chunks=(16, 10), scaleoffset=0)
        f.create_dataset("scaleoffset_reals", data=reals, chunks=(16, 10), scaleoffset=3)
        f.create_dataset("szip", data=data, chunks=(16, 10), compression="szip") if h5py.h5z.filter_avail(4) else None
        f.create_dataset("unlimited", data=data, chunks=(16, 10), maxshape=(None, None), shuffle=True)
        f.create_dataset("one_chunk", data=data, chunks=(50, 40), compression="gzip")
        f.create_dataset("many_reals", shape=(512, 16384), chunks=(256, 256), dtype="f8", compression="gzip")  # nothing is written
        f.create_dataset("lzf", data=data, chunks=(16, 10), compression="lzf")


def write_kinds():
    with h5py.File("kinds.h5", "w") as f:
        table = np.zeros((23,), particle)
        for name in ["id", "x"]:
            table[name] = numbers(23, particle[name].newbyteorder("="))
        table["name"] = b"abc"
        table["v"] = numbers((23, 3), "f4")
        table["inner"]["a"] = numbers(23, "i2")
        table["inner"]["b"] = numbers(23, "u1")
        f.create_dataset("table", data=table, chunks=(10,), compression="gzip")
        f["fixed_text"] = np.array([b"one", b"three"], "S5")
        f["text"] = np.array(["one", "three"], dtype=h5py.string_dtype())
        f.create_dataset("ragged", (2,), dtype=h5py.vlen_dtype("i4"))
        f.create_dataset("references", (2,), dtype=h5py.ref_dtype)
        f.create_dataset("opaque", data=np.array([b"ab", b"cd"], "V2"))
        f.create_dataset("arrays", (2,), dtype=np.dtype(("f4", (3,))))
        f["soft"] = h5py.SoftLink("/group/deep/data")
        f["dangling"] = h5py.SoftLink("/nowhere")
        f["external"] = h5py.ExternalLink("numbers.h5", "/contiguous/f8")
        f["far"] = h5py.ExternalLink("missing.h5", "/x")
        f["group/deep/data"] = numbers((4, 4), "f8")
        f["packed"] = np.array([[1, -1, 7], [-128, 3, 127]], "i1")
        f["packed"].attrs.update({"_Unsigned": "true", "_FillValue": np.int8(-1), "missing_value": np.float32([7, 0.5]), "scale_factor": 2})
        f["group/again"] = f["group/deep/data"]
        f["group/deep/up"] = f["group"]
        f["group/type"] = np.dtype("f4")
        data = f["group/deep/data"]
        data.attrs["units"] = "K"
        data.attrs["fixed"] = np.bytes_("bytes")
        data.attrs["_FillValue"] = np.float32(-999)
        data.attrs["range"] = np.array([1, 2, 3], "i2")
        data.attrs["big"] = np.array([2**63 + 1], "u8")
        data.attrs["empty"] = h5py.Empty("f4")
        data.attrs["link"] = data.ref
        data.attrs["texts"] = np.array(["a", "b"], dtype=h5py.string_dtype())
        f.attrs["title"] = "a file of many kinds"


def write_netcdf():
    try:
        import netCDF4
    except ImportError:
        return
    with netCDF4.Dataset("ocean.nc", "w") as f:
        f.createDimension("time", None)
        f.createDimension("lat", 18)
        f.createDimension("lon", 36)
        f.createVariable("lat", "f4", ("lat",))[:] = np.linspace(-90, 90, 18)
        t = f.createVariable("temperature", "f8", ("time", "lat", "lon"), zlib=True, shuffle=True, fletcher32=True,
                             chunksizes=(1, 9, 12), fill_value=-1e30)
        t.units, t.long_name = "K", "sea surface temperature"
        t[:] = numbers((7, 18, 36), "f8")
        salt = f.createVariable("salt", ">i2", ("time", "lat", "lon"), zlib=True, endian="big", fill_value=-32767)
        salt[:] = numbers((7, 18, 36), "i2")
    with netCDF4.Dataset("classic.nc", "w", format="NETCDF3_CLASSIC") as f:
        f.createDimension("x", 3)
        f.createVariable("v", "f4", ("x",))[:] = [1, 2, 3]


def write_flips():
    """Small, with something of everything, in the oldest and the newest format."""
    for name, version in [("flips_old.h5", "earliest"), ("flips_new.h5", "latest")]:
        with h5py.File(name, "w", libver=version) as f:
            data = numbers((20, 12), "i4") % 1000
            for i, filters in enumerate([{}, {"compression": "gzip", "shuffle": True}, {"compression": "gzip"}]):
                one = f.create_dataset("checked/%d" % i, data=data, chunks=(8, 5), fletcher32=True, **filters)
                one.attrs["units"] = "K"
            f.create_dataset("plain/scaled", data=data, chunks=(8, 5), scaleoffset=0)
            grown = f.create_dataset("checked/grown", data=data, chunks=(8, 5), maxshape=(None, None), fletcher32=True)
            f.create_dataset("checked/late", data=data[0], chunks=(5,), maxshape=(None,), fletcher32=True)
            f["plain/contiguous"] = numbers((10, 3), ">f4")
            f["plain/scalar"] = 2.5
            table = np.zeros(9, particle)
            f["plain/table"] = table
            f["plain/text"] = np.array(["one", "three"], dtype=h5py.string_dtype())
            f["plain/soft"] = h5py.SoftLink("/plain/scalar")
            f["plain/again"] = f["checked"]
            f.attrs["text"] = "variable"
            f.attrs["numbers"] = np.arange(5)
            grown.attrs["link"] = grown.ref
        with h5py.File(name) as f, open(name + ".chunks", "w") as chunks:
            for one in f["checked"].values():
                for i in range(one.id.get_num_chunks()):
                    info = one.id.get_chunk_info(i)
                    chunks.write("%d %d\n" % (info.byte_offset, info.byte_offset + info.size))


def write_damaged():
    whole = open("filters.h5", "rb").read()
    open("truncated.h5", "wb").write(whole[: len(whole) // 2])
    open("text.h5", "w").write("this is no HDF5 file\n" * 100)
    open("nothing.h5", "w").close()
    # One bit of the compressed elements of a dataset, found by its chunk's place.
    with h5py.File("filters.h5") as f:
        chunk = f["all"].id.get_chunk_info(3)
    damaged = bytearray(whole)
    damaged[chunk.byte_offset + chunk.size // 2] ^= 16
    open("bad_chunk.h5", "wb").write(damaged)


def dump():
    """Only plain numbers: what is refused, or needs a structure, is checked by name."""
    with open("manifest", "w") as manifest:
        for file in ["numbers.h5", "shapes.h5", "filters.h5", "kinds.h5", "ocean.nc", "flips_old.h5", "flips_new.h5"]:
            if not os.path.exists(file):
                continue
            with h5py.File(file) as f:
                found = []
                f.visititems(lambda name, item: found.append((name, item)) if isinstance(item, h5py.Dataset) else None)
                if file == "kinds.h5":
                    found += [(name, f[name]) for name in ["soft", "external"]]
                for name, item in found:
                    if item.dtype.kind not in "iufb" or item.shape is None or item.ndim > 8 or name in ("lzf", "arrays", "many_reals"):
                        continue
                    data = np.asarray(item[()])
                    dtype = {"b": "i1", "f2": "f4"}.get(item.dtype.kind if item.dtype.kind == "b" else item.dtype.str[1:], item.dtype.str[1:])
                    raw = file + "." + name.replace("/", ".") + ".raw"
                    data.astype(np.dtype(dtype)).tofile(raw)
                    manifest.write(" ".join([file, "/" + name, dtype, *map(str, item.shape), raw]) + "\n")
    with h5py.File("kinds.h5") as f:
        table = f["table"][()]
        plain = np.dtype([("x", "f8"), ("v", "f4", (3,)), ("id", "i8"), ("a", "i4"), ("b", "i2")])  # as the test's structure
        flat = np.zeros(table.shape, plain)
        for name in ["x", "v", "id"]:
            flat[name] = table[name]
        flat["a"], flat["b"] = table["inner"]["a"], table["inner"]["b"]
        flat.tofile("table.raw")


write_numbers()
write_shapes()
write_filters()
write_kinds()
write_netcdf()
write_flips()
write_damaged()
dump()
