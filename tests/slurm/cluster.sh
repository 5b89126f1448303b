#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# cluster.sh start | stop: the cluster of the other tests. It also ends with the ctest that started it.
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/slurm/support.sh
source "$folder/support.sh"

if [[ $1 == stop ]]; then exec "$folder/minislurm.sh" stop "$cluster"; fi
"$folder/minislurm.sh" start "$cluster" "$PPID"
begin time_limit
if ! srun --mpi=list 2>&1 | grep -q pmix; then
    "$folder/minislurm.sh" stop "$cluster"
    echo "skipped: this Slurm has no plugin pmix" && exit 77
fi
# Slurm looks at time limits twice a minute. These jobs run into theirs on nodes of their own while the other
# tests run; the test time_limit looks at what became of them.
for script in notebook mpirun; do
    submit "$NOTEBOOK" --job-name="late_$script" --time=1 --nodelist=n5,n6 --ntasks-per-node=1 \
        "$scripts/$script.sbatch" --sleep 1000
    echo "$job" >"job_$script"
done
