#!/usr/bin/env bash
# The long form: run.sh [SECONDS [TARGET…]] builds the targets with clang and libFuzzer (preset fuzz) and runs each for
# so many seconds (60 without it), from the kept corpus. What is found new stays in build/fuzz/corpus; an input that ends a
# target stays beside it. CXX names another clang than the newest one that is here. Exits with 1 if anything failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-60}
(($# > 0)) && shift
targets=("$@")
((${#targets[@]} > 0)) || targets=(frames walker planner executor)
for version in 20 19 18 17 16; do
  [ -z "${CXX:-}" ] && command -v "clang++-$version" >/dev/null && export CC=clang-$version CXX=clang++-$version
done
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}"
failed=0
for target in "${targets[@]}"; do
  found=build/fuzz/corpus/$target
  mkdir -p "$found"
  echo "== $target: $seconds s"
  "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=600 -timeout=20 -rss_limit_mb=2000 \
    -verbosity=0 -artifact_prefix="build/fuzz/corpus/$target-" "$found" "tests/fuzz/corpus/$target" ||
    { failed=1 && echo "== $target: FAILED"; }
done
exit $failed
