// SPDX-License-Identifier: BSD-3-Clause
// What all drawings share: units, colours, the time that is seen, and canvases that zoom and move in it.

function format_time(ns, digits = 3) {
  const size = Math.abs(ns);
  const [scale, unit] = size >= 1e9 ? [1e9, "s"] : size >= 1e6 ? [1e6, "ms"] : size >= 1e3 ? [1e3, "µs"] : [1, "ns"];
  if (ns === 0) return "0 s";
  return +(ns / scale).toPrecision(Math.max(digits, Math.ceil(Math.log10(size / scale + 1)))) + " " + unit;
}
function format_bytes(bytes) {
  if (bytes < 1000) return bytes + " B";
  const power = Math.min(5, Math.floor(Math.log10(bytes) / 3));
  return +(bytes / 1000 ** power).toPrecision(3) + " " + " kMGTP"[power] + "B";
}
const format_count = (count) => count.toLocaleString("en");
const format_share = (share) => share > 0 && share < 0.0005 ? "< 0.1 %" : (100 * share).toFixed(share < 0.0995 && share > 0 ? 1 : 0) + " %";

// Red is for transfers and black for failures, so no kind has these.
const palette = ["#3f83c8", "#f0a030", "#39a871", "#9568d4", "#1fafc0", "#d4bd2f", "#8a7361", "#c77ab8", "#5563c9",
  "#86bd45", "#d98b5f", "#7390ad", "#5aa0e0", "#b78a2e", "#2f8a5f", "#b598e3", "#6fd0d8", "#a3982f", "#ad9a8c",
  "#e3a8d4", "#8a95e6", "#5f8f2a", "#b86d45", "#9fb3c8"];
const other_colour = "#9aa0a8";
const colour_of = (kind) => palette[kind] || other_colour;

let theme = {};
function read_theme() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["panel", "text", "soft", "line", "grid", "accent", "transfer", "failed", "failed-edge", "path", "halo", "heat"])
    theme[name] = style.getPropertyValue("--" + name).trim();
}

/** The time that all panels show, and the one kind that is seen alone (or null). */
const view = { from: 0, to: data.wall, kind: null, path: true };
const panels = [];
let is_due = false;
function redraw() {
  if (is_due) return;
  is_due = true;
  requestAnimationFrame(() => {
    is_due = false;
    for (const panel of panels) panel.paint();
    const range = document.getElementById("range");
    range.textContent = view.from === 0 && view.to === data.wall
      ? "" : format_time(view.from, 5) + " to " + format_time(view.to, 5) + " (" + format_time(view.to - view.from) + ")";
  });
}
function look_at(from, to) {
  const least = Math.min(100, data.wall);
  const span = Math.min(data.wall, Math.max(least, to - from));
  const middle = (from + to) / 2;
  view.from = Math.max(0, Math.min(data.wall - span, middle - span / 2));
  view.to = view.from + span;
  redraw();
}
function zoom(factor, around = (view.from + view.to) / 2) {
  look_at(around - (around - view.from) * factor, around + (view.to - around) * factor);
}

const tip = document.getElementById("tip");
function show_tip(event, lines, colour) {
  tip.hidden = !lines;
  if (!lines) return;
  tip.replaceChildren();
  lines.forEach((line, number) => {
    const part = tip.appendChild(document.createElement(number === 0 ? "b" : "div"));
    if (number === 0 && colour) part.append(swatch(colour));
    part.append(line);
  });
  const right = event.clientX + 16 + tip.offsetWidth > innerWidth, below = event.clientY + 18 + tip.offsetHeight > innerHeight;
  tip.style.left = Math.max(4, right ? event.clientX - 12 - tip.offsetWidth : event.clientX + 16) + "px";
  tip.style.top = Math.max(4, below ? event.clientY - 10 - tip.offsetHeight : event.clientY + 18) + "px";
}
function swatch(colour) {
  const box = document.createElement("i");
  box.className = "swatch";
  box.style.background = colour;
  return box;
}

/** A canvas as sharp as the screen. */
function fit_canvas(canvas, width, height) {
  const scale = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.height = height + "px";
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  context.textBaseline = "middle";
  return context;
}

const gutter = 92, axis_height = 20;

/** A canvas with time from left to right. Others say how it is drawn, what is under the mouse, how high it is. */
class TimePanel {
  constructor(id, { height, draw, hover, scroll }) {
    Object.assign(this, { height, draw, hover, scroll });
    const canvas = this.canvas = document.getElementById(id);
    let held = null;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.shiftKey && scroll) return scroll(event.deltaY || event.deltaX), redraw();
      const pixels = event.deltaMode === 1 ? 16 : 1;
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) return this.move(event.deltaX * pixels);
      zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY * pixels / 300))), this.time_at(event.offsetX));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      held = { x: event.clientX, y: event.clientY };
      if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointerup", () => { held = null; });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) return show_tip(event, ...(this.hover(event.offsetX, event.offsetY) || []));
      show_tip(event);
      if (scroll) scroll(held.y - event.clientY);
      this.move(held.x - event.clientX);
      held = { x: event.clientX, y: event.clientY };
    });
    canvas.addEventListener("pointerleave", (event) => show_tip(event));
    canvas.addEventListener("dblclick", () => look_at(0, data.wall));
    panels.push(this);
  }
  get width() { return this.canvas.clientWidth; }
  get scale() { return (this.width - gutter) / (view.to - view.from); }
  x_of(time) { return gutter + (time - view.from) * this.scale; }
  time_at(x) { return view.from + (Math.max(gutter, x) - gutter) / this.scale; }
  move(pixels) {
    const time = pixels / this.scale;
    look_at(view.from + time, view.to + time);
    redraw();
  }
  paint() {
    if (this.canvas.clientWidth === 0) return;
    const height = typeof this.height === "function" ? this.height() : this.height;
    const context = fit_canvas(this.canvas, this.width, height + axis_height);
    this.draw_grid(context, height);
    context.save();
    context.beginPath();
    context.rect(gutter, 0, this.width - gutter, height);
    context.clip();
    const after = this.draw(context, this.width, height);
    context.restore();
    if (after) after();
  }
  draw_grid(context, height) {
    const about = (view.to - view.from) / Math.max(2, (this.width - gutter) / 110);
    const power = 10 ** Math.floor(Math.log10(about));
    const step = Math.max(1, [1, 2, 5, 10].find((one) => one * power >= about) * power);
    const unit = view.to >= 1e9 ? [1e9, " s"] : view.to >= 1e6 ? [1e6, " ms"] : view.to >= 1e3 ? [1e3, " µs"] : [1, " ns"];
    const places = Math.max(0, Math.min(9, -Math.floor(Math.log10(step / unit[0]) + 1e-9)));
    context.textAlign = "center";
    for (let tick = Math.ceil(view.from / step) * step; tick <= view.to; tick += step) {
      const x = Math.round(this.x_of(tick)) + 0.5;
      context.fillStyle = theme.grid;
      context.fillRect(x, 0, 1, height);
      context.fillStyle = theme.soft;
      const text = (tick / unit[0]).toFixed(places) + unit[1];
      const half = context.measureText(text).width / 2;
      if (x + half < this.width) context.fillText(text, x, height + axis_height / 2 + 1);
    }
    context.fillStyle = theme.line;
    context.fillRect(gutter, height, this.width - gutter, 1);
  }
}
