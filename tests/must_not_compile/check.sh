#!/usr/bin/env bash
# check.sh CXX FLAG… FILE: FILE must not compile, for the reason given in its first lines, each
# `// expect: TEXT`; with -DFIXED it must compile, so that nothing else is wrong with it.
set -euo pipefail

(($# >= 2)) || { echo "usage: $0 CXX FLAG… FILE" >&2 && exit 2; }
file=${!#}
compile=("${@:1:$#-1}" -fsyntax-only)
export LC_ALL=C # plain quotes in messages

fail() {
    printf '%s: %s\n' "$file" "$1" >&2
    # What a person would see first.
    printf '%s\n' "$2" | grep -m 1 -E '(error|static assertion)[^:]*:' >&2 || printf '%s\n' "$2" | head -n 5 >&2
    exit 1
}

expected=$(sed -n 's|^// expect: ||p' "$file")
[[ -n $expected ]] || fail "says nothing of what to expect: // expect: TEXT" ""

if output=$("${compile[@]}" "$file" 2>&1); then fail "compiles, but must not" "$output"; fi
while IFS= read -r text; do
    [[ $output == *"$text"* ]] || fail "does not compile, but the compiler does not say: $text" "$output"
done <<<"$expected"

output=$("${compile[@]}" -DFIXED "$file" 2>&1) || fail "does not compile with -DFIXED either" "$output"
