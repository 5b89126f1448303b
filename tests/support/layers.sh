#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# No include runs upwards. Of layers: graph knows neither runtime, io nor apps; runtime neither io nor apps; io neither
# runtime nor apps. Of a layer's rooms: each knows those before it in the lists below. graph has no threads and no locks,
# but that large memory is shared by whatever threads there are, as the heap is, and that FFTW's planner and BLAS have
# to be guarded; and no files, but that AtomicFile lies
# there for the layers above, since runtime and io see no other room in common. mpi.h appears in one public header and
# in those sources of the runtime's transport that are named below, hdf5.h in one header of io, Boost.MPI in one public header
# that is built by itself.
set -uo pipefail
cd "$(dirname "$0")/../.."
status=0
wrong() {
  echo "$1"
  status=1
}
# refuse FOLDER WHAT: no source there includes what matches, an extended regular expression.
refuse() {
  grep -rnE "#include [<\"]($2)" "$1" --include='*.cpp' --include='*.hpp' |
    grep -vE '^graph/(core/pages.cpp|fft/plans.hpp|linalg/blas.cpp):.*<mutex>' && wrong "$1 must not include $2"
}
refuse graph 'runtime/|io/|apps/|mpi\.h|thread>|mutex>|fstream>|iostream>'
grep -rn 'include "graph/core/atomic_file\.hpp"' graph | grep -v '^graph/core/atomic_file.cpp:' && wrong "graph has no files"
refuse runtime 'io/|apps/'
refuse io 'runtime/|apps/'
refuse apps 'graph/|runtime/|io/'

# rooms LAYER ROOM…: these are its rooms, the lowest first, and all its sources are in them.
rooms() {
  local layer=$1 later room
  shift
  [ "$(ls -d "$layer"/*/ | grep -v /include/ | xargs -n 1 basename | sort | xargs)" = "$(printf '%s\n' "$@" | sort | xargs)" ] ||
    wrong "the rooms of $layer are not: $*"
  [ -z "$(find "$layer" -maxdepth 1 -name '*.[ch]pp')" ] || wrong "$layer has sources outside of its rooms"
  while (($# > 1)); do
    room=$1
    shift
    later=$(IFS='|' && echo "$*")
    refuse "$layer/$room" "$layer/($later)/"
  done
}
rooms graph core tasks families shuffle arrays tables draw fft linalg
rooms runtime machine transport executor watch rank session boost_mpi tools
rooms io files hdf5 tables

# By itself, or by way of a header of the transport.
know_mpi="runtime/include/ramal/mpi.hpp runtime/transport/mpi_communicator.cpp runtime/transport/mpi_communicator.hpp"
know_mpi+=" runtime/transport/mpi_transport.cpp runtime/transport/mpi_transport.hpp runtime/transport/mpi_world.cpp"
found=$(grep -rlE '#include ["<](mpi\.h|runtime/transport/mpi_.*)[">]' graph runtime --include='*.cpp' --include='*.hpp' |
  LC_ALL=C sort | xargs)
[ "$found" = "$know_mpi" ] || wrong "mpi.h is included by: $found"
found=$(grep -rlE '#include [<"]hdf5' graph runtime io apps --include='*.cpp' --include='*.hpp' | xargs)
[ "$found" = io/hdf5/api.hpp ] || wrong "hdf5.h is included by: $found"
found=$(grep -rlE '#include <boost/mpi' graph runtime io --include='*.cpp' --include='*.hpp' | xargs)
[ "$found" = runtime/boost_mpi/include/ramal/boost_mpi.hpp ] || wrong "Boost.MPI is included by: $found"
grep -rnE '#include "' graph/include runtime/include runtime/boost_mpi/include io/include && wrong "a public header includes an internal one"
exit $status
