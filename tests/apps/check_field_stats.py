# SPDX-License-Identifier: BSD-3-Clause
"""check_field_stats.py PROGRAM MPIEXEC NUMPROC_FLAG: field_stats beside NumPy and xarray, and the same bits on 1 to 8 ranks."""
import math
import os
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy
except ImportError:
    print("skipped: python3-h5py is missing")
    sys.exit(77)
try:
    import netCDF4
    import xarray
except ImportError:
    xarray = None

program, mpiexec, flag = sys.argv[1:4]
coast = "/usr/share/gmt-gshhg/binned_GSHHS_f.nc"


def run(ranks, *arguments, status=0):
    """0 ranks: without MPI, which starts sooner."""
    launcher = [mpiexec, flag, str(ranks)] if ranks else []
    scheduler = {} if ranks else {"RAMAL_SCHEDULER": "serial"}
    done = subprocess.run([*launcher, program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=240, env={**os.environ, **scheduler})
    assert (done.returncode == 0) == (status == 0), (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def parsed(text):
    return {name: value for name, value in (line.split(" = ") for line in text.splitlines() if " = " in line)}


def check(file, dataset, values, *options, ulps=4, ranks=(1, 3), spacing=0.0):
    """`spacing`: how far apart values are that the two programs cannot tell apart, beside their last places."""
    texts = {run(count, file, dataset, *options) for count in ranks}
    assert len(texts) == 1, "other bits on another number of ranks: " + str(texts)
    found = parsed(texts.pop())
    values = numpy.asarray(values, dtype=numpy.float64)
    assert int(found["count"]) == values.size, (found, values.size)
    if values.size == 0:
        return found
    expected = {"min": values.min(), "max": values.max(), "mean": math.fsum(values) / values.size}
    expected["variance"] = math.fsum((values - expected["mean"]) ** 2) / values.size
    for name, value in expected.items():
        # Of a mean near zero, the last places are as wide as those of the values.
        scale = max(abs(value), values.std()) if name == "mean" else value
        allowed = (0 if name in ("min", "max") else ulps * numpy.spacing(scale)) + spacing
        assert abs(float(found[name]) - value) <= allowed, (dataset, name, found[name], value, allowed)
    histogram, _ = numpy.histogram(values, bins=50)
    counts = numpy.array(found["histogram"].split(), dtype=numpy.int64)
    assert counts.sum() == values.size
    # A value at a bin's edge may fall to either side of it.
    if values.min() == values.max():
        return found
    assert numpy.abs(numpy.cumsum(counts - histogram)).max() <= max(2, values.size // 1000), (counts, histogram)
    return found


def check_as_xarray(path):
    """Every variable, as xarray decodes it and as it is stored."""
    random = numpy.random.default_rng(2)
    short = random.integers(-1000, 1000, (40, 50)).astype("i2")
    real = random.normal(0, 10, (40, 50)).astype("f4")
    real[3, 4:9], real[5:9, 1] = numpy.nan, -999.9
    wide = random.integers(-(2**62), 2**62, (40, 50), dtype="i8")
    wide[0, :7], wide[1, :5] = 2**62, 2**62 + 1024
    bytes_ = random.integers(-128, 128, (40, 50)).astype("i1")
    unsigned = bytes_.view("u1")
    variables = {
        "plain": (short, {}),
        "missing": (short, {"missing_value": numpy.int16(short[0, 0])}),
        "both": (short, {"_FillValue": short[0, 0], "missing_value": short[1, 1]}),
        "several": (short, {"missing_value": short[0, :4]}),
        "packed": (short, {"_FillValue": short[0, 0], "scale_factor": 0.01, "add_offset": 273.15}),
        "scaled": (short, {"scale_factor": numpy.float32(0.5)}),
        "shifted": (short, {"add_offset": numpy.int64(100)}),
        "one_element": (short, {"scale_factor": numpy.array([0.25])}),
        "packed_reals": (real, {"missing_value": numpy.float32(-999.9), "scale_factor": 2.0, "add_offset": -1.0}),
        "double_mark": (real, {"missing_value": numpy.float64(-999.9)}),
        "integer_mark": (numpy.round(real), {"missing_value": numpy.int16(3)}),
        "real_mark": (short, {"missing_value": numpy.float64(short[2, 2])}),
        "never": (short, {"missing_value": numpy.array([1e20, 0.5, numpy.nan, -32769])}),
        "text_mark": (short, {"missing_value": "none"}),
        "wide": (wide, {"_FillValue": wide[1, 0]}),
        "unsigned": (bytes_, {"_Unsigned": "true", "_FillValue": numpy.int8(-1), "scale_factor": 2.0}),
        "unsigned_marks": (bytes_, {"_Unsigned": "true", "missing_value": numpy.array([-1, 7, 200], "i2")}),
        "signed": (unsigned, {"_Unsigned": "false", "_FillValue": numpy.uint8(200), "add_offset": 1.0}),
        "not_unsigned": (real, {"_Unsigned": "true"}),
        "valid": (short, {"valid_min": numpy.int16(-100), "valid_range": numpy.array([-5, 5], "i2")}),
        "big_endian": (short.astype(">i2"), {"_FillValue": short[0, 0], "scale_factor": 0.1}),
    }
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("y", 40)
        file.createDimension("x", 50)
        for name, (values, attributes) in variables.items():
            fill = attributes.get("_FillValue")
            variable = file.createVariable(name, values.dtype.newbyteorder("="), ("y", "x"), zlib=True, chunksizes=(16, 20),
                                           endian="big" if values.dtype.str[0] == ">" else "native", fill_value=fill)
            variable.set_auto_maskandscale(False)
            variable.setncatts({key: value for key, value in attributes.items() if key != "_FillValue"})
            variable[:] = values
        file.createVariable("unwritten", "f4", ("y", "x"))[:3, :] = real[:3]
    with xarray.open_dataset(path) as decoded, xarray.open_dataset(path, mask_and_scale=False) as raw:
        for name in raw.variables:
            for data, options in (decoded, ()), (raw, ("--raw",)):
                found = data[name].values
                values = found.astype("f8").ravel()
                kept = values[~numpy.isnan(values)]
                # xarray unpacks some variables in single precision.
                single = found.dtype == numpy.float32 and name not in ("double_mark", "integer_mark", "unwritten")
                narrow = numpy.spacing(numpy.float32(numpy.abs(kept).max())) if single else 0.0
                spread = narrow * max(1.0, 4 * numpy.abs(kept - kept.mean()).max()) if narrow else 0.0
                ranks = (0, 3) if name in ("packed", "unsigned") else (0,)
                texts = check(path, name, kept, "--memory", "0.02", *options, ulps=64, ranks=ranks, spacing=spread)
                assert int(texts["missing"]) == values.size - kept.size, (name, texts)


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "fields.h5")
    random = numpy.random.default_rng(1)
    fields = {
        "normal": random.normal(1e6, 1.0, (300, 1000)),
        "single": random.normal(0, 1, 50000).astype("f4"),
        "short": random.integers(-1000, 1000, (50, 60, 7), dtype="i2"),
        "wide": random.integers(-(2**62), 2**62, 1000, dtype="i8"),
        "byte": random.integers(0, 255, 999, dtype="u1"),
        "big": random.normal(5, 2, 1000).astype(">f8"),
        "one": numpy.array(3.25),
        "same": numpy.full(1000, 7.5),
    }
    holes = random.normal(0, 1, 10000)
    holes[::7] = numpy.nan
    holes[1::7] = -999.0
    with h5py.File(path, "w") as file:
        for name, values in fields.items():
            file.create_dataset(name, data=values, chunks=(30, 100) if name == "normal" else None,
                                compression="gzip" if name == "normal" else None)
        file.create_dataset("holes", data=holes).attrs["_FillValue"] = numpy.float64(-999.0)
        file.create_dataset("empty", shape=(0,), dtype="f8")
        file.create_dataset("text", data=["no", "number"])
        file["flags"] = random.integers(0, 2, 500).astype(bool)
        colours = h5py.enum_dtype({"RED": 0, "GREEN": 1, "BLUE": 700}, basetype="i2")
        file.create_dataset("colours", data=random.choice([0, 1, 700], 500), dtype=colours)
        file.create_dataset("half", data=random.normal(0, 1, 500).astype("f2"))
        file["group/soft"] = h5py.SoftLink("/holes")
        file["external"] = h5py.ExternalLink("elsewhere.h5", "/inner/packed")
        file["text_scale"] = fields["short"]
        file["text_scale"].attrs["scale_factor"] = "0.1"
        file["many_scales"] = fields["short"]
        file["many_scales"].attrs["add_offset"] = [1.0, 2.0]
    with h5py.File(os.path.join(folder, "elsewhere.h5"), "w") as file:
        file["inner/packed"] = fields["short"]
        file["inner/packed"].attrs.update({"scale_factor": 0.5, "_FillValue": fields["short"][0, 0, 0]})
    # Blocks of a few kilobytes, so that there are many.
    for name, values in fields.items():
        check(path, name, values.ravel(), "--memory", "0.1", ranks=(1, 2, 3, 4, 8) if name == "normal" else (1, 3),
              ulps=16)
    kept = holes[~numpy.isnan(holes) & (holes != -999.0)]
    for name in "holes", "group/soft":
        assert int(check(path, name, kept, ulps=16)["missing"]) == holes.size - kept.size
    assert int(check(path, "holes", holes[~numpy.isnan(holes)], "--raw", ulps=16, ranks=(0,))["missing"]) > 0
    for name in "flags", "colours", "half":
        with h5py.File(path) as file:
            check(path, name, file[name][...].astype("f8"), ulps=16, ranks=(0,))
    short = fields["short"].ravel()
    check(path, "external", 0.5 * short[short != short[0]], ulps=16)
    check(path, "external", short, "--raw", ulps=16, ranks=(0,))
    if xarray:
        check_as_xarray(os.path.join(folder, "conventions.nc"))
    else:
        print("without xarray")
    assert int(check(path, "empty", [])["count"]) == 0
    output, picture = os.path.join(folder, "out.h5"), os.path.join(folder, "out.svg")
    run(2, path, "normal", "--output", output, "--picture", picture)
    with h5py.File(output) as file:
        assert file["histogram"][...].sum() == 300000 and file["histogram"].attrs["count"] == 300000
        assert file["histogram"].dims[0].keys() == ["bin_centre"]
    assert open(picture).read().count("<rect") == 51
    for arguments, text in [((path, "nothing"), "nothing: there is none: / holds "),
                            ((path, "text"), "expected integers or floating-point numbers of up to 8 bytes, found variable"),
                            ((path, "text_scale"), "scale_factor: expected one number, found variable-length string"),
                            ((path, "many_scales"), "add_offset: expected one number, found 2"),
                            ((path,), "name one of its datasets"), (("missing.h5", "x"), "missing.h5"),
                            ((path, "one", "--bins", "0"), "--bins"), ((), "expected a file")]:
        assert text in run(2, *arguments, status=1), (arguments, text)
    if os.path.exists(coast):
        with h5py.File(coast) as file:
            name = "Relative_latitude_from_SW_corner_of_bin"
            check(coast, name, file[name][...], "--memory", "4", ranks=(1, 4), ulps=64)
    else:
        print("without the world's coastline (gmt-gshhg-full)")
print("as NumPy has it")
