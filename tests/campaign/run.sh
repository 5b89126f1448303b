#!/bin/sh
# The long form: run.sh PROGRAMS COUNT [MORE ARGUMENTS…] runs COUNT random programs (100,000 without it) with the program
# PROGRAMS (build/release/tests/campaign/programs), most of them in one process on 1 to 8 ranks of 1 to 4 threads
# each, then some in the other schedulers. Goes on behind a program that hangs. Prints what failed, and exits
# with 1 if anything did.
set -u
programs=${1:-build/release/tests/campaign/programs}
count=${2:-100000}
[ $# -gt 2 ] && shift 2 || set --
first=${FIRST_SEED:-1000000}
failed=0

# in_pieces SCHEDULER FROM COUNT ARGUMENTS…: a process for each thousand, so that one that hangs costs the rest of one.
in_pieces() {
  scheduler=$1 at=$2 last=$(($2 + $3))
  shift 3
  while [ "$at" -lt "$last" ]; do
    piece=$((last - at < 1000 ? last - at : 1000))
    echo "$scheduler: seeds $at to $((at + piece - 1))"
    case $scheduler in
      mpi*) mpirun -n "${scheduler#mpi}" "$programs" --scheduler mpi --seeds "$at" "$piece" "$@" || failed=1 ;;
      *) "$programs" --scheduler "$scheduler" --seeds "$at" "$piece" "$@" || failed=1 ;;
    esac
    at=$((at + piece))
  done
}

in_pieces serial "$first" $((count / 10)) "$@"
in_pieces stepped "$first" $((count / 5)) "$@"
in_pieces inprocess "$first" $((count * 6 / 10)) "$@"
for ranks in 1 2 3 4 5 6 7 8; do
  in_pieces "mpi$ranks" $((first + ranks * count)) $((count / 80)) "$@"
done
exit $failed
