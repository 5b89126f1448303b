#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# headers.sh CXX [OPTION…]: each header must compile by itself. `<ramal/ramal.hpp>` must bring in neither MPI nor Boost.
set -euo pipefail
cd "$(dirname "$0")/../.."
include=(-I. -Igraph/include -Iruntime/include -Iio/include "${@:2}")
status=0
for header in graph/*.hpp graph/include/ramal/*.hpp runtime/*.hpp runtime/include/ramal/*.hpp io/include/ramal/*.hpp; do
  if ! "$1" -std=c++20 -fsyntax-only "${include[@]}" -include "$header" -x c++ /dev/null; then
    echo "does not compile alone: $header"
    status=1
  fi
done
if "$1" -std=c++20 -M "${include[@]}" -include ramal/hdf5.hpp -x c++ /dev/null | grep -E '/(hdf5|mpi)\.h( |$)'; then
  echo "<ramal/hdf5.hpp> brings in HDF5's headers or MPI"
  status=1
fi
if "$1" -std=c++20 -M "${include[@]}" -include ramal/ramal.hpp -x c++ /dev/null | grep -E '(/mpi\.h|/boost/)'; then
  echo "<ramal/ramal.hpp> brings in MPI or Boost"
  status=1
fi
exit $status
