# SPDX-License-Identifier: BSD-3-Clause
"""check_field_stats.py PROGRAM MPIEXEC NUMPROC_FLAG: field_stats beside NumPy, and the same bits on 1 to 8 ranks."""
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

program, mpiexec, flag = sys.argv[1:4]
coast = "/usr/share/gmt-gshhg/binned_GSHHS_f.nc"


def run(ranks, *arguments, status=0):
    done = subprocess.run([mpiexec, flag, str(ranks), program, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=240)
    assert (done.returncode == 0) == (status == 0), (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def parsed(text):
    return {name: value for name, value in (line.split(" = ") for line in text.splitlines() if " = " in line)}


def check(file, dataset, values, *options, ulps=4, ranks=(1, 3)):
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
        allowed = 0 if name in ("min", "max") else ulps * numpy.spacing(scale)
        assert abs(float(found[name]) - value) <= allowed, (dataset, name, found[name], value, allowed)
    histogram, _ = numpy.histogram(values, bins=50)
    counts = numpy.array(found["histogram"].split(), dtype=numpy.int64)
    assert counts.sum() == values.size
    # A value at a bin's edge may fall to either side of it.
    if values.min() == values.max():
        return found
    assert numpy.abs(numpy.cumsum(counts - histogram)).max() <= max(2, values.size // 1000), (counts, histogram)
    return found


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
    # Blocks of a few kilobytes, so that there are many.
    for name, values in fields.items():
        check(path, name, values.ravel(), "--memory", "0.1", ranks=(1, 2, 3, 4, 8) if name == "normal" else (1, 3),
              ulps=16)
    kept = holes[~numpy.isnan(holes) & (holes != -999.0)]
    assert int(check(path, "holes", kept, ulps=16)["missing"]) == holes.size - kept.size
    assert int(check(path, "empty", [])["count"]) == 0
    output, picture = os.path.join(folder, "out.h5"), os.path.join(folder, "out.svg")
    run(2, path, "normal", "--output", output, "--picture", picture)
    with h5py.File(output) as file:
        assert file["histogram"][...].sum() == 300000 and file["histogram"].attrs["count"] == 300000
        assert file["histogram"].dims[0].keys() == ["bin_centre"]
    assert open(picture).read().count("<rect") == 51
    for arguments, text in [((path, "nothing"), "no dataset nothing"), ((path, "text"), "not a number"),
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
