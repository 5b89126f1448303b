#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# check_page.sh PAGE FILE…: the C++ and Fortran blocks of the page are these files, in this order and to the letter.
set -euo pipefail
page=$1
shift
blocks=$(grep -cE '^```(cpp|fortran)$' "$page")
[[ $blocks == $# ]] || { echo "$page has $blocks blocks of programs, $# are tested" && exit 1; }
number=0
for file in "$@"; do
    number=$((number + 1))
    diff <(awk -v want=$number '/^```(cpp|fortran)$/ { on = ++count == want; next } /^```/ { on = 0 } on' "$page") "$file"
done
