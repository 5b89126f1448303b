#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# by_rank.sh FIRST OTHER: rank 0 runs FIRST, every other rank OTHER. Instead of `mpiexec … : …`, with which
# the launcher of Debian 13's and Ubuntu's Open MPI 5 crashes (open-mpi/ompi issue 13303).
set -eu
rank=${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-${PMI_RANK:?no rank in the environment}}}
if ((rank == 0)); then exec "$1"; else exec "$2"; fi
