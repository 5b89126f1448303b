// SPDX-License-Identifier: BSD-3-Clause
// The task stream: a row a worker, a colour a kind, red what is transferred, black what failed, white idle.

const stream = { top: 0, rows: [], height: 0, seen: 0 };

/** Where rows lie: as high as the screen allows, the ranks' messages lower than workers. */
function lay_out_rows() {
  const most = 560, with_messages = rows.length - workers.length;
  const high = Math.floor(Math.max(3, Math.min(26, most / (workers.length + 0.4 * with_messages + 0.1 * data.ranks))));
  const low = Math.max(2, Math.round(0.4 * high)), gap = high >= 6 ? 2 : high >= 4 ? 1 : 0;
  let y = 0, rank = -1;
  for (const row of rows) {
    if (row.rank !== rank) {
      if (rank >= 0) y += gap;
      rank = row.rank;
      stream.rows.push({ rank, y });
    }
    row.y = y;
    row.height = row.is_messages ? low : high;
    row.is_drawn = row.height >= 4 ? row.height - 1 : row.height;
    y += row.height;
    stream.rows.at(-1).end = y;
  }
  stream.height = Math.max(y, 24);
  stream.seen = Math.min(stream.height, most + 40);
}

/** The first place in rising `all` with a value above `wanted`. */
function above(all, wanted) {
  let low = 0, high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle] > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

const alpha_of = (kind) => (view.kind === null || view.kind === kind ? 1 : 0.12);

function draw_rest(panel, context, row, y) {
  for (const bin of row.rest) {
    const from = bin.bin * data.rest_width, to = Math.min(data.wall, from + data.rest_width);
    if (to < view.from || from > view.to) continue;
    const high = Math.max(1, row.is_drawn * Math.min(1, bin.busy / 1000 * data.rest_width / (to - from)));
    context.globalAlpha = 0.5 * alpha_of(bin.kind);
    context.fillStyle = colour_of(bin.kind);
    const x = panel.x_of(from);
    context.fillRect(x, y + row.is_drawn - high, Math.max(0.5, panel.x_of(to) - x), high);
  }
}

/** Pixels that narrow tasks share. Each has the colour of most of it, and is as strong as they fill it. */
class Columns {
  constructor(context, y, height) {
    Object.assign(this, { context, y, height, pixel: -1, filled: 0, kind: 0, weight: 0, run: null });
  }
  /** From the left to the right. */
  add(x, wide, kind) {
    for (let here = Math.floor(x); ; ++here) {
      const part = Math.min(x + wide, here + 1) - Math.max(x, here);
      this.add_to(here, part, kind);
      if (x + wide <= here + 1) return;
    }
  }
  add_to(pixel, part, kind) {
    if (pixel !== this.pixel) {
      this.leave();
      this.pixel = pixel;
      this.filled = this.weight = 0;
    }
    this.filled += part;  // the kind with most of it is found by vote (Boyer and Moore)
    if (kind === this.kind) this.weight += part;
    else if (part > this.weight) {
      this.kind = kind;
      this.weight = part - this.weight;
    } else this.weight -= part;
  }
  /** Neighbours that look the same become one rectangle. */
  leave() {
    const level = Math.ceil(8 * Math.min(1, this.filled)) / 8, run = this.run;
    if (run && run.kind === this.kind && run.level === level && run.end === this.pixel) ++run.end;
    else {
      this.draw();
      this.run = level > 0 ? { x: this.pixel, end: this.pixel + 1, kind: this.kind, level } : null;
    }
  }
  draw() {
    if (!this.run) return;
    this.context.globalAlpha = (0.3 + 0.7 * this.run.level) * alpha_of(this.run.kind);
    this.context.fillStyle = colour_of(this.run.kind);
    this.context.fillRect(this.run.x, this.y, this.run.end - this.run.x, this.height);
  }
  end() {
    this.leave();
    this.draw();
  }
}

