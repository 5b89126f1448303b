#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# No include runs upwards: graph knows neither runtime, io nor apps; runtime neither io nor apps; io
# neither runtime nor apps. graph has no threads and no locks, but that large memory is shared by whatever
# threads there are, as the heap is. mpi.h appears in one source of the runtime and one public header, hdf5.h in one
# header of io.
set -uo pipefail
cd "$(dirname "$0")/../.."
status=0
refuse() { # folder, what it must not include
  [ -d "$1" ] || return 0
  if grep -rnE "#include [<\"]($2)" "$1" --include='*.cpp' --include='*.hpp' |
    grep -v '^graph/pages.cpp:.*<mutex>'; then
    echo "$1 must not include $2"
    status=1
  fi
}
refuse graph 'runtime/|io/|apps/|mpi\.h|thread>|mutex>|fstream>|iostream>'
refuse runtime 'io/|apps/'
refuse io 'runtime/|apps/'
refuse apps 'graph/|runtime/|io/'
found=$(grep -rlE '#include <mpi\.h>' graph runtime --include='*.cpp' --include='*.hpp' | sort | xargs)
if [ "$found" != "runtime/include/ramal/mpi.hpp runtime/mpi.cpp" ]; then
  echo "mpi.h is included by: $found"
  status=1
fi
found=$(grep -rlE '#include [<"]hdf5' graph runtime io apps --include='*.cpp' --include='*.hpp')
if [ "$found" != io/hdf5_api.hpp ]; then
  echo "hdf5.h is included by: $found"
  status=1
fi
# Internal names must not leak into public headers.
if grep -rnE '#include "' graph/include runtime/include io/include; then
  echo "a public header includes an internal one"
  status=1
fi
exit $status
