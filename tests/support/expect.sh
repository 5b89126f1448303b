#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# expect.sh STATUS REGEX COMMAND…: runs the command; succeeds if it exits with STATUS (or, for `fail`,
# with any but 0) and its output has a line that matches REGEX (none, for `not:REGEX`). Prints the output.
set -u
status=$1 regex=$2
shift 2
output=$("$@" 2>&1)
found=$?
printf '%s\n' "$output"
if [[ $status == fail ]]; then
  [[ $found -ne 0 ]] && status=$found || status='other than 0'
fi
if [[ $found != "$status" ]]; then
  echo "expected exit status $status, found $found"
  exit 1
fi
if [[ $regex == not:* ]]; then
  if grep -qE -- "${regex#not:}" <<<"$output"; then
    echo "expected no line matching: ${regex#not:}"
    exit 1
  fi
elif [[ -n $regex ]] && ! grep -qE -- "$regex" <<<"$output"; then
  echo "expected a line matching: $regex"
  exit 1
fi
