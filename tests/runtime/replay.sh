#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# replay.sh HOW PROGRAM: a task of `dies HOW` is kept with its inputs, and does the same when it runs alone.
set -uo pipefail
how=$1 program=$2
expect=$(dirname "${BASH_SOURCE[0]}")/../support/expect.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export RAMAL_KEEP_FAILED=$folder
"$expect" fail "to run it alone, give the program --ramal-replay $folder/" "$program" "$how" || exit 1
file=$(ls "$folder"/*.task)
case $how in
    throw) "$expect" 1 "it failed again, arguments \(\[20, 21\], \[1, 2\]\): the sum is 42" "$program" --ramal-replay "$file" ;;
    *) "$expect" 139 "^ramal: replaying the task in $file" "$program" --ramal-replay="$file" ;;
esac || exit 1
# A file that is none is told so.
head -c 40 "$file" >"$folder/cut"
"$expect" 2 "cut is no file that RAMAL_KEEP_FAILED has made, or is damaged" "$program" --ramal-replay "$folder/cut" || exit 1
printf 'ramal task 1\n\x01\0\0\0\0\0\0\0x' >"$folder/other"
"$expect" 2 "was made by another program, another version of it" "$program" --ramal-replay "$folder/other"
