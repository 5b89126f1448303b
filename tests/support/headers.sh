#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# headers.sh CXX [OPTION…]: each header must compile by itself. `<ramal/ramal.hpp>` must bring in neither MPI nor Boost.
# What a compiler that is too old says of any public header is one error that tells what is needed, and no more.
set -euo pipefail
cd "$(dirname "$0")/../.."
cxx=$1
include=(-I. -Igraph/include -Iruntime/include -Iruntime/boost_mpi/include -Iio/include "${@:2}")
status=0
wrong() {
  echo "$1"
  status=1
}

# A header that a source of the library includes before all others has been compiled by itself already.
mapfile -t headers < <(find graph runtime io -name '*.hpp' | sort)
if ! "$cxx" -fsyntax-only -include boost/mpi.hpp "${include[@]}" -x c++ /dev/null 2>/dev/null; then
  echo "leaving out <ramal/boost_mpi.hpp>: there is no Boost.MPI for this MPI"
  mapfile -t headers < <(printf '%s\n' "${headers[@]}" | grep -v '/boost_mpi\.hpp$')
fi
compiled=$(find graph runtime io -name '*.cpp' -exec grep -m 1 -hoE '#include [<"][^>"]+' {} + | sed -E 's/#include [<"]//')
alone=()
for header in "${headers[@]}"; do
  grep -qxF "${header#*/include/}" <<<"$compiled" || alone+=("$header")
done
echo "${#headers[@]} headers, of which the library compiles all but ${#alone[@]} by themselves"
check() { # HEADER COMPILER OPTION…
  "${@:2}" -include "$1" -x c++ /dev/null || { echo "does not compile alone: $1" && return 1; }
}
export -f check
printf '%s\n' "${alone[@]}" | xargs -P 2 -I HEADER \
  bash -c 'check "$@"' check HEADER "$cxx" -std=c++20 -fsyntax-only "${include[@]}" || status=1

if "$cxx" -std=c++20 -M "${include[@]}" -include ramal/hdf5.hpp -x c++ /dev/null | grep -E '/(hdf5|mpi)\.h( |$)'; then
  wrong "<ramal/hdf5.hpp> brings in HDF5's headers or MPI"
fi
if "$cxx" -std=c++20 -M "${include[@]}" -include ramal/ramal.hpp -x c++ /dev/null | grep -E '(/mpi\.h|/boost/)'; then
  wrong "<ramal/ramal.hpp> brings in MPI or Boost"
fi

# What an old compiler says comes from one header, which every public one has before anything else: by its first line of
# #include, which names it or another public header.
for header in */include/ramal/*.hpp */*/include/ramal/*.hpp */include/ramal/detail/*.hpp; do
  first=$(grep -m 1 '^#include' "$header" || true)
  [[ $header == */compiler.hpp || $first == '#include <ramal/'* ]] ||
    wrong "$header begins with '$first', not with <ramal/detail/compiler.hpp> or a header that does"
done
# refused TEXT OPTION…: the first error of <ramal/ramal.hpp> has that text, and the second is the end.
refused() {
  local errors
  errors=$("$cxx" -fsyntax-only "${include[@]}" "${@:2}" -include ramal/ramal.hpp -x c++ /dev/null 2>&1 | grep error: || true)
  if [[ $errors != *"$1"*$'\n'*'see the error before this one'* || $(wc -l <<<"$errors") != 2 ]]; then
    wrong "${*:2}: expected one error with '$1' and the end, found:"$'\n'"$errors"
  fi
}
refused "Ramal needs C++20" -std=c++17
older=(-std=c++20 -w -U__clang_major__ -D__clang_major__=15 -U__GNUC__ -D__GNUC__=11)
refused "Ramal needs $("$cxx" --version | grep -q clang && echo 'Clang 16' || echo 'GCC 12')" "${older[@]}"
exit $status
