#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Looks at a report in headless Chromium.

check_report.py BROWSER PAGE -- COMMAND...

COMMAND is a program that writes PAGE (RAMAL_REPORT). Then the page is opened, zoomed, moved and hovered over, and
  - no error is in its console, and it asks for no file but itself,
  - each canvas has colours, and another picture after zooming; the tooltip names a task and where it was called,
  - tables and sums are as the data say, in both themes.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

BEFORE = """<script>
const problems = [];
addEventListener("error", (event) => problems.push(String(event.message)));
// Where nobody looks there may be no frames.
window.requestAnimationFrame = (draw) => setTimeout(draw, 10);
for (const how of ["error", "warn"]) console[how] = (...what) => problems.push(what.join(" "));
</script>"""

# What a user does. What it finds is the text of the last element.
AFTER = """<pre id="found"></pre><script>
const found = { problems };
const next_frame = () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
const canvas = (id) => document.getElementById(id);
function colours(id) {
  const one = canvas(id), all = new Set();
  if (one.width === 0) return 0;
  const pixels = new Uint32Array(one.getContext("2d").getImageData(0, 0, one.width, one.height).data.buffer);
  for (const pixel of pixels) all.add(pixel);
  return all.size;
}
function send(id, kind, x, y, more = {}) {
  const box = canvas(id).getBoundingClientRect();
  const is_wheel = kind === "wheel";
  canvas(id).dispatchEvent(new (is_wheel ? WheelEvent : PointerEvent)(kind,
    { clientX: box.left + x, clientY: box.top + y, bubbles: true, cancelable: true, ...more }));
}
(async () => {
  await next_frame();
  found.colours = Object.fromEntries(["stream", "busy", "done", "memory", "traffic"].map((id) => [id, colours(id)]));
  const whole = canvas("stream").toDataURL(), panel = panels[0];
  // The slowest task: where the table says it is.
  const [row, at, took] = data.slowest[0];
  document.querySelector("#slowest tbody tr").click();
  await next_frame();
  found.zoomed = [view.from, view.to, at, took];
  found.differs = canvas("stream").toDataURL() !== whole;
  const x = panel.x_of(at + took / 2), y = rows[row].y - stream.top + rows[row].height / 2;
  send("stream", "pointermove", x, y);
  found.tip = document.getElementById("tip").innerText;
  found.tip_is_seen = !document.getElementById("tip").hidden;
  const before = view.to - view.from, under = panel.time_at(x);
  send("stream", "wheel", x, y, { deltaY: -300 });
  await next_frame();
  found.wheel = [before, view.to - view.from, under, panel.time_at(x)];
  const from = view.from;
  send("stream", "pointerdown", 400, 10);
  send("stream", "pointermove", 350, 10);
  send("stream", "pointerup", 350, 10);
  found.moved = [from, view.from];
  for (const id of ["busy", "done", "memory", "traffic"]) {
    send(id, "pointermove", 300, 60);
    found["tip_" + id] = document.getElementById("tip").innerText;
  }
  send("stream", "dblclick", 300, 10);
  await next_frame();
  found.again = [view.from, view.to, data.wall];
  found.same = canvas("stream").toDataURL() === whole;
  document.querySelector("#legend .kind").click();
  await next_frame();
  found.alone = canvas("stream").toDataURL() !== whole;
  document.querySelector("#legend .kind").click();
  const theme_before = getComputedStyle(document.body).backgroundColor;
  document.getElementById("theme").click();
  await next_frame();
  found.themes = [theme_before, getComputedStyle(document.body).backgroundColor];
  found.other_colours = colours("stream");
  document.getElementById("theme").click();
  document.getElementById("tip").hidden = true;
  await next_frame();
  found.tasks = data.tasks;
  found.kinds = data.kinds.map((kind) => [kind_name(data.kinds.indexOf(kind)), kind[1], kind[2]]);
  found.slices = rows.reduce((sum, one) => sum + one.count, 0);
  found.fits = document.documentElement.scrollWidth <= innerWidth;
  found.requests = performance.getEntriesByType("resource").map((entry) => entry.name);
})().catch((error) => problems.push(String(error && error.stack || error)))
  .finally(() => { document.getElementById("found").textContent = JSON.stringify(found); });
</script>"""


def require(condition, *what):
    if not condition:
        sys.exit("report: " + " ".join(str(one) for one in what))


def browse(browser, page, *options):
    with tempfile.TemporaryDirectory() as profile:
        run = subprocess.run(
            [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
             "--disable-background-networking", "--user-data-dir=" + profile, "--virtual-time-budget=5000", *options,
             "file://" + os.path.abspath(page)], capture_output=True, text=True, timeout=90)
    return run.stdout


def look(browser, page, *options):
    with open(page, encoding="utf-8", errors="replace") as file:
        text = file.read()
    require("://" not in re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.S), "it needs no network")
    require(len(text) < 5_000_000, "its size", len(text))
    with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8", delete=False) as probe:
        probe.write(text.replace("<head>", "<head>" + BEFORE, 1).replace("</body>", AFTER + "</body>"))
    try:
        dom = browse(browser, probe.name, "--window-size=1400,1000", "--dump-dom", *options)
    finally:
        os.remove(probe.name)
    found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.S)
    require(found and found.group(1), "nothing was found:", dom[-2000:])
    text = found.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&")
    return json.loads(text)


def check(found):
    require(found["problems"] == [], found["problems"])
    require(found["requests"] == [], "it asks for nothing", found["requests"])
    for canvas, colours in found["colours"].items():
        require(colours > 3, canvas, "is drawn with", colours, "colours")
    require(found["differs"] and found["same"] and found["alone"], "zooming changes the picture, and back")
    begin, end, at, took = found["zoomed"]
    require(begin <= at and at + took <= end, "a click on the slowest shows it", found["zoomed"])
    require(found["tip_is_seen"] and "called at" in found["tip"] and "rank" in found["tip"], "the tooltip", found["tip"])
    before, after, under, still = found["wheel"]
    require(after < 0.6 * before and abs(under - still) < 0.01 * before, "the wheel zooms around the mouse", found["wheel"])
    require(found["moved"][1] > found["moved"][0], "dragging moves", found["moved"])
    require(found["again"] == [0, found["again"][2], found["again"][2]], "double click", found["again"])
    for panel in ("busy", "done", "memory", "traffic"):
        require(found["tip_" + panel], "a tooltip of", panel)
    require(found["themes"][0] != found["themes"][1] and found["other_colours"] > 3, "both themes", found["themes"])
    require(found["tasks"] == found["slices"] == sum(kind[1] for kind in found["kinds"]), "all tasks are there")
    require(found["fits"], "it is no wider than the window")


def main(arguments):
    command = arguments[arguments.index("--") + 1:]
    browser, page = arguments[:arguments.index("--")]
    if os.path.exists(page):
        os.remove(page)
    if command:
        run = subprocess.run(command, env={**os.environ, "RAMAL_REPORT": page}, capture_output=True, text=True)
        require(run.returncode == 0, "the program ended with", run.returncode, run.stderr)
        require(not os.path.exists(page + ".trace"), "the trace is removed")
    found = look(browser, page)
    check(found)
    kinds = {name: (tasks, failed) for name, tasks, failed in found["kinds"]}
    require(kinds.get("leaf") == (202, 0) and kinds.get("refuse") == (1, 1), "kinds", kinds)
    print(f"ok: {found['tasks']} tasks; {os.path.getsize(page)} bytes; \"{found['tip'].splitlines()[0]}\"")


if __name__ == "__main__":
    main(sys.argv[1:])
