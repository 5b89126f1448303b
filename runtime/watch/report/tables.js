// SPDX-License-Identifier: BSD-3-Clause
// All that is no time line: numbers on top, tables, the critical path in sums, the matrix of traffic.

const by_id = (id) => document.getElementById(id);
function add(parent, tag, content = "", style = "") {
  const element = parent.appendChild(document.createElement(tag));
  if (style) element.className = style;
  element.append(content);
  return element;
}
/** Heads that begin with # are numbers, at the right. */
function table(id, heads, lines) {
  const place = by_id(id);
  const style = (head) => head.startsWith("#") ? "number" : "";
  if (heads.some((head) => head)) {
    const line = add(add(place, "thead"), "tr");
    for (const head of heads) add(line, "th", head.replace("#", ""), style(head));
  }
  const body = add(place, "tbody");
  for (const cells of lines) {
    const line = add(body, "tr");
    cells.forEach((cell, place_in_line) => add(line, "td", cell, style(heads[place_in_line])));
    if (cells.go) {
      line.className = "go";
      line.addEventListener("click", cells.go);
    }
  }
}
function kind_label(kind) {
  const label = document.createElement("span");
  label.className = "kind";
  label.append(swatch(colour_of(kind)));
  add(label, "span", kind_name(kind));
  label.title = kind_names[kind] || "";
  return label;
}

const busy_sum = workers.reduce((sum, row) => sum + row.busy, 0);
const busy_share = busy_sum / (data.wall * Math.max(1, workers.length));
const kind_sum = data.kinds.reduce((sum, kind) => sum + kind[3], 0) || 1;
const failed_sum = data.kinds.reduce((sum, kind) => sum + kind[2], 0);
const traffic_sum = traffic.reduce((sum, cell) => ({ bytes: sum.bytes + cell.bytes, messages: sum.messages + cell.messages }), { bytes: 0, messages: 0 });

function fill_tiles() {
  const tiles = [["wall time", format_time(data.wall, 4), notes.get("run.began") || ""],
    ["tasks", format_count(data.tasks), data.kinds.length + (data.kinds.length === 1 ? " kind" : " kinds")],
    ["workers", format_count(workers.length), data.ranks + (data.ranks === 1 ? " rank" : " ranks") + (notes.get("run.hosts") ? " on " + notes.get("run.hosts") + (notes.get("run.hosts") === "1" ? " host" : " hosts") : "")],
    ["workers busy", format_share(busy_share), format_time(busy_sum) + " of tasks"],
    ["messages", format_bytes(traffic_sum.bytes), format_count(traffic_sum.messages) + " messages"]];
  if (chain.length) tiles.push(["tasks on the critical path", format_share(data.chain_covered / data.wall), "of the wall time"]);
  if (failed_sum) tiles.push(["failed", format_count(failed_sum), "tasks", "bad"]);
  for (const [what, value, more, style] of tiles) {
    const tile = add(by_id("tiles"), "div", "", "tile " + (style || ""));
    add(tile, "div", what, "what");
    add(tile, "div", value, "value");
    add(tile, "div", more, "more");
  }
}

/** The one thing that stands out, in words. */
function finding() {
  if (data.tasks === 0) return "No task is in this trace.";
  const [name, , , took] = data.kinds[0];
  const first = "Workers were busy " + format_share(busy_share) + " of the time; " + format_share(took / kind_sum) + " of it is " + short_name(name) + ". ";
  if (busy_share > 0.8) return first + "To be faster, make that faster, or add workers.";
  const loads = Array.from({ length: data.ranks }, () => 0);
  for (const row of workers) loads[row.rank] += row.busy;
  const most = Math.max(...loads), mean = busy_sum / data.ranks;
  if (most > 1.5 * mean) return first + "Rank " + loads.indexOf(most) + " has " + (most / mean).toFixed(1) + " times the mean load: spread its tasks.";
  const path = data.chain_covered / data.wall, typical = kind_sum / data.tasks;
  if (path > 0.8) return first + "The critical path is nearly all of the wall time: more workers would not help; shorten what lies on it.";
  if (typical < 2e4) return first + "Tasks take " + format_time(typical) + " on average: larger ones would cost less to plan and to send.";
  return first + "The rest is idle: look where the critical path has gaps, and what comes after them.";
}

