# shellcheck shell=bash
# What run.sh, test.sh and .ci/run share: find or install what is needed, configure, build.
# The scripts source this file after `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root
: "${CMAKE_BUILD_PARALLEL_LEVEL:=$(getconf _NPROCESSORS_ONLN)}"
export CMAKE_BUILD_PARALLEL_LEVEL

# shellcheck source=.ci/needs.sh
source "$root/.ci/needs.sh"
# shellcheck source=.ci/duckdb.sh
source "$root/.ci/duckdb.sh"

say() { printf '%s\n' "ramal: $*"; }
fail() {
    printf '%s\n' "ramal: $*" >&2
    exit 1
}

# report_progress LABEL LOG: every 20 s a line with how far the step's log says it is.
report_progress() {
    local label=$1 log=$2 start=$SECONDS count
    # $$ is the script: should it be stopped, this ends by itself.
    while sleep 20 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
        count=$(grep -aoE '^\[ *[0-9]+(/[0-9]+|%)\]' "$log" | tail -n 1 | tr -d '[] ') || true
        say "$label ${count:+$count }($((SECONDS - start)) s)"
    done
}

# logged LABEL LOG COMMAND…: run quietly, show progress, and on failure the end of the log.
logged() {
    local label=$1 log=$2 start=$SECONDS status=0 reporter
    shift 2
    mkdir -p "$(dirname "$log")"
    report_progress "$label" "$log" &
    reporter=$!
    # The command stays in the foreground, so that Ctrl-C reaches it.
    "$@" >"$log" 2>&1 </dev/null || status=$?
    kill "$reporter" 2>/dev/null || true
    wait "$reporter" 2>/dev/null || true
    if ((status != 0)); then
        tail -n 40 "$log" >&2
        fail "$label failed after $((SECONDS - start)) s; the whole log is in $log"
    fi
    say "$label: done ($((SECONDS - start)) s)"
}

# What a build directory was made with. Anything else needs a fresh CMake cache.
toolchain() {
    printf '%s|' "$root" "${CC:-}" "${CXX:-}" "${MPI_HOME:-}" "${HDF5_ROOT:-}" "$(generator)"
}

generator() { if has_command ninja; then echo Ninja; else echo "Unix Makefiles"; fi; }

# configure PRESET [-D…]: leaves a build directory alone that was already configured this way.
configure() {
    local preset=$1 stamp=$root/build/$1/ramal-configured known='' wanted
    shift
    wanted=$(toolchain)$*
    if [[ -f $stamp ]]; then
        known=$(<"$stamp")
    elif [[ -f ${stamp%/*}/CMakeCache.txt && -n ${CC:-}${CXX:-}${MPI_HOME:-}${HDF5_ROOT:-} ]]; then
        known="configured by hand, who knows with what"
    fi
    if [[ $known == "$wanted" && ! $root/CMakePresets.json -nt $stamp ]]; then return; fi
    [[ -z $known || $known == "$(toolchain)"* ]] || set -- --fresh "$@"
    # CMake reads CC and CXX from the environment by itself.
    [[ -z ${MPI_HOME:-} ]] || set -- "$@" "-DMPI_HOME=$MPI_HOME"
    [[ -z ${HDF5_ROOT:-} ]] || set -- "$@" "-DHDF5_ROOT=$HDF5_ROOT"
    mkdir -p "${stamp%/*}"
    # Ninja's own records name the files of the old set-up, which may be gone or out of reach.
    [[ ${1:-} != --fresh ]] || rm -f "${stamp%/*}"/.ninja_{deps,log}
    # Should this fail or be stopped, the next attempt starts afresh.
    echo unfinished >"$stamp"
    logged "configure $preset" "$root/build/$preset-configure.log" \
        cmake -S "$root" --preset "$preset" -G "$(generator)" "$@"
    printf '%s' "$wanted" >"$stamp"
}

# build PRESET [cmake --build options…]
build() {
    local preset=$1
    shift
    # On a terminal, ninja shows its progress best itself.
    if [[ -t 1 ]]; then
        cmake --build "$root/build/$preset" "$@" || fail "build $preset failed"
    else
        logged "build $preset" "$root/build/$preset-build.log" cmake --build "$root/build/$preset" "$@"
    fi
}

# Open MPI refuses root and more ranks than cores unless told; busy waiting then starves the others.
mpi_environment() {
    if ((EUID == 0)); then
        export OMPI_ALLOW_RUN_AS_ROOT=${OMPI_ALLOW_RUN_AS_ROOT:-1}
        export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=${OMPI_ALLOW_RUN_AS_ROOT_CONFIRM:-1}
    fi
    export OMPI_MCA_rmaps_base_oversubscribe=${OMPI_MCA_rmaps_base_oversubscribe:-1}
    export OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-none}
    export OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-1}
    # The same for Open MPI 5, whose launcher is PRRTE.
    export PRTE_MCA_rmaps_default_mapping_policy=${PRTE_MCA_rmaps_default_mapping_policy:-:oversubscribe}
    export PRTE_MCA_hwloc_default_binding_policy=${PRTE_MCA_hwloc_default_binding_policy:-none}
    # All ranks are on this machine: some set-ups of Open MPI 5 warn when they cannot pair its network
    # interfaces. In a Slurm allocation there may be other machines.
    if [[ -z ${OMPI_MCA_btl_tcp_if_include:-}${OMPI_MCA_btl_tcp_if_exclude:-}${SLURM_JOB_ID:-} ]]; then
        export OMPI_MCA_btl_tcp_if_include=127.0.0.0/8
    fi
}
