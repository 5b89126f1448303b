#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# check.sh CHECK SOURCE BUILD SCRATCH: runs one of the functions below. `moved` makes what most others use: an
# installed tree at $HOME/ramal, which is where the template's README has it.
set -euo pipefail
check=$1 source=$2 build=$3 scratch=$4
here=$source/tests/install
export HOME=$scratch/home

# output REGEX COMMAND…: the command succeeds and a line of what it prints matches.
output() { "$source/tests/support/expect.sh" 0 "$@"; }

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

moved() {
  rm -rf "$scratch"
  mkdir -p "$HOME"
  cmake --install "$build" --prefix "$scratch/first" >"$scratch/installed"
  mv "$scratch/first" "$HOME/ramal"
  if grep -rIF -e "$source" -e "$build" -e "$scratch" "$HOME/ramal"; then
    fail "the installed files name the place they were made at"
  fi
  output '^tasks = 511$' mpirun -n 3 "$HOME/ramal/bin/notebook" --sleep 0
}

# The public headers are all there, no others, and each needs only those (and MPI's, for one).
headers() {
  local header mpi_options
  read -ra mpi_options <<<"$MPI_OPTIONS"
  cd "$HOME/ramal/include"
  local folders=("$source"/*/include)
  [[ $WITH_BOOST_MPI != ON ]] || folders+=("$source/runtime/boost_mpi/include")
  diff <(find "${folders[@]}" -name '*.hpp' -printf '%P\n' | sort) <(find . -type f -printf '%P\n' | sort) ||
    fail "other headers are installed than those in */include"
  # headers.compile_alone compiles each by itself: what is to be seen here is that none needs what is not installed.
  find ramal -name '*.hpp' -printf '#include <%p>\n' | "$CXX" -std=c++20 -fsyntax-only -I. "${mpi_options[@]}" -x c++ - ||
    fail "the installed headers do not compile"
}

# template HEADING: the commands that stand under it in the template's README, in a copy of the template.
template() {
  local place="$HOME/$check"
  rm -rf "$place"
  cp -r "$HOME/ramal/share/ramal/template" "$place"
  cd "$place"
  awk -v heading="## $1" '$0 == heading { here = 1; next } /^## / { here = 0 }
    /^```/ { code = !code; next } here && code' README.md >"$place.sh"
  grep -q mpirun "$place.sh" || fail "README.md has no commands under '$1'"
  output '^pi = 3\.14159[23] from 10000000 terms in 100 blocks$' bash -eux "$place.sh" | tee "$place.log"
  for rank in 0 1 2; do grep -q "^rank $rank on .* ran [1-9][0-9]* tasks" "$place.log" || fail "rank $rank did nothing"; done
}
template_with_cmake() { template "With CMake"; }
template_with_make() { template "With make"; }

consumer() { cmake -S "$here/consumer" -B "$scratch/$check" -DCMAKE_PREFIX_PATH="$HOME/ramal" -DCMAKE_BUILD_TYPE=Debug "$@"; }

c_and_cxx() {
  consumer "-DPROGRAM=$HOME/ramal/share/ramal/template/main.cpp"
  cmake --build "$scratch/$check"
  output '^pi = 3' "$scratch/$check/consumer" 1000000
  output '^rank 0$' mpirun -n 2 "$scratch/$check/mpi_first"
}

# Those of README.md and docs/, which the tests of docs/ then run: a project of C++ alone, and no words but those of
# the text. With -O1 ten million tasks take as long as with -O3, with -O0 twice that.
programs_with_cmake() {
  cmake -S "$here/programs" -B "$scratch/$check" -DCMAKE_PREFIX_PATH="$HOME/ramal" -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_CXX_FLAGS_DEBUG=-O1 "-DHDF5=$WITH_HDF5" "-DLINALG=$WITH_LINALG" "-DBOOST_MPI=$WITH_BOOST_MPI" "-DFORTRAN=${FC:+ON}"
  cmake --build "$scratch/$check"
}

# The same by hand: one is compiled as well, of the others what CMake has compiled is linked.
programs_with_pkg_config() {
  rm -rf "${scratch:?}/$check"
  mkdir "$scratch/$check"
  cd "$scratch/$check"
  export PKG_CONFIG_PATH
  PKG_CONFIG_PATH=$(dirname "$(find "$HOME/ramal" -name ramal.pc)")
  # flags MODULE KIND…: an array of what pkg-config says.
  flags() { read -ra flags <<<"$(pkg-config "${@:2}" "$1")"; }
  # link MODULE PROGRAM HEADER
  link() {
    flags "$1" --cflags
    "$CXX" -std=c++20 -fsyntax-only -include "ramal/$3" "${flags[@]}" -x c++ /dev/null
    mapfile -t objects < <(find "$scratch/programs_with_cmake/CMakeFiles/$2.dir" -name '*.o')
    flags "$1" --libs
    "$CXX" -o "$2" "${objects[@]}" "${flags[@]}"
  }
  flags ramal-mpi --cflags --libs
  "$CXX" -std=c++20 -O0 -o mpi_first "$here/mpi_first.cpp" "${flags[@]}"
  output '^rank 0$' mpirun -n 2 ./mpi_first
  link ramal heat ramal.hpp
  link ramal-mpi collective mpi.hpp
  output '^170000$' mpirun -n 2 ./collective
  link ramal-tables tables parquet.hpp
  [[ $WITH_HDF5 != ON ]] || link ramal-hdf5 hdf5 hdf5.hpp
  [[ $WITH_LINALG != ON ]] || link ramal-linalg linalg linalg.hpp
  if [[ $WITH_BOOST_MPI == ON ]]; then
    link ramal-boost-mpi boost_mpi boost_mpi.hpp
    output '^total 499500, largest 999$' mpirun -n 2 ./boost_mpi
  fi
  [[ -z $FC ]] || link ramal fortran ramal.hpp
}

missing_component() {
  if consumer -DCOMPONENTS=nosuch 2>"$scratch/$check.log"; then fail "a component that is not there was found"; fi
  grep "was installed without the component 'nosuch'" "$scratch/$check.log" || fail "$(cat "$scratch/$check.log")"
}

# The objects are compiled once, in the archive that was fetched; then they are linked as shared libraries.
within_a_project() {
  local own=$scratch-project
  rm -rf "$own"
  mkdir -p "$own"
  tar -C "$source" --exclude='./.[!.]*' --exclude=./build -czf "$own/ramal.tar.gz" .
  for way in fetch subdirectory; do
    # As one source a library compiles in a third of the time, and projects that build so can have Ramal within them.
    cmake -S "$here/parent" -B "$own/build" -DWAY=$way "-DARCHIVE=$own/ramal.tar.gz" \
      -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0
    cmake --build "$own/build"
    output '^squares 338350, cubes 25502500, shifted 5150, mean 2$' mpirun -n 3 "$own/build/program"
  done
  readelf -d "$own/build/program" | grep "libramal_runtime\.so\.[0-9]" || fail "the program does not use the shared library"
  cmake --install "$own/build" --prefix "$own/installed"
  [[ ! -e $own/installed ]] || fail "installing the parent installs Ramal"
}

"$check"
