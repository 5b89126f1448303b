#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# headers.sh CXX [OPTION…]: each header must compile by itself. `<ramal/ramal.hpp>` must bring in neither MPI nor Boost.
# What a compiler that is too old says of any public header is one error that tells what is needed, and no more.
set -euo pipefail
cd "$(dirname "$0")/../.."
cxx=$1
include=(-I. -Igraph/include -Iruntime/include -Iio/include "${@:2}")
status=0
for header in graph/*.hpp graph/include/ramal/*.hpp runtime/*.hpp runtime/include/ramal/*.hpp io/include/ramal/*.hpp; do
  if ! "$cxx" -std=c++20 -fsyntax-only "${include[@]}" -include "$header" -x c++ /dev/null; then
    echo "does not compile alone: $header"
    status=1
  fi
done
if "$cxx" -std=c++20 -M "${include[@]}" -include ramal/hdf5.hpp -x c++ /dev/null | grep -E '/(hdf5|mpi)\.h( |$)'; then
  echo "<ramal/hdf5.hpp> brings in HDF5's headers or MPI"
  status=1
fi
if "$cxx" -std=c++20 -M "${include[@]}" -include ramal/ramal.hpp -x c++ /dev/null | grep -E '(/mpi\.h|/boost/)'; then
  echo "<ramal/ramal.hpp> brings in MPI or Boost"
  status=1
fi

# refused TEXT HEADER OPTION…: the first error has that text, and the second is the end.
refused() {
  local errors
  errors=$("$cxx" -fsyntax-only "${include[@]}" "${@:3}" -include "$2" -x c++ /dev/null 2>&1 | grep error: || true)
  if [[ $errors != *"$1"*$'\n'*'see the error before this one'* || $(wc -l <<<"$errors") != 2 ]]; then
    printf '%s\n' "$2 with ${*:3}: expected one error with '$1' and the end, found:" "$errors"
    status=1
  fi
}
for header in */include/ramal/*.hpp; do refused "Ramal needs C++20" "${header#*/include/}" -std=c++17; done
older=(-std=c++20 -w -U__clang_major__ -D__clang_major__=15 -U__GNUC__ -D__GNUC__=11)
refused "Ramal needs $("$cxx" --version | grep -q clang && echo 'Clang 16' || echo 'GCC 12')" ramal/ramal.hpp "${older[@]}"
exit $status
