#!/usr/bin/env bash
# Sets up what is missing, builds, and runs the example notebook on a few MPI ranks of this machine.
set -euo pipefail
# shellcheck source=.ci/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/.ci/setup.sh"

usage() {
    cat <<'EOF'
usage: ./run.sh [--no-install] [--] [program arguments…]

Installs what is missing (with apt; DuckDB with npm), builds, and runs build/release/apps/notebook.
  --no-install   install nothing: say what is missing (for machines without root)
  --             what follows is the program's, as in: ./run.sh -- --help
Environment: RAMAL_RANKS (default 4), CC, CXX, MPI_HOME, HDF5_ROOT, DUCKDB_ROOT.
EOF
}

may_install=yes
while (($#)); do
    case $1 in
        --no-install) may_install=no ;;
        -h | --help) usage && exit ;;
        --) shift && break ;;
        *) break ;;
    esac
    shift
done

# given OPTION ARGUMENT…: the user's own arguments have it; the program takes each option once.
given() {
    local option=$1 argument
    shift
    for argument in "$@"; do
        if [[ $argument == "$option" || $argument == "$option="* ]]; then return 0; fi
    done
    return 1
}

provide no "$may_install"
provide_duckdb "$may_install"
# A build directory that has the tests keeps them: switching them off and on again costs a rebuild.
tests=OFF
if grep -qs '^RAMAL_BUILD_TESTS:[A-Z]*=ON' "$root/build/release/CMakeCache.txt"; then tests=ON; fi
configure release "-DRAMAL_BUILD_TESTS=$tests"
build release --target notebook

defaults=()
given --sleep "$@" || defaults+=(--sleep 0.01)
picture=''
if ! given --visualize "$@" && has_command dot; then
    picture=$root/build/notebook.svg
    [[ $PWD != "$root" ]] || picture=build/notebook.svg
    defaults+=(--visualize "$picture")
    rm -f "$picture"
fi
mpi_environment
status=0
"$(mpi_tool mpirun)" -n "${RAMAL_RANKS:-4}" "$root/build/release/apps/notebook" \
    ${defaults[@]+"${defaults[@]}"} "$@" || status=$?
if ((status != 0)); then
    say "the program ended with status $status" >&2
    exit "$status"
fi
[[ -z $picture || ! -f $picture ]] || say "the task graph is drawn in $picture"
