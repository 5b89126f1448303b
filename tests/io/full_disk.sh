#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# full_disk.sh LAUNCH…: runs a program that fills a file system of 4 MiB, which only it can see. Ends with 77
# (skipped) where no such file system can be mounted.
set -euo pipefail
if [[ ${1:-} != inside ]]; then
    spaces=(--mount)
    ((EUID == 0)) || spaces+=(--user --map-root-user)
    unshare "${spaces[@]}" true 2>/dev/null || { echo "skipped: no file system can be mounted here" && exit 77; }
    exec unshare "${spaces[@]}" "$0" inside "$@"
fi
shift
folder=$(mktemp -d)
mount -t tmpfs -o size=4m tmpfs "$folder" || { rmdir "$folder" && exit 77; }
status=0
"$@" full "$folder" || status=$?
umount "$folder"
rmdir "$folder"
exit "$status"
