#!/usr/bin/env bash
# Sets up what is missing, builds, and runs the tests; what it prints last is ctest's own summary.
set -euo pipefail
# shellcheck source=.ci/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/.ci/setup.sh"

usage() {
    cat <<'EOF'
usage: ./test.sh [--no-install] [--preset release|debug|asan|tsan] [--werror] [--quick]
                 [--build TARGET] [--] [ctest arguments…]

Installs what is missing (with apt; DuckDB with npm), builds, and runs the tests, as in: ./test.sh -R Place
  --no-install   install nothing: say what is missing (for machines without root)
  --preset NAME  which build (default release); asan and tsan are gcc's and clang's sanitizers
  --werror       from now on, warnings are errors in that build
  --quick        apps, benchmarks and tests are not optimised, only the library: compiles faster
  --build TARGET build no more than that, as unit_programs: tests of what is not built cannot be run
Environment: CC, CXX, MPI_HOME, HDF5_ROOT, DUCKDB_ROOT, and what ctest reads itself.
EOF
}

may_install=yes preset=release targets=() options=(-DRAMAL_BUILD_TESTS=ON)
while (($#)); do
    case $1 in
        --no-install) may_install=no ;;
        --preset=*) preset=${1#*=} ;;
        --preset) preset=${2:?--preset needs a name} && shift ;;
        --build=*) targets+=(--target "${1#*=}") ;;
        --build) targets+=(--target "${2:?--build needs a target}") && shift ;;
        --quick) options+=(-DRAMAL_OPTIMISE_PROGRAMS=OFF) ;;
        --werror) options+=(-DRAMAL_WERROR=ON) ;;
        -h | --help) usage && exit ;;
        --) shift && break ;;
        *) break ;;
    esac
    shift
done
case $preset in
    release | debug | asan | tsan) ;;
    *) fail "there is no preset '$preset': release, debug, asan or tsan" ;;
esac

provide yes "$may_install"
provide_duckdb "$may_install"
configure "$preset" "${options[@]}"
build "$preset" ${targets[@]+"${targets[@]}"}

mpi_environment
around=()
# The sanitizers of older compilers fail at random where the kernel spreads addresses widely.
if [[ $preset == [at]san ]] && has_command setarch && setarch -R true 2>/dev/null; then
    around=(setarch -R)
fi
cd "$root"
exec ${around[@]+"${around[@]}"} ctest --preset "$preset" "$@"
