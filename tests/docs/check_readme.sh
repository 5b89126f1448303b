#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# check_readme.sh FILE…: the C++ blocks of README.md are these files, in this order and to the letter.
set -euo pipefail
cd "$(dirname "$0")/../.."
blocks=$(grep -c '^```cpp$' README.md)
[[ $blocks == $# ]] || { echo "README.md has $blocks C++ blocks, $# are tested" && exit 1; }
number=0
for file in "$@"; do
    number=$((number + 1))
    diff <(awk -v want=$number '/^```cpp$/ { on = ++count == want; next } /^```/ { on = 0 } on' README.md) "$file"
done
