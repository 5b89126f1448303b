#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# compile_time.sh [CXX]: seconds to compile the README's program, one with 200 kinds of task, and, beside
# them, one that includes <boost/mpi.hpp> and one that includes <iostream> and <vector> only. Medians of 5, taken in turn.
set -euo pipefail
cd "$(dirname "$0")/../.."
cxx=${1:-${CXX:-g++}}
mpi=$(pkg-config --cflags ompi-c 2>/dev/null || pkg-config --cflags mpich 2>/dev/null || true)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp tests/docs/readme.cpp "$work/readme.cpp"
{
  echo '#include <ramal/ramal.hpp>'
  echo 'template <int n> long f(long x) { return x + n; }'
  echo 'int main(int argc, char** argv) { return ramal::run(argc, argv, [](ramal::Session& session) {'
  echo '  auto x = ramal::delayed<&f<0>>(0);'
  for ((n = 1; n < 200; ++n)); do echo "  x = ramal::delayed<&f<$n>>(x);"; done
  echo '  session.compute(x); }); }'
} >"$work/kinds200.cpp"
printf '#include <boost/mpi.hpp>\nint main() { boost::mpi::environment e; boost::mpi::communicator c; return c.rank(); }\n' >"$work/boost_mpi.cpp"
printf '#include <iostream>\n#include <vector>\nint main() { std::cout << std::vector<int>{1}.size(); }\n' >"$work/plain.cpp"

seconds() {
  local start end
  start=$(date +%s.%N)
  # shellcheck disable=SC2086
  "$cxx" -std=c++20 -O2 -DOMPI_SKIP_MPICXX -Igraph/include -Iruntime/include $mpi -c "$work/$1.cpp" -o "$work/$1.o"
  end=$(date +%s.%N)
  awk "BEGIN { print $end - $start }"
}
for turn in 1 2 3 4 5; do
  for program in plain readme kinds200 boost_mpi; do
    seconds "$program" >>"$work/$program.times"
  done
  : "$turn"
done
for program in plain readme kinds200 boost_mpi; do
  printf '%-10s %s s\n' "$program" "$(sort -n "$work/$program.times" | sed -n 3p)"
done
