#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""beside_dask.py PROGRAM MPIEXEC NUMPROC_FLAG [ROUNDS [STEPS]]: dask.array and Ramal on the same file and the same expressions,
each with two cores: Dask with two threads, which NumPy lets run at once, or two processes, whichever is faster for each line;
Ramal with two ranks, or one of two threads. Prints how many times as long Dask takes."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
import dask
import dask.array as da
import h5py
import numpy as np


def expressions(path):
    a = da.linspace(0, 1, 1 << 24, chunks=1 << 18).persist()
    b = da.linspace(1, 2, 1 << 24, chunks=1 << 18).persist()

    def of_file(function):
        def call():
            with h5py.File(path) as file:
                return function(da.from_array(file["t"], chunks=file["t"].chunks)).compute()
        return call

    def anomaly(t):
        apart = t - t.mean(0)
        return da.sqrt((apart * apart).mean())

    return {
        "mean_of_file": of_file(lambda t: t.mean()),
        "anomaly_of_file": of_file(anomaly),
        "expression_in_memory": lambda: da.sqrt(a * a + b * b).sum().compute(),
        "shifted_in_memory": lambda: (a[1:] - a[:-1]).max().compute(),
        "ten_thousand_chunks": lambda: (da.ones(10_000_000, chunks=1_000) + 1).sum().compute(),
    }


def measure(call, rounds):
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        value = call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), float(value)


def main():
    program, mpiexec, flag = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    steps = int(sys.argv[5]) if len(sys.argv) > 5 else 1000
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/t.h5"
        with h5py.File(path, "w") as file:
            data = file.create_dataset("t", (steps, 180, 360), "f4", chunks=(50, 180, 360))
            for first in range(0, steps, 50):
                data[first:first + 50] = np.random.default_rng(first).normal(280, 10, (min(50, steps - first), 180, 360))
        ramal = {}
        for ranks, threads in (2, 1), (1, 2):
            done = subprocess.run([mpiexec, flag, str(ranks), program, path, str(rounds)], check=True, text=True,
                                  stdout=subprocess.PIPE, env={**os.environ, "RAMAL_THREADS": str(threads)})
            for line in done.stdout.splitlines():
                name, seconds, value = line.split()
                ramal.setdefault(name, []).append((float(seconds), float(value), f"{ranks} x {threads}"))
        for name, call in expressions(path).items():
            dask_runs = []
            for scheduler in "threads", "processes":
                if scheduler == "processes" and "file" in name:  # an open file is not sent to processes
                    continue
                with dask.config.set(scheduler=scheduler, num_workers=2):
                    dask_runs.append((*measure(call, rounds if scheduler == "threads" else 1), scheduler))
            theirs, ours = min(dask_runs), min(ramal[name])
            assert abs(theirs[1] - ours[1]) <= 1e-4 * abs(theirs[1]) + 1e-12, (name, theirs, ours)
            print(f"{name:22} Dask {theirs[0] * 1e3:9.1f} ms ({theirs[2]}), Ramal {ours[0] * 1e3:8.1f} ms ({ours[2]} threads): "
                  f"{theirs[0] / ours[0]:.1f} times as long")


if __name__ == "__main__":
    main()