function fill_legend(change) {
  const legend = by_id("legend"), most = 14;
  data.kinds.slice(0, most).forEach((one, kind) => {
    const label = legend.appendChild(kind_label(kind));
    label.addEventListener("click", () => {
      view.kind = view.kind === kind ? null : kind;
      for (const [place, other] of [...legend.querySelectorAll(".kind:not(.fixed)")].entries())
        other.classList.toggle("off", view.kind !== null && view.kind !== place);
      change();
    });
  });
  const fixed = [["var(--transfer)", "messages"], ["var(--failed)", "failed"]];
  if (data.kinds.length > most) fixed.unshift([other_colour, "and " + (data.kinds.length - most) + " kinds more"]);
  for (const [colour, text] of fixed) {
    const label = add(legend, "span", swatch(colour), "kind fixed");
    if (text === "failed") label.firstChild.style.border = "1px solid var(--failed-edge)";
    add(label, "span", text);
  }
}

function fill_kinds() {
  table("kinds", ["kind", "called at", "#tasks", "#failed", "#total", "share", "#median", "#99 of 100", "#longest"],
    data.kinds.slice(0, 200).map(([, count, failed, took, median, high, longest], kind) => {
      const sites = [...new Set(data.names.filter((name) => name[0] === kind && name[1]).map((name) => name[1]))];
      const share = document.createElement("div");
      share.className = "share";
      const bar = add(share, "i");
      bar.style.width = Math.max(1, 100 * took / kind_sum) + "%";
      bar.style.background = colour_of(kind);
      share.title = format_share(took / kind_sum);
      return [kind_label(kind), sites.slice(0, 3).join(", ") + (sites.length > 3 ? ", …" : ""), format_count(count), failed ? format_count(failed) : "",
        format_time(took), share, format_time(median), format_time(high), format_time(longest)];
    }));
  for (const line of by_id("kinds").querySelectorAll("tbody tr")) line.cells[1].className = "site";
}

function fill_slowest() {
  table("slowest", ["kind", "called at", "#took", "#times its median", "where", "#began"],
    data.slowest.map(([row, at, took, name, number, median]) => {
      const [kind, site] = name_of(name);
      return Object.assign([kind_label(kind), site, format_time(took), median ? (took / median).toFixed(took < 10 * median ? 1 : 0) : "",
        "rank " + rows[row].rank + ", " + rows[row].label, format_time(at, 5)],
        { go: () => {
          look_at(at - took, at + 2 * took);
          scroll_stream(rows[row].y - stream.top - stream.seen / 2);
          by_id("stream").scrollIntoView({ block: "center", behavior: "smooth" });
        } });
    }));
  for (const line of by_id("slowest").querySelectorAll("tbody tr")) line.cells[1].className = "site";
}

function fill_chain() {
  const length = data.chain_ended - data.chain_began;
  if (!(length > 0)) {
    by_id("chain_note").textContent = "There are no tasks.";
    return;
  }
  const parts = data.chain_kinds.map((took, kind) => ({ took, colour: colour_of(kind), label: kind_label(kind) })).filter((part) => part.took > 0);
  parts.sort((a, b) => b.took - a.took);
  const shown = parts.slice(0, 8), others = parts.slice(8).reduce((sum, part) => sum + part.took, 0);
  if (others) shown.push({ took: others, colour: other_colour, label: (parts.length - 8) + " kinds more" });
  const plain = (took, colour, text) => {
    const label = document.createElement("span");
    label.className = "kind fixed";
    label.append(swatch(colour), text);
    shown.push({ took, colour, label });
  };
  if (data.chain_messages) plain(data.chain_messages, "var(--transfer)", "messages under way");
  plain(Math.max(0, length - data.chain_covered - data.chain_messages), "var(--line)", "nothing that the trace has: planning, queues, the program itself");
  for (const part of shown) {
    const bar = add(by_id("chain_bar"), "i");
    bar.style.flex = part.took / length + " 0 0";
    bar.style.background = part.colour;
  }
  table("chain_table", ["on the path", "#time", "#share"], shown.map((part) => [part.label, format_time(part.took), format_share(part.took / length)]));
  by_id("chain_note").textContent = format_count(data.chain_tasks) + " tasks and " + format_count(data.chain_links - data.chain_tasks) +
    " messages in " + format_time(length) + ". A trace does not say which task needs which: this is the chain of what happened last before each, back from the task that ended last" +
    (data.chain_links > 15000 ? "; the drawn line leaves out what is too short to be seen." : ".");
}

