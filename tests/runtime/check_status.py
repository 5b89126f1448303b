#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Looks at RAMAL_STATUS while a program runs, and at what `ramal top` and lines of progress make of it.

check_status.py TOOL FILE RANKS WHILE COMMAND...: WHILE is `told`, where ranks tell while they are inside long tasks, or
`silent`, where a rank of one thread cannot.
"""
import json
import os
import subprocess
import sys
import time


def require(condition, *what):
    if not condition:
        sys.exit("status: " + " ".join(str(one) for one in what))


tool, path, ranks, told, *command = sys.argv[1:]
ranks = int(ranks)
if os.path.exists(path):
    os.remove(path)
record = path + ".record"
env = {**os.environ, "RAMAL_STATUS": path, "RAMAL_PROGRESS_BAR": "on", "RAMAL_SUMMARY": "on", "RAMAL_RECORD": record}
program = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
looks, seen, shown = [], set(), ""
while program.poll() is None:
    time.sleep(0.1)
    try:
        with open(path) as file:
            look = json.load(file)  # always whole
    except FileNotFoundError:
        continue
    require(look["ramal_status"] == 1 and len(look["ranks"]) == ranks and not look["ended"] or looks, look)
    for number, rank in enumerate(look["ranks"]):
        require(rank["rank"] == number and 0 <= rank["busy"] <= 1.001, rank)
        for task in rank["running"]:
            if task["seconds"] + rank["heard_seconds_ago"] > 0.5:
                seen.add((number, task["kind"].split("::")[-1]))
    done = sum(kind["done"] for kind in look["kinds"])
    require(not looks or done >= looks[-1], "what is done grows")
    looks.append(done)
    if not shown and done > 0 and not look["ended"]:
        shown = subprocess.run([tool, "top", path, "--once"], check=True, capture_output=True, text=True).stdout
errors = program.stderr.read()
require(program.returncode == 0, program.returncode, errors)
require(len(looks) > 10 and looks[0] < 61, "it was looked at while it ran", looks)
with open(path) as file:
    last = json.load(file)
require(last["ended"] and sum(rank["done"] for rank in last["ranks"]) == 61, "the last word", last)
kinds = {kind["name"].split("::")[-1]: kind for kind in last["kinds"]}
require(kinds["nap"]["done"] == kinds["nap"]["planned"] == 60 and kinds["sleep_long"]["planned"] == 1, kinds)
if told == "told":
    require((ranks - 1, "sleep_long") in seen, "the long task was seen from outside", seen)
require("nap" in shown and " rank host " in shown and len(shown.splitlines()) >= 3 + ranks, shown)
after = subprocess.run([tool, "top", path], check=True, capture_output=True, text=True).stdout
require("the program has ended" in after, after)
require("of 61 tasks" in errors, "a line of progress", errors)
require("ramal: summary: 61 tasks in " in errors and "sleep_long" in errors.split("summary:")[1], errors)
with open(record) as file:
    summary = json.load(file)["summary"]
require(summary["version"] == 1 and len(summary["ranks"]) == ranks and 0 < summary["efficiency"] <= 1.001, summary)
kinds = {kind["name"].split("::")[-1]: kind for kind in summary["kinds"]}
require(kinds["nap"]["tasks"] == 60 and kinds["sleep_long"]["longest_rank"] == ranks - 1, summary)
require("status_program.cpp:" in kinds["nap"]["longest_line"], summary)
require(0.055 < kinds["nap"]["p50_seconds"] < kinds["nap"]["longest_seconds"] * 1.13, summary)
require(all(to["to"] != rank for rank, one in enumerate(summary["ranks"]) for to in one["sent"]), summary)
for wrong in (path + ".not", __file__):
    refused = subprocess.run([tool, "top", wrong, "--once"], capture_output=True, text=True)
    require(refused.returncode == 1 and "expected a status file" in refused.stderr, refused.stderr)
print("ok")
