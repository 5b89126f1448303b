#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# why.sh RAMAL_WHY COMMAND…: runs the command, and then says what its ranks have left.
set -euo pipefail
why=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
! "$why" "$folder" 2>/dev/null || { echo "expected a failure where nothing is" && exit 1; }
RAMAL_DUMP_DIR=$folder "$@"
"$why" "$folder"
