#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# record.sh HOW LAUNCH…: runs `ends HOW` over the record of an earlier run, and looks at what is there then.
set -euo pipefail
how=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export RAMAL_RECORD=$folder/record
echo '{"status": 0}' >"$RAMAL_RECORD"
"$@" "$how" || true
found=$(cat "$RAMAL_RECORD" 2>/dev/null || echo none)
case $how in
    status) expected='{"status": 7, "ranks": 2, *' ;;
    throw | status_256) expected='{"status": 1, "ranks": 2, *' ;;
    *) expected=none ;; # ended by force
esac
# shellcheck disable=SC2053
[[ $found == $expected ]] || { echo "expected a record like $expected, found $found" && exit 1; }
