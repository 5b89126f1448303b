#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# check_readme.sh FILE…: the C++ and Fortran blocks of README.md are these files, in this order and to the letter.
set -euo pipefail
cd "$(dirname "$0")/../.."
blocks=$(grep -cE '^```(cpp|fortran)$' README.md)
[[ $blocks == $# ]] || { echo "README.md has $blocks blocks of programs, $# are tested" && exit 1; }
number=0
for file in "$@"; do
    number=$((number + 1))
    diff <(awk -v want=$number '/^```(cpp|fortran)$/ { on = ++count == want; next } /^```/ { on = 0 } on' README.md) "$file"
done
