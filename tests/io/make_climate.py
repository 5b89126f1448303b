# SPDX-License-Identifier: BSD-3-Clause
"""make_climate.py FOLDER: netCDF-4 files of many times in several files, and what xarray and cftime make of them: raw
doubles, and times as text in `times.txt`, a line `units | calendar | number | time` each."""
import os
import sys
import warnings

import cftime
import netCDF4
import numpy

warnings.simplefilter("ignore")  # of years that CF does not have
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
for name in os.listdir("."):
    os.remove(name)
random = numpy.random.default_rng(3)


def make(path, start, count, scale, offset, fill, dtype="i2", lat=4, units="hours since 1900-01-01 00:00:0.0", calendar=None, chunks=None):
    """A packed variable `t`, unpacked values of which go beside it; a plain one `u`."""
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", None)
        file.createDimension("lat", lat)
        file.createDimension("lon", 5)
        file.createVariable("lat", "f4", ("lat",))[:] = numpy.linspace(-60, 60, lat)
        file.createVariable("lon", "f4", ("lon",))[:] = numpy.arange(5) * 72
        time = file.createVariable("time", "i4", ("time",))
        time.units = units
        if calendar:
            time.calendar = calendar
        time[:] = start + 24 * numpy.arange(count)
        packed = file.createVariable("t", dtype, ("time", "lat", "lon"), fill_value=fill, chunksizes=chunks, zlib=chunks is not None)
        packed.set_auto_maskandscale(False)
        packed.scale_factor, packed.add_offset = scale, offset
        stored = random.integers(-100, 100, (count, lat, 5)).astype(dtype)
        stored[random.random(stored.shape) < 0.1] = fill
        packed[:] = stored
        plain = file.createVariable("u", "f4", ("time", "lat", "lon"))
        plain[:] = random.standard_normal((count, lat, 5))
        values = numpy.where(stored == fill, numpy.nan, stored.astype("f8") * scale + offset)
        values.tofile(path + ".t.raw")
        numpy.asarray(plain[:]).astype("f4").tofile(path + ".u.raw")


# 3, 10, none and 4 days, which begin one after the other.
make("run-b.nc", 24 * 3, 10, 0.25, 10.0, -99, chunks=(4, 2, 5))
make("run-a.nc", 0, 3, 0.5, 0.0, -99)
make("run-c.nc", 24 * 13, 0, 1.0, 0.0, 7)
make("run-d.nc", 24 * 13, 4, 2.0, -1.0, 7, dtype="i4")
make("other-shape.nc", 0, 2, 1.0, 0.0, -99, lat=3)
make("noleap.nc", 0, 2, 1.0, 0.0, -99, calendar="noleap")
make("julian.nc", 0, 2, 1.0, 0.0, -99, calendar="julian")
make("months.nc", 0, 2, 1.0, 0.0, -99, units="months since 1900-01-01")
with netCDF4.Dataset("untimed.nc", "w") as file:
    file.createDimension("x", 3)
    file.createVariable("x", "f8", ("x",))[:] = [1, 2, 3]
    file.createVariable("gaps", "f8", ("x",))[:] = [1, numpy.nan, 3]
    file["gaps"].units = "days since 2000-01-01"
    file.createVariable("t", "f8", ())[...] = 1.0

with open("times.txt", "w") as out:
    for calendar in ["standard", "gregorian", "proleptic_gregorian", "noleap", "365_day", "360_day"]:
        for units in ["days since 1850-01-01", "hours since 1900-01-01 00:00:0.0", "seconds since 1970-01-01T00:00:00Z",
                      "minutes since 2000-2-28 12:30:15.25", "milliseconds since 1582-10-15", "hours since 1-1-1 00:00:00",
                      "microseconds since 1999-12-31 23:59:59.999999", "h since 2000-01-01 12:00 +01:30",
                      "Days since 1600-03-01 6:00 -0800", "secs since 1900-2-28 UTC"]:
            for number in [0, 1, -1, 59, 60, 365, 366, 1461, -1461, 36524, 146097, -150000, 1000000, 8765832, 43824.25, -0.5, 1e-3, 12345.678901]:
                if number % 1 and units.startswith(("micro", "milli")):
                    continue  # rounded where a half is
                try:
                    time = cftime.num2date(number, units, calendar)
                except (ValueError, OverflowError):
                    continue
                if calendar in ("standard", "gregorian") and time.year < 1:
                    continue  # which CF does not have
                text = "%04d-%02d-%02d %02d:%02d:%02d" % (time.year, time.month, time.day, time.hour, time.minute, time.second)
                if time.microsecond:
                    text += ".%06d" % time.microsecond
                out.write(" | ".join([units, calendar, repr(number), text]) + "\n")
