# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-3-Clause
# What the tests of the job scripts share. Sourced after `set -euo pipefail`; PLACE is a folder of their own,
# NOTEBOOK and ENDS are the programs, MPI_BIN is where mpirun is.

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../slurm" && pwd)
readonly scripts
cluster=${PLACE:?}/cluster

# What users have: nothing of what the other tests set for many ranks on one machine, or of a job around them.
unset "${!SLURM_@}" "${!SBATCH_@}" "${!RAMAL_@}" OMPI_MCA_rmaps_base_oversubscribe \
    OMPI_MCA_hwloc_base_binding_policy PRTE_MCA_rmaps_default_mapping_policy PRTE_MCA_hwloc_default_binding_policy
# All nodes are this machine.
export OMPI_MCA_btl_tcp_if_include=127.0.0.0/8
export PATH=${MPI_BIN:?}:$PATH

fail() {
    printf '%s\n' "FAILED: $*"
    [[ -z ${job:-} ]] || scontrol show job "$job" || true
    tail -n 100 ./*.out 2>/dev/null || true
    exit 1
}

# begin NAME: from here on in an empty folder of that test, with a cluster.
begin() {
    if [[ ! -e $cluster/env ]]; then
        echo "skipped: there is no cluster (see the test slurm.start)" && exit 77
    fi
    if [[ $1 == *mpirun ]] && (($(lscpu -p=CORE | grep -v '#' | sort -u | wc -l) < 2)); then
        echo "skipped: mpirun binds to whole cores, and this machine has one" && exit 77
    fi
    # shellcheck disable=SC1091
    source "$cluster/env"
    rm -rf "$PLACE/work/$1"
    mkdir -p "$PLACE/work/$1"
    cd "$PLACE/work/$1" || exit
}

# submit PROGRAM [sbatch options] SCRIPT [arguments]: its number is in job.
submit() {
    submitted=("$@")
    job=$(RAMAL_PROGRAM=$1 sbatch --parsable "${@:2}")
}

# died_in_mpi_init JOB: of 460 jobs that Open MPI 4.1.4 started in such a cluster, two died so, before the program
# had begun: a call of no function, in one rank of several on a node.
died_in_mpi_init() {
    local output
    for output in ./*-"$1".out ./*-"$1"_*.out; do
        if grep -qsF 'Failing at address: (nil)' "$output" && ! grep -q '^ramal ' "$output"; then return 0; fi
    done
    return 1
}

# The states of a job, or of all elements of an array.
states() { scontrol -o show job "$1" | grep -oE 'JobState=[A-Z_]+' | cut -d = -f 2 | sort -u | paste -sd ' '; }

# ended JOB STATE [SECONDS]: waits for the end, which must be that. One that dies within MPI_Init is submitted once
# more, and then it is that one.
ended() {
    local state deadline=$((SECONDS + ${3:-120}))
    while
        state=$(states "$1")
        [[ $state =~ PENDING|CONFIGURING|RUNNING|COMPLETING ]]
    do
        ((SECONDS < deadline)) || fail "job $1 is still $state"
        sleep 0.2
    done
    if [[ $state != "$2" && $1 == "$job" && -n ${submitted[*]:-} ]] && died_in_mpi_init "$1"; then
        echo "job $1 died within MPI_Init; once more"
        cat ./*-"$1"*.out
        rm -f ./*-"$1"*
        submit "${submitted[@]}"
        submitted=()
        ended "$job" "${@:2}"
        return
    fi
    [[ $state == "$2" ]] || fail "expected job $1 to be $2, found $state"
    accounted "$1"
}

# accounted JOB: sacct, which reads what was written when the job ended, says of it what the controller does. Of
# the elements of an array it knows numbers of their own.
accounted() {
    local found expected deadline=$((SECONDS + 20))
    expected="$1|$(states "$1")|$(exit_code "$1")"
    # What it writes of a job that Slurm ended has no exit code yet.
    ! [[ $expected =~ CANCELLED|TIMEOUT ]] || expected="$1|$(states "$1")|*"
    until
        found=$(sacct -c -n -P -o jobid,state,exitcode | grep "^$1|")
        # shellcheck disable=SC2053
        [[ $found == $expected || $(scontrol -o show job "$1") == *ArrayJobId=* ]]
    do
        ((SECONDS < deadline)) || fail "expected sacct to say $expected, found '$found'"
        sleep 0.2
    done
}

exit_code() { scontrol -o show job "$1" | grep -oE 'ExitCode=[0-9:]+' | head -n 1 | cut -d = -f 2; }

# says REGEX: the job's output has a line like that.
says() { grep -qE -- "$1" ./*-"$job".out || fail "expected a line matching: $1"; }
# says_times NUMBER REGEX
says_times() {
    local found
    found=$(grep -cE -- "$2" ./*-"$job".out) || true
    ((found == $1)) || fail "expected $1 lines matching: $2, found $found"
}

# recorded START: the record of the job begins like that.
recorded() {
    local record
    record=$(cat ./*-"$job".json 2>/dev/null) || record=none
    [[ $record == "$1"* ]] || fail "expected a record like $1, found $record"
}
not_recorded() { [[ -z $(compgen -G "*-$job*.json*") ]] || fail "expected no record"; }

processes_of() { grep -lzsxF "SLURM_JOB_ID=$1" /proc/[0-9]*/environ | cut -d / -f 3; }

# Nothing of the job runs on any node. The last daemons of a job outlive it by moments.
nothing_left() {
    local deadline=$((SECONDS + 10))
    while [[ -n $(processes_of "$job") ]]; do
        if ((SECONDS >= deadline)); then
            ps -fp "$(processes_of "$job" | paste -sd ,)" || true
            fail "processes of job $job are left"
        fi
        sleep 0.2
    done
}

# A job that waits for this one's success is run; or is not, but removed.
dependent_runs() { dependent_is COMPLETED; }
dependent_does_not_run() { dependent_is CANCELLED; }
dependent_is() {
    local dependent
    dependent=$(sbatch --parsable --dependency="afterok:$job" --kill-on-invalid-dep=yes --output=/dev/null \
        --wrap "touch after-$job")
    ended "$dependent" "$1"
    [[ $1 == COMPLETED && -e after-$job || $1 == CANCELLED && ! -e after-$job ]] ||
        fail "job $dependent, which waits for $job, is $1 but ran or not otherwise"
}
