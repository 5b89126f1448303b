# SPDX-License-Identifier: BSD-3-Clause
"""check_climatology.py PROGRAM MPIEXEC NUMPROC_FLAG: climatology beside xarray, on 1 to 3 ranks and with the same bits."""
import os
import subprocess
import sys
import tempfile
import warnings

try:
    import netCDF4
    import numpy
    import xarray
except ImportError:
    print("skipped: python3-netcdf4 or python3-xarray is missing")
    sys.exit(77)
warnings.simplefilter("ignore")  # of months without a value, and of calendars

program, mpiexec, flag = sys.argv[1:4]
random = numpy.random.default_rng(5)


def run(ranks, *arguments, status=0):
    """0 ranks: without MPI."""
    launcher = [mpiexec, flag, str(ranks)] if ranks else []
    scheduler = {} if ranks else {"RAMAL_SCHEDULER": "serial"}
    done = subprocess.run([*launcher, program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=240, env={**os.environ, **scheduler})
    assert (done.returncode == 0) == (status == 0), (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def write(path, begin, days, calendar="standard", units="days since 2001-01-01", step=1.0, dims=("time", "lat", "lon"), packed=True,
          names=("lat", "lon"), group=None):
    """A year-like file of a packed variable, with gaps; place (0, 0) has none at all."""
    with netCDF4.Dataset(path, "w") as root:
        file = root.createGroup(group) if group else root
        lengths = {"time": days, names[0]: 6, names[1]: 8, "level": 2}
        for name in dims:
            file.createDimension(name, None if name == "time" else lengths[name])
        time = file.createVariable("time", "f8", ("time",))
        time.units, time.calendar, time.standard_name, time.bounds = units, calendar, "time", "time_bnds"
        time[:] = begin + step * numpy.arange(days)
        lat = file.createVariable(names[0], "f4", (names[0],))
        lat.units, lat[:] = "degrees_north", numpy.linspace(-75, 75, 6)
        file.createVariable(names[1], "f4", (names[1],))[:] = numpy.arange(8) * 45.0
        if "level" in dims:
            file.createVariable("level", "i4", ("level",))[:] = [850, 500]
        shape = [lengths[name] for name in dims]
        values = random.normal(280, 10, shape)
        values[random.random(shape) < 0.05] = numpy.nan
        values[tuple(slice(None) if name in ("time", "level") else 0 for name in dims)] = numpy.nan
        if packed:
            variable = file.createVariable("t2m", "i2", dims, fill_value=-32768, zlib=True)
            variable.scale_factor, variable.add_offset = 0.01, 280.0 + begin / 1000
        else:
            variable = file.createVariable("t2m", "f8", dims, fill_value=numpy.nan)
        variable.units, variable.long_name = "K", "2 metre temperature"
        variable[:] = numpy.ma.masked_invalid(values) if packed else values


def same(found, expected, name, tolerance=1e-9):
    assert found.dims == expected.dims, (name, found.dims, expected.dims)
    assert found.shape == expected.shape, (name, found.shape, expected.shape)
    numpy.testing.assert_allclose(found.values, expected.values, rtol=0, atol=tolerance, equal_nan=True, err_msg=name)


def opened(path, group):
    """Unpacked in double precision; xarray makes do with single for short integers."""
    data = xarray.open_dataset(path, group=group, mask_and_scale=False)
    t = data.t2m.astype("f8")
    t = t.where(t != data.t2m.attrs["_FillValue"]) * data.t2m.attrs.get("scale_factor", 1.0) + data.t2m.attrs.get("add_offset", 0.0)
    return data.assign(t2m=t)


def check(folder, paths, *options, ranks=(0, 1, 2, 3), latitude="lat", group=None):
    data = xarray.concat([opened(path, group) for path in paths], "time")
    t = data.t2m.transpose(*opened(paths[0], group).t2m.dims)
    mean = t.groupby("time.month").mean("time")
    anomaly = t.groupby("time.month") - mean
    space = [name for name in t.dims if name != "time"]
    series = t.weighted(numpy.cos(numpy.deg2rad(data[latitude].astype("f8")))).mean(space)
    first = None
    variable = "/" + group + "/t2m" if group else "t2m"
    for count in ranks:
        output = os.path.join(folder, "clim.nc")
        run(count, *paths, "--variable", variable, "--output", output, "--global-mean", *options)
        with xarray.open_dataset(output) as found:
            found.load()
        assert found.attrs["Conventions"] == "CF-1.8"
        same(found.t2m_mean, mean.rename(None), "mean")
        same(found.t2m_anomaly, anomaly.transpose(*t.dims), "anomaly")
        same(found.t2m_global_mean, series, "global mean")
        assert list(found.month.values) == list(mean.month.values)
        assert (found.time.values == data.time.values).all(), (found.time, data.time)
        for name in space:
            assert (found[name].values == data[name].values).all(), name
        assert found.t2m_mean.attrs["units"] == "K"
        assert found.t2m_mean.attrs["long_name"] == "2 metre temperature, monthly mean"
        assert found[latitude].attrs["units"] == "degrees_north" and found.time.attrs["standard_name"] == "time"
        bits = {name: found[name].values.tobytes() for name in found.variables if found[name].dtype != object}
        first = first or bits
        assert bits == first, "other bits on %d ranks" % count


with tempfile.TemporaryDirectory() as folder:
    def path(name):
        return os.path.join(folder, name)

    # Three years, each packed by itself, the last one not whole.
    years = [path("a-2001.nc"), path("a-2002.nc"), path("a-2003.nc")]
    for file, begin, days in zip(years, (0, 365, 730), (365, 365, 40)):
        write(file, begin, days)
    check(folder, years)
    check(folder, years, "--block", "0.01", "--slab", "0.1", "--deflate", "2", ranks=(0, 1, 3))
    # By a pattern, sorted.
    output = path("pattern.nc")
    run(2, path("a-*.nc"), "--variable", "t2m", "--output", output, "--no-anomalies")
    with xarray.open_dataset(output) as found:
        assert set(found.variables) == {"t2m_mean", "month", "lat", "lon"}
    # Other calendars, a few months, hours, more dimensions, another order, groups, other names.
    write(path("noleap.nc"), 50, 800, calendar="noleap")
    check(folder, [path("noleap.nc")], "--block", "0.01", ranks=(0, 2))
    write(path("d360.nc"), 0, 400, calendar="360_day")
    check(folder, [path("d360.nc")], ranks=(0, 2))
    write(path("hours.nc"), 1400000, 300, units="hours since 1850-01-01 00:00:0.0", step=6)
    check(folder, [path("hours.nc")], ranks=(0, 2))
    write(path("levels.nc"), 0, 100, dims=("time", "level", "lat", "lon"), packed=False)
    check(folder, [path("levels.nc")], "--block", "0.005", ranks=(0, 2))
    write(path("order.nc"), 0, 100, dims=("lat", "time", "lon"))
    check(folder, [path("order.nc")], "--slab", "0.01", "--block", "0.002", ranks=(0, 3))
    write(path("names.nc"), 0, 70, dims=("time", "latitude", "longitude"), names=("latitude", "longitude"))
    check(folder, [path("names.nc")], latitude="latitude", ranks=(1,))
    write(path("group.nc"), 0, 70, group="inner")
    check(folder, [path("group.nc")], group="inner", ranks=(2,))

    for arguments, text in [((), "expected files"), ((years[0],), "expected --variable"),
                            ((years[0], "--variable", "t2m"), "expected --output"),
                            ((years[0], "--variable", "nothing", "--output", output), "nothing: there is none"),
                            ((years[0], "--variable", "lat", "--output", output), "no dimension with units such as"),
                            ((years[0], path("levels.nc"), "--variable", "t2m", "--output", output), "levels.nc: /t2m: expected a shape"),
                            ((path("none-*.nc"), "--variable", "t2m", "--output", output), "there is no file of such a name"),
                            ((years[0], "--variable", "t2m", "--output", output, "--deflate", "12"), "--deflate"),
                            ((years[0], "--variable", "t2m", "--output", path("no/such/folder.nc")), "No such file")]:
        found = run(2, *arguments, status=1)
        assert text in found, (arguments, text, found)
    assert "usage: climatology FILES" in run(1, "--help")
print("as xarray has it")
