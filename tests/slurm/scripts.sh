#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# scripts.sh NAME: every job script, as it is, with the real notebook.
set -euo pipefail
# shellcheck source=tests/slurm/support.sh
source "$(dirname "${BASH_SOURCE[0]}")/support.sh"
begin "$1"

# The sum, and where each rank was.
good_notebook() {
    local host
    ended "$job" COMPLETED
    says '^tasks = 511$'
    says '^total = 16384$'
    for host in n1 n2; do says_times "$1" "^rank [0-9]+ on $host ran [0-9]+ tasks$"; done
    nothing_left
}
# bound THREADS: each rank has as many cores as threads, where this machine can bind them. Ramal counts CPUs;
# mpirun gives whole cores, which may have several.
bound() {
    local threads="$1 threads?" siblings cores='[0-9]+'
    siblings=$(lscpu | sed -nE 's/^Thread\(s\) per core: *([0-9]+)$/\1/p')
    # shellcheck disable=SC2154
    if [[ $slurm_binds == yes ]]; then
        cores="($1|$(($1 * ${siblings:-1})))"
    else
        echo "ranks cannot be bound to CPU 0 and 1 here, so where they are is not looked at"
    fi
    says "^ramal .*, each $threads on $cores cores?;"
}

case $1 in
    notebook | mpirun)
        submit "$NOTEBOOK" "$scripts/$1.sbatch" --sleep 0.01
        good_notebook 2
        bound 1
        recorded '{"status": 0, "ranks": 4, "hosts": 2, "threads": 1, '
        dependent_runs
        ;;
    hybrid_srun | hybrid_mpirun)
        export LAUNCHER=${1#hybrid_}
        submit "$NOTEBOOK" "$scripts/hybrid.sbatch" --sleep 0.01
        good_notebook 1
        bound 2
        recorded '{"status": 0, "ranks": 2, "hosts": 2, "threads": 2, '
        ;;
    by_default)
        # From the folder that has build/, without arguments.
        mkdir -p build/release/apps
        ln -s "$NOTEBOOK" build/release/apps/notebook
        job=$(sbatch --parsable "$scripts/notebook.sbatch")
        good_notebook 2
        ;;
    edited)
        # The head gives way to options, and one rank more is no special case.
        submit "$NOTEBOOK" --job-name=other --nodes=3 --ntasks-per-node=1 "$scripts/notebook.sbatch" --sleep 0
        good_notebook 1
        recorded '{"status": 0, "ranks": 3, "hosts": 3, '
        [[ -e other-$job.json ]] || fail "expected the job's name in that of the record"
        ;;
    scaling)
        submit "$NOTEBOOK" "$scripts/scaling.sbatch" --sleep 0.001
        ended "$job" COMPLETED 120
        cat "scaling-$job.txt"
        found=$(awk '!/#/ { printf "%d/%d/%d ", $1, $2, $3 }' "scaling-$job.txt")
        [[ $found == '1/1/1 2/1/1 4/2/1 8/4/1 ' ]] || fail "expected a line for each number of ranks, found $found"
        # Seconds are positive, and the other columns are what they say.
        awk '!/#/ { if (!work) work = $1 * $4
                    if ($4 <= 0 || ($5 * $4 / work - 1) ^ 2 > 0.001 || ($6 * $1 - $5) ^ 2 > 0.001) exit 1 }' \
            "scaling-$job.txt" || fail "the table is wrong"
        if command -v gnuplot >/dev/null; then
            grep -q '</svg>' "scaling-$job.svg" || fail "expected a whole picture"
            grep -q 'notebook --sleep 0.001' "scaling-$job.svg" || fail "expected the picture to have a title"
        else
            echo "there is no gnuplot for the picture"
        fi
        [[ -z $(compgen -G '*.part') && $(compgen -G '*.json' | wc -l) == 4 ]] || fail "expected 4 records"
        dependent_runs
        ;;
    *) fail "there is no test $1" ;;
esac