function draw_tasks(panel, context, row, y) {
  const scale = panel.scale, columns = new Columns(context, y, row.is_drawn);
  const failed = [];
  for (let i = above(row.until, view.from); i < row.count && row.at[i] < view.to; ++i) {
    const x = panel.x_of(row.at[i]), wide = row.took[i] * scale, own = name_of(row.name[i])[0];
    if (row.flags[i] & FAILED) failed.push([x, wide]);
    if (wide < 2) {
      columns.add(x, wide, own);
      continue;
    }
    context.globalAlpha = alpha_of(own);
    context.fillStyle = colour_of(own);
    const left = Math.max(gutter - 2, x), right = Math.min(panel.width + 2, x + wide);
    context.fillRect(left, y, Math.max(1, right - left - (wide > 4 ? 0.7 : 0)), row.is_drawn);
    if (row.is_drawn >= 12 && right - left > 44) {
      const text = kind_name(own);
      if (context.measureText(text).width < right - left - 8) {
        context.fillStyle = "#ffffff";
        context.textAlign = "left";
        context.fillText(text, Math.max(left, gutter) + 4, y + row.is_drawn / 2 + 0.5);
      }
    }
  }
  columns.end();
  context.globalAlpha = 1;
  for (const [x, wide] of failed) {
    context.fillStyle = theme["failed-edge"];
    context.fillRect(x - 1, y - 1, Math.max(2, wide) + 2, row.is_drawn + 2);
    context.fillStyle = theme.failed;
    context.fillRect(x, y, Math.max(2, wide), row.is_drawn);
  }
}

function draw_messages(panel, context, row, y) {
  context.fillStyle = theme.transfer;
  const bins = messages[row.rank];
  context.globalAlpha = 0.35;
  const first = Math.max(0, Math.floor(view.from / data.message_width));
  for (let bin = first; bin < bins.length && bin * data.message_width <= view.to; ++bin) {
    const begun = bin;
    while (bin < bins.length && bins[bin].sent + bins[bin].came > 0) ++bin;
    if (bin === begun) continue;
    const x = panel.x_of(begun * data.message_width);
    context.fillRect(x, y + row.is_drawn / 3, Math.max(1, panel.x_of(bin * data.message_width) - x), Math.max(1, row.is_drawn / 3));
  }
  context.globalAlpha = 1;
  for (const one of transfers[row.rank]) {
    if (one.at > view.to || one.at + one.took < view.from) continue;
    context.fillRect(panel.x_of(one.at), y, Math.max(1, one.took * panel.scale), row.is_drawn);
  }
}

function draw_path(panel, context) {
  if (!view.path || chain.length === 0) return;
  const between = new Path2D(), tasks = new Path2D();
  let is_open = false;
  for (const step of chain) {
    const row = rows[step.row], y = row.y - stream.top + row.is_drawn * (row.is_drawn >= 12 ? 0.88 : 0.5);  // below names
    // What is far outside is not drawn, but where lines come from is.
    const left = Math.max(-1e4, Math.min(1e5, panel.x_of(step.at))), right = Math.max(-1e4, Math.min(1e5, panel.x_of(step.end)));
    is_open ? between.lineTo(left, y) : between.moveTo(left, y);
    between.moveTo(right, y);
    tasks.moveTo(left, y);
    tasks.lineTo(right, y);
    is_open = true;
  }
  const stroke = (line, colour, wide, alpha) => {
    context.globalAlpha = alpha;
    context.strokeStyle = colour;
    context.lineWidth = wide;
    context.stroke(line);
  };
  stroke(between, theme.halo, 3, 0.7);
  stroke(tasks, theme.halo, 4.5, 0.85);
  stroke(between, theme.path, 1, 0.9);
  stroke(tasks, theme.path, 2.5, 1);
  context.globalAlpha = 1;
}

function draw_labels(panel, context, height) {
  let free = -Infinity;
  for (const one of stream.rows) {
    const top = Math.max(0, one.y - stream.top), end = Math.min(height, one.end - stream.top);
    const y = Math.max(6, (top + end) / 2);
    if (end <= top || y < free + 6 || y > height - 4) continue;
    free = y + 7;
    context.fillStyle = theme.text;
    context.textAlign = "right";
    context.fillText("rank " + one.rank, gutter - 34, y);
  }
  for (const row of workers) {
    const y = row.y - stream.top + row.height / 2;
    if (row.height < 11 || y < 5 || y > height - 4) continue;
    context.fillStyle = theme.soft;
    context.fillText("w" + row.lane, gutter - 8, y);
  }
  if (stream.height > height) {
    context.fillStyle = theme.line;
    context.fillRect(0, 0, 4, height);
    context.fillStyle = theme.soft;
    context.fillRect(0, stream.top / stream.height * height, 4, Math.max(12, height / stream.height * height));
  }
}

