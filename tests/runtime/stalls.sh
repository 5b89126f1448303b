#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# stalls.sh REGEX… -- COMMAND…: the command ends well, and says a line that matches each, in this order.
set -uo pipefail
wanted=()
while [[ $1 != -- ]]; do
    wanted+=("$1")
    shift
done
shift
said=$("$@" 2>&1) || { printf '%s\n' "$said" "expected success" && exit 1; }
printf '%s\n' "$said"
rest=$said
for one in "${wanted[@]}"; do
    line=$(grep -nE -m 1 -- "$one" <<<"$rest" | cut -d: -f1)
    [[ -n $line ]] || { echo "expected a line, after those before it, that matches: $one" && exit 1; }
    rest=$(tail -n "+$((line + 1))" <<<"$rest")
done
