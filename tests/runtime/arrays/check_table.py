#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""check_table.py source PAGE HEADER… writes to stdout a program with the right side of each line of the table
"NumPy | Ramal"; check_table.py compare PAGE < OUTPUT computes the left sides by NumPy and compares them with what that printed."""
import re
import sys

INPUTS = '''
    const auto a = from_memory(std::vector<double>{A}.data(), {6, 4}, {4, 3});
    const auto b = from_memory(std::vector<double>{B}.data(), {6, 4}, {5, 2});
    const auto v = from_memory(std::vector<double>{1, -2, 3, 0.5}.data(), {4}, {3});
    const auto n = from_memory(std::vector<std::int64_t>{3, -1, 0, 7}.data(), {4}, {2});
    const auto m = a > 0;
'''
A = [round((i * 37 % 23 - 11) / 4 + 0.1, 3) for i in range(24)]
B = [round((i * 29 % 19 - 8) / 3 + 0.25, 3) for i in range(24)]


def lines(page):
    table = open(page).read().split("| NumPy, Dask | Ramal |\n|---|---|\n")[1]
    rows = []
    for line in table.split("\n"):
        found = re.fullmatch(r"\| `(.*)` \| `(.*)` \|", line)
        if not found:
            return rows
        rows.append(found.groups())


def source(page, *headers):
    print("".join(f"#include <ramal/{header}.hpp>\n" for header in headers) + "#include <ramal/ramal.hpp>\n#include <iostream>\nusing namespace ramal;")
    print("""template <class T> void print(const Block<T>& block) {
  for (auto length : block.shape()) std::cout << length << ' ';
  std::cout << ':';
  for (const T& one : block) std::cout << ' ' << +one;
  std::cout << '\\n';
}
template <class T> void print(const T& number) { std::cout << ": " << +number << '\\n'; }
int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](Session& session) {
    std::cout.precision(17);""")
    print(INPUTS.replace("{A}", "{%s}" % ", ".join(map(repr, A))).replace("{B}", "{%s}" % ", ".join(map(repr, B))))
    for _, ours in lines(page):
        print(f"    print(session.compute({ours}));")
    print("  });\n}")


def compare(page):
    import numpy as np
    a, b = np.array(A).reshape(6, 4), np.array(B).reshape(6, 4)
    names = {"np": np, "a": a, "b": b, "v": np.array([1, -2, 3, 0.5]), "n": np.array([3, -1, 0, 7]), "m": a > 0}
    rows, printed = lines(page), sys.stdin.read().strip().split("\n")
    wrong = abs(len(rows) - len(printed))
    for (theirs, ours), line in zip(rows, printed):
        shape, values = line.split(":")
        expected = np.asarray(eval(theirs, names))
        found = np.array([float(word) for word in values.split()])
        if [int(word) for word in shape.split()] != list(expected.shape) or \
                not np.allclose(found, expected.astype(float).ravel(), rtol=1e-14, atol=1e-14, equal_nan=True):
            wrong += 1
            print(f"{theirs}  |  {ours}\n  expected {expected.shape} {expected.ravel()}\n  found {line}")
    print(f"{len(rows)} lines compared with NumPy: {wrong} wrong")
    return wrong > 0 or not rows


if __name__ == "__main__":
    sys.exit(source(*sys.argv[2:]) if sys.argv[1] == "source" else compare(sys.argv[2]))
