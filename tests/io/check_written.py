# SPDX-License-Identifier: BSD-3-Clause
"""check_written.py FOLDER: what write_program left is what h5py, netCDF4 and xarray should see."""
import sys

import h5py
import numpy

folder = sys.argv[1]
expected = 1000.0 * numpy.arange(50)[:, None] + numpy.arange(70)[None, :]

with h5py.File(folder + "/plain.h5", "r") as file:
    field = file["group/deep/field"]
    assert field.dtype == numpy.dtype("=f8") and numpy.array_equal(field[...], expected)
    assert field.chunks is None
    assert list(field.attrs["range"]) == [-1, 1]
    for name, kind in [("no_reals", "=f8"), ("no_integers", "=i8")]:
        assert field.attrs[name].dtype == numpy.dtype(kind) and field.attrs[name].shape == (0,)
    assert field.attrs["units"] == "K" and field.attrs["long_name"] == "Température"
    assert field.attrs["scale"] == 0.5 and field.attrs["number"] == 42
    assert file["counts"].dtype == numpy.dtype("=i4") and list(file["counts"][...]) == list(range(15))
    assert file["scalar"].shape == () and file["scalar"][()] == 2.5
    assert list(file) == ["counts", "group", "scalar"] or list(file) == ["group", "counts", "scalar"]
with h5py.File(folder + "/chunked.h5", "r") as file:
    field = file["field"]
    assert field.chunks == (10, 20) and field.compression == "gzip" and field.shuffle
    assert numpy.array_equal(field[...], expected)
    assert [dimension.keys() for dimension in field.dims] == [["y"], ["x"]]
    assert list(file["x"][...]) == [1.5] * 70 and list(file["y"][...]) == list(range(50))
for name in ["again", "after", "many0", "many3"]:
    with h5py.File(folder + "/" + name + ".h5", "r") as file:
        assert numpy.array_equal(file["field" if name[0] == "a" else "x"][...], expected)
with h5py.File(folder + "/array.nc", "r") as file:
    field = file["group/field"]
    assert field.chunks is None and field.attrs["units"] == "K" and file.attrs["Conventions"] == "CF-1.8"
    assert numpy.array_equal(field[...], expected) and numpy.array_equal(file["turned"][...], expected.T)
    assert [dimension.keys() for dimension in field.dims] == [["y"], ["x"]]
    assert abs(file["mean"][()] - expected.mean()) < 1e-9
with h5py.File(folder + "/array_chunked.h5", "r") as file:
    assert file["field"].compression == "gzip" and numpy.array_equal(file["field"][...], expected)
with h5py.File(folder + "/several.nc", "r") as file:
    assert file.attrs["Conventions"] == "CF-1.8" and file["y"].attrs["axis"] == "Y"
    assert numpy.array_equal(file["field"][...], expected) and numpy.array_equal(file["row"][...], expected)
    assert file["field"].compression == "gzip" and file["row"].chunks is None and file["row"].attrs["units"] == "K"
    assert list(file["inner/numbers"][...]) == list(range(12)) and file["total"][()] == 66
    assert [dimension.keys() for dimension in file["row"].dims] == [["y"], ["x"]]
series = 10.0 * numpy.arange(35)[:, None] + numpy.arange(6)
with h5py.File(folder + "/series.nc", "r") as file:
    assert numpy.array_equal(file["t"][...], series) and file["t"].maxshape == (None, 6) and file["t"].compression == "gzip"
    assert list(file["time"][...]) == list(range(35)) and file["time"].maxshape == (None,)
try:
    import xarray
except ImportError:
    print("without xarray")
else:
    with xarray.open_dataset(folder + "/chunked.h5", engine="netcdf4") as data:
        assert data["field"].dims == ("y", "x") and data["field"].attrs["units"] == "m s-1"
        assert data["field"].attrs["nothing"].size == 0
        assert data["x"].attrs["units"] == "km" and float(data["field"].sel(y=49)[69]) == 49069.0
    with xarray.open_dataset(folder + "/series.nc") as data:
        assert data["t"].dims == ("time", "x") and numpy.array_equal(data["t"].values, series)
        assert str(data["time"].values[34])[:10] == "2000-02-04"
print("as expected")