function draw_stream(context, width, height) {
  for (const row of rows) {
    const y = row.y - stream.top;
    if (y > height || y + row.height < 0) continue;
    if (row.is_messages) draw_messages(this, context, row, y);
    else if (row.height >= 6) {
      context.globalAlpha = 1;
      context.fillStyle = theme.grid;
      context.fillRect(gutter, y + row.is_drawn - 1, width, 1);
    }
    draw_rest(this, context, row, y);
    draw_tasks(this, context, row, y);
  }
  draw_path(this, context);
  return () => draw_labels(this, context, height);
}

/** The task under the mouse, or one within two pixels; -1: none. */
function task_at(row, time, near) {
  let found = -1, closest = near;
  for (let i = above(row.until, time - near); i < row.count && row.at[i] <= time + near; ++i) {
    const apart = Math.max(0, row.at[i] - time, time - row.at[i] - row.took[i]);
    if (apart <= closest) { found = i; closest = apart; }  // of those that lie in each other the innermost
  }
  return found;
}
function tell_task(row, i) {
  const [kind, site] = name_of(row.name[i]), extra = row.extra.get(i) || {}, full = kind_names[kind] || "other kinds";
  const lines = [kind_name(kind) + (row.flags[i] & FAILED ? ", failed" : "")];
  if (full !== lines[0]) lines.push(full);
  lines.push(format_time(row.took[i]) + ", from " + format_time(row.at[i], 6) + " on");
  if (site) lines.push("called at " + site);
  lines.push("rank " + row.rank + " (" + host_of(row.rank) + "), " + row.label + "; run " + row.run[i] + ", " +
    (row.flags[i] & MEMBER ? "member " + row.number[i] + " of family " + extra.family : "task " + row.number[i]));
  if (row.flags[i] & STOLEN) lines.push("stolen from rank " + extra.stolen);
  return [lines, row.flags[i] & FAILED ? theme.failed : colour_of(kind)];
}
function tell_messages(row, time, near) {
  const large = transfers[row.rank].find((one) => time >= one.at - near && time <= one.at + one.took + near);
  if (large) {
    return [["transfer from rank " + large.from + " to rank " + row.rank, format_bytes(large.bytes) + " in " + format_time(large.took) +
      (large.took > 0 ? ", " + format_bytes(Math.round(large.bytes / large.took * 1e9)) + "/s" : "")], theme.transfer];
  }
  const bin = messages[row.rank][Math.floor(time / data.message_width)];
  if (!bin || !(bin.sent + bin.came)) return null;
  return [["messages of rank " + row.rank, "sent " + format_count(bin.sent) + ", " + format_bytes(bin.sent_bytes),
    "received " + format_count(bin.came) + ", " + format_bytes(bin.came_bytes), "within " + format_time(data.message_width)], theme.transfer];
}
function hover_stream(x, y) {
  if (x < gutter) return null;
  const time = this.time_at(x), near = 2 / this.scale, down = y + stream.top;
  const row = rows.find((one) => down >= one.y && down < one.y + one.height);
  if (!row || y > stream.seen) return null;
  const i = task_at(row, time, near);
  if (i >= 0) return tell_task(row, i);
  const bin = row.rest.find((one) => one.bin === Math.floor(time / data.rest_width));
  if (bin) {
    return [[format_count(bin.tasks) + " tasks too short to be kept", "mostly " + kind_name(bin.kind) + "; " + format_share(bin.busy / 1000) + " of " + format_time(data.rest_width)], colour_of(bin.kind)];
  }
  if (row.is_messages) return tell_messages(row, time, near);
  const next = above(row.at, time), from = next > 0 ? row.until[next - 1] : 0, to = next < row.count ? row.at[next] : data.wall;
  return [["idle" + (data.kept < data.tasks ? "" : " for " + format_time(to - from)), "rank " + row.rank + ", " + row.label]];
}
function scroll_stream(pixels) {
  stream.top = Math.max(0, Math.min(stream.height - stream.seen, stream.top + pixels));
}
