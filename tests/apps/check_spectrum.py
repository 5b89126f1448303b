#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_spectrum.py SPECTRUM MPIEXEC NUMPROC_FLAG: a signal that h5py writes, and what NumPy finds in it."""
import subprocess
import sys
import tempfile

import h5py
import numpy as np


def welch(signal, rate, window):
    """Power spectral density, the mean over windows that overlap by half."""
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    spectra = []
    for first in range(0, len(signal) - window + 1, window // 2):
        piece = signal[first:first + window]
        spectra.append(np.abs(np.fft.rfft((piece - piece.mean()) * taper)) ** 2)
    density = np.mean(spectra, axis=0) / (rate * (taper**2).sum())
    density[1:-1 if window % 2 == 0 else None] *= 2
    return density


def rolling(signal, length, function):
    values = function(np.lib.stride_tricks.sliding_window_view(signal, length), axis=1)
    return np.concatenate([np.full(length - 1, np.nan), values])


def main():
    program, mpiexec, flag = sys.argv[1:]
    random = np.random.default_rng(3)
    signal = random.normal(size=20_011) + np.sin(np.arange(20_011) * 0.7)
    with tempfile.TemporaryDirectory() as folder:
        with h5py.File(f"{folder}/in.h5", "w") as file:
            file["velocity"] = signal
        for ranks, window, block in (1, 256, 3000), (3, 400, 1777):
            subprocess.run([mpiexec, flag, str(ranks), program, "--input", f"{folder}/in.h5", "--dataset", "/velocity",
                            "--rate", "50", "--window", str(window), "--rolling", "37", "--block", str(block),
                            "--output", f"{folder}/out.h5"], check=True)
            with h5py.File(f"{folder}/out.h5") as file:
                np.testing.assert_allclose(file["spectrum"][:], welch(signal, 50, window), rtol=1e-9)
                np.testing.assert_allclose(file["frequency"][:], np.fft.rfftfreq(window, 1 / 50), rtol=1e-14)
                np.testing.assert_allclose(file["mean"][:], rolling(signal, 37, np.mean), rtol=0, atol=1e-12)
                np.testing.assert_allclose(file["deviation"][:], rolling(signal, 37, np.std), rtol=1e-11)
    print("spectrum: as NumPy has it")


if __name__ == "__main__":
    main()
