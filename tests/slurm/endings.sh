#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# endings.sh NAME: what jobs leave behind that do not end well, and that Slurm hears of it.
set -euo pipefail
# shellcheck source=tests/slurm/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
begin "$1"

# failed STATE: Slurm calls it that, nothing says that it went well, nothing of it still runs.
failed() {
    ended "$job" "$1" "${2:-120}"
    [[ $(exit_code "$job") != 0:0 || $1 == TIMEOUT ]] || fail "expected another exit code than 0"
    nothing_left
    dependent_does_not_run
}

# All ranks are inside a long task.
submit_long() {
    submit "$NOTEBOOK" "$scripts/$1.sbatch" --sleep 1000
    local deadline=$((SECONDS + 60))
    until grep -qs '^ramal .* 4 ranks on 2 hosts' ./*-"$job".out; do
        ((SECONDS < deadline)) || fail "the program does not start"
        sleep 0.1
    done
    sleep 1 # the tasks begin right after that line
}

# The process of the last rank, which is on the second node.
last_rank() {
    local process
    for process in $(processes_of "$job"); do
        [[ /proc/$process/exe -ef $NOTEBOOK ]] || continue
        ! grep -qszxE '(PMIX_RANK|OMPI_COMM_WORLD_RANK)=3' "/proc/$process/environ" || echo "$process"
    done
}

case $1 in
    with_status_*)
        submit "$ENDS" "$scripts/${1#with_status_}.sbatch" status
        failed FAILED
        [[ $(exit_code "$job") == 7:0 ]] || fail "expected the program's own status, 7"
        recorded '{"status": 7, "ranks": 4, '
        ;;
    by_task_error_*)
        submit "$ENDS" "$scripts/${1#by_task_error_}.sbatch" task_error
        failed FAILED
        [[ $(exit_code "$job") == 1:0 ]] || fail "expected the program's own status, 1"
        says 'task bad .called at .* the disk is on fire'
        ! grep -qs '"status": 0' ./*.json || fail "expected no record of success"
        ;;
    by_vanishing)
        # Every rank leaves with 0 in the middle of MPI.
        submit "$ENDS" "$scripts/notebook.sbatch" vanish
        failed FAILED
        not_recorded
        ;;
    without_record_*)
        # The launcher reports success, but nothing proves it.
        submit "$(type -P true)" "$scripts/${1#without_record_}.sbatch"
        failed FAILED
        [[ $(exit_code "$job") == 1:0 ]] || fail "expected the script's own status, 1"
        says 'does not say that 4 ranks ended well'
        ;;
    by_killed_rank_*)
        submit_long "${1#by_killed_rank_}"
        process=$(last_rank)
        [[ $process =~ ^[0-9]+$ ]] || fail "expected one process, found '$process'"
        kill -KILL "$process"
        failed FAILED
        not_recorded
        ;;
    by_scancel_*)
        submit_long "${1#by_scancel_}"
        scancel "$job"
        failed CANCELLED
        says 'told to stop'
        says 'record: none'
        not_recorded
        ;;
    by_time_limit)
        for script in notebook mpirun; do
            job=$(<"$PLACE/work/time_limit/job_$script")
            cd "$PLACE/work/time_limit"
            # A minute, half a minute until Slurm looks, some seconds until everything is over.
            failed TIMEOUT 150
            says 'CANCELLED AT .* DUE TO TIME LIMIT'
            says 'record: none'
            not_recorded
        done
        ;;
    without_a_program)
        submit "$PWD/nothing" "$scripts/notebook.sbatch"
        failed FAILED
        says 'there is no program .*/nothing'
        ;;
    with_wrong_plugin)
        # Open MPI 4 sees Slurm and refuses to start; other libraries go on as in the next test.
        export SLURM_MPI_TYPE=none
        submit "$NOTEBOOK" "$scripts/notebook.sbatch" --sleep 0
        failed FAILED
        says 'each is alone|direct launched using "srun"'
        ;;
    as_single_programs)
        # Without this variable Open MPI 4 does not notice Slurm, as other libraries do not by themselves.
        # One record: with all of them at it, some may fail to write theirs, and so be found out earlier.
        cat >alone <<END
#!/bin/sh
[ "\$SLURM_PROCID" = 0 ] || unset RAMAL_RECORD
exec env -u SLURM_NODELIST "$NOTEBOOK" "\$@"
END
        chmod +x alone
        export SLURM_MPI_TYPE=none
        submit "$PWD/alone" "$scripts/notebook.sbatch" --sleep 0
        failed FAILED
        says_times 4 '^total = 16384$'
        says_times 1 'started 4 processes, but each is alone'
        recorded '{"status": 0, "ranks": 1, '
        says 'does not say that 4 ranks ended well'
        ;;
    scaling_in_part)
        # One number of ranks does not fit: the others are drawn, and the array as a whole has failed.
        submit "$NOTEBOOK" --array=1,2,16 --nodes=2 "$scripts/scaling.sbatch" --sleep 0
        ended "$job" 'COMPLETED FAILED'
        found=$(awk '!/#/ { printf "%d ", $1 }' "scaling-$job.txt")
        [[ $found == '1 2 ' ]] || fail "expected a line for 1 and 2 ranks, found $found"
        grep -q '16 ranks do not fit on 2 nodes' "scaling-${job}_16.out" || fail "expected a reason"
        dependent_does_not_run
        ;;
    *) fail "there is no test $1" ;;
esac
