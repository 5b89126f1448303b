#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Traces a program and reads the trace as a viewer would.

check_trace.py PROGRAM TRACE RANKS [--gz] [--parts TOOL] [--] COMMAND...

Runs PROGRAM serially, which says how often each function is called; then COMMAND, the same program on RANKS ranks,
with RAMAL_TRACE=TRACE. Then in the trace
  - every function has a slice for each call, a collective one a slice on each rank,
  - slices of a thread follow each other or lie in each other, and begin in rising order,
  - each arrow leads from a slice of the sender to one of the receiver, of the same message, forwards,
  - what begins ends, counters are not negative, names and lines are there.
--parts: COMMAND dies; the trace is made afterwards of what the ranks had written, by `TOOL trace TRACE`.
"""
import collections
import glob
import gzip
import json
import os
import subprocess
import sys


def require(condition, *what):
    if not condition:
        sys.exit("trace: " + " ".join(str(one) for one in what))


def read(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as file:
        return json.load(file)


def check_slices(slices):
    """Of one thread: (begin, duration in nanoseconds, event), in the order of the file."""
    ends = []  # of those that the next one may lie in
    before = None
    for begin, took, event in slices:
        require(took >= 0, "a slice ends before it begins", event)
        require(before is None or begin >= before, "a slice begins before the one before it", event)
        before = begin
        while ends and ends[-1] <= begin:
            ends.pop()
        require(not ends or begin + took <= ends[-1], "a slice ends after the one it lies in", event)
        ends.append(begin + took)


def nanoseconds(microseconds):
    return round(1000 * microseconds)


def check(trace, expected, ranks, complete):
    events = trace["traceEvents"]
    require(trace["otherData"]["ramal_trace"] == 1 and trace["otherData"]["ranks"] == ranks, "what it says of itself")
    for rank, clock in enumerate(trace["otherData"]["clocks"]):
        require(clock["rank"] == rank and len(clock["measured"]) == (2 if rank > 0 and complete else len(clock["measured"])),
                "how clocks were measured", clock)
        require(clock["corrected"].startswith("not"), "ranks of one host have one clock", clock)
    threads = collections.defaultdict(list)
    tasks = collections.Counter()
    arrows = {"s": {}, "f": {}}
    open_spans = collections.Counter()
    names = set()
    for event in events:
        phase = event["ph"]
        require(0 <= event["pid"] < ranks, "a process is a rank", event)
        if phase == "M":
            names.add((event["name"], event["pid"], event["tid"]))
            continue
        require(event["ts"] >= 0, "a time", event)
        place = (event["pid"], event["tid"])
        if phase == "X":
            threads[place].append((nanoseconds(event["ts"]), nanoseconds(event["dur"]), event))
            require(("thread_name", *place) in names, "a thread has a name", event)
            if event["cat"] == "task":
                name = event["name"].split("::")[-1].split("(")[0]
                tasks[name] += 1
                require("run" in event["args"] and ("task" in event["args"]) != ("member" in event["args"]), event)
                require(event["args"].get("failed", False) == (name == "refuse"), "who failed", event)
                if not name.startswith("convert"):
                    require("trace_program.cpp:" in event["args"].get("line", ""), "a line", event)
        elif phase in arrows:
            require(event["id"] not in arrows[phase], "an arrow has two ends", event)
            arrows[phase][event["id"]] = event
        elif phase in "be":
            name = (event["cat"], event["id"])
            open_spans[name] += 1 if phase == "b" else -1
            require(open_spans[name] in (0, 1), "what begins once ends once", event)
        elif phase == "C":
            require(all(value >= 0 for value in event["args"].values()), "a counter", event)
        else:
            require(False, "an event of no kind that we know", event)
    for slices in threads.values():
        check_slices(slices)
    if complete:
        require(all(count == 0 for count in open_spans.values()), "what begins ends", open_spans)
        for function, calls in expected.items():
            calls *= ranks if function == "together" else 1
            require(tasks[function] == calls, function, "was called", calls, "times, and has slices:", tasks[function])
    require(arrows["s"].keys() == arrows["f"].keys(), "arrows have both ends")
    require(ranks == 1 or arrows["s"], "messages have arrows")
    starts = {(place, begin): event for place, slices in threads.items() for begin, _, event in slices}
    for number, sent in arrows["s"].items():
        received = arrows["f"][number]
        ends = [starts.get(((end["pid"], end["tid"]), nanoseconds(end["ts"]))) for end in (sent, received)]
        require(all(ends), "an arrow begins and ends at slices", sent, received)
        out, into = ends
        require(out["name"].split()[1] == into["name"].split()[1], "an arrow is of one message", out, into)
        require(out["args"]["bytes"] == into["args"]["bytes"] and out["args"]["run"] == into["args"]["run"], out, into)
        require(out["args"]["to"] == into["pid"] and into["args"]["from"] == out["pid"], out, into)
        require(sent["ts"] <= received["ts"], "an arrow leads forwards", out, into)
    return sum(tasks.values()), len(arrows["s"])


def main(arguments):
    program, path, ranks, *rest = arguments
    tool = None
    if rest[0] == "--parts":
        tool, rest = rest[1], rest[2:]
    for old in glob.glob(path + "*"):
        os.remove(old)
    serial = subprocess.run([program], env={**os.environ, "RAMAL_SCHEDULER": "serial", "RAMAL_WARNINGS": "off"},
                            check=True, capture_output=True, text=True)
    expected = {line.split()[0]: int(line.split()[1]) for line in serial.stdout.splitlines()}
    require(len(expected) > 8, "the serial run says what it called")
    run = subprocess.run(rest, env={**os.environ, "RAMAL_TRACE": path}, capture_output=True, text=True)
    require("RAMAL_TRACE" not in run.stderr, run.stderr)
    if tool:
        require(run.returncode != 0 and not os.path.exists(path), "it died", run.stderr)
        subprocess.run([tool, "trace", path], check=True, capture_output=True)
    else:
        require(run.returncode == 0, "the program ended with", run.returncode, run.stderr)
    require(glob.glob(path + "*") == [path], "nothing but the trace is left:", glob.glob(path + "*"))
    tasks, arrows = check(read(path), expected, int(ranks), tool is None)
    require(tool is None or tasks > 1000, "what the ranks had written is there")
    print(f"ok: {tasks} tasks, {arrows} messages on {ranks} ranks")


main(sys.argv[1:])
