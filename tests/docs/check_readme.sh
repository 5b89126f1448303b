#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The first C++ block of README.md is tests/docs/readme.cpp, to the letter.
set -euo pipefail
cd "$(dirname "$0")/../.."
diff <(awk '/^```cpp$/ { on = 1; next } /^```$/ { if (on) exit } on' README.md) tests/docs/readme.cpp
