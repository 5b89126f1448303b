#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""make_linalg_cases.py > linalg_cases.hpp: matrices, and what NumPy makes of them."""
import numpy as np


def numbers(values):
    flat = np.asarray(values).ravel()
    if np.iscomplexobj(flat):
        return "{%s}" % ", ".join("{%r, %r}" % (float(v.real), float(v.imag)) for v in flat)
    return "{%s}" % ", ".join(repr(float(v)) for v in flat)


def case(random, rows, columns, kind):
    def matrix(m, n):
        made = random.integers(-40, 41, (m, n)) / 8
        return made + 1j * random.integers(-40, 41, (m, n)) / 8 if kind == "complex" else made

    a, b = matrix(rows, columns), matrix(rows, 2)
    gram = a.conj().T @ a + np.eye(columns)
    right = matrix(columns, 2)
    square = matrix(columns, columns)
    r = np.linalg.qr(a)[1]
    r = r * (np.conj(np.diag(r)) / np.abs(np.diag(r)))[:, None]
    fields = [rows, columns, numbers(a), numbers(b), numbers(right), numbers(square),
              numbers(np.linalg.cholesky(gram)), numbers(np.linalg.solve(gram, right)),
              numbers(np.linalg.solve(square, right)), numbers(r), numbers(np.linalg.svd(a, compute_uv=False)),
              numbers(np.linalg.lstsq(a, b, rcond=None)[0]), repr(float(np.linalg.cond(square)))]
    return "    {%s}" % ",\n     ".join(map(str, fields))


def main():
    random = np.random.default_rng(20)
    print("""// SPDX-License-Identifier: BSD-3-Clause
// What make_linalg_cases.py wrote: matrices, and what NumPy %s makes of them.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace ramal::test {

// clang-format off
template <class T>
struct LinalgCase {
  std::uint64_t rows, columns;
  std::vector<T> a;            ///< (rows, columns)
  std::vector<T> b;            ///< (rows, 2)
  std::vector<T> right;        ///< (columns, 2)
  std::vector<T> square;       ///< (columns, columns)
  std::vector<T> cholesky;     ///< of gram = a^H a + 1
  std::vector<T> by_gram;      ///< solve(gram, right)
  std::vector<T> by_square;    ///< solve(square, right)
  std::vector<T> r;            ///< of a, with a diagonal above 0
  std::vector<double> values;  ///< singular values of a
  std::vector<T> least;        ///< lstsq(a, b)
  double condition;            ///< of square
};
""" % np.__version__)
    for name, kind in (("real", "double"), ("complex", "std::complex<double>")):
        cases = [case(random, m, n, name) for m, n in ((1, 1), (5, 3), (12, 7), (30, 4))]
        print("inline const std::vector<LinalgCase<%s>> %s_cases{\n%s};" % (kind, name, ",\n".join(cases)))
    print("// clang-format on\n\n}  // namespace ramal::test")


if __name__ == "__main__":
    main()