function paint_traffic() {
  by_id("traffic_part").hidden = data.ranks === 1;
  if (data.ranks === 1) return;
  const canvas = by_id("traffic"), by = by_id("traffic_by").value, group = data.traffic_group, count = Math.ceil(data.ranks / group);
  const wide = canvas.parentElement.clientWidth - 36, left = 56, top = 30;
  const size = Math.max(1, Math.min(48, Math.floor(Math.min(wide - left, 380) / count * 10) / 10)), all = size * count;
  canvas.style.width = Math.ceil(left + all + 12) + "px";
  const context = fit_canvas(canvas, Math.ceil(left + all + 12), Math.ceil(top + all + 6));
  const most = Math.max(1, ...traffic.map((cell) => cell[by]));
  context.fillStyle = theme.grid;
  context.fillRect(left, top, all, all);
  for (const cell of traffic) {
    if (!cell[by]) continue;
    const strength = Math.log1p(cell[by]) / Math.log1p(most);
    context.fillStyle = "rgba(" + theme.heat + "," + (0.1 + 0.9 * strength ** 2) + ")";
    context.fillRect(left + cell.to * size, top + cell.from * size, size - (size > 5 ? 1 : 0), size - (size > 5 ? 1 : 0));
    if (size < 40) continue;
    context.fillStyle = strength > 0.8 ? theme.halo : theme.text;
    context.textAlign = "center";
    context.fillText(by === "bytes" ? format_bytes(cell.bytes) : format_count(cell.messages), left + (cell.to + 0.5) * size, top + (cell.from + 0.5) * size);
  }
  context.fillStyle = theme.soft;
  const step = Math.max(1, Math.ceil(22 / size));
  for (let one = 0; one < count; one += step) {
    context.textAlign = "right";
    context.fillText(one * group, left - 7, top + (one + 0.5) * size);
    context.textAlign = "center";
    context.fillText(one * group, left + (one + 0.5) * size, top - 8);
  }
  context.textAlign = "left";
  context.fillText("from ↓  to →", 0, 7);
  canvas.onpointermove = (event) => {
    const to = Math.floor((event.offsetX - left) / size), from = Math.floor((event.offsetY - top) / size);
    if (to < 0 || from < 0 || to >= count || from >= count) return show_tip(event);
    const cell = traffic.find((one) => one.from === from && one.to === to) || { bytes: 0, messages: 0 };
    const ranks = (one) => group === 1 ? "rank " + one : "ranks " + one * group + " to " + Math.min(data.ranks, (one + 1) * group) - 1;
    show_tip(event, ["from " + ranks(from) + " to " + ranks(to), format_bytes(cell.bytes) + " in " + format_count(cell.messages) + " messages"]);
  };
  canvas.onpointerleave = (event) => show_tip(event);
}

function fill_run() {
  const part = (prefix) => data.notes.filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value]);
  const run = part("run.").filter(([key]) => !/^(option|environment) /.test(key));
  table("run", ["", ""], [...run, ["wall time", format_time(data.wall, 6)], ["Ramal", notes.get("version") || "?"]]);
  table("options", ["", ""], part("run.option ").map(([key, value]) => [key, value || "(empty)"]));
  const environment = part("run.environment ");
  table("environment", ["", ""], environment);
  by_id("environment_part").hidden = environment.length === 0;
  const ranks = [];
  for (let rank = 0; rank < data.ranks && rank < 4096; ++rank) {
    const own = workers.filter((row) => row.rank === rank), sum = own.reduce((total, row) => total + row.busy, 0);
    ranks.push([String(rank), host_of(rank), String(own.length), format_share(sum / (data.wall * Math.max(1, own.length))), notes.get("clocks." + rank + ".corrected") || "no part of the trace is here"]);
  }
  table("ranks", ["#rank", "host", "#workers", "#busy", "clock corrected"], ranks);
  table("message_types", ["kind", "#messages", "#bytes"], data.message_types.sort((a, b) => b[2] - a[2] || b[1] - a[1])
    .map(([type, count, bytes]) => [type, format_count(count), format_bytes(bytes)]));
}
