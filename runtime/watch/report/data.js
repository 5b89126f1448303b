// SPDX-License-Identifier: BSD-3-Clause
// The report's data, as report.cpp writes them. Times are nanoseconds.
"use strict";

/** Varints in base64, one after another. */
class Numbers {
  constructor(base64) {
    const text = atob(base64);
    this.bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; ++i) this.bytes[i] = text.charCodeAt(i);
    this.at = 0;
  }
  get more() { return this.at < this.bytes.length; }
  next() {
    let value = 0, scale = 1, byte;
    do {
      byte = this.bytes[this.at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte & 128);
    return value;
  }
  signed() {
    const value = this.next();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }
}

const FAILED = 1, MEMBER = 2, STOLEN = 4;
const data = JSON.parse(document.getElementById("data").textContent);

/** Folders that all call sites lie in say nothing. */
{
  const folders = data.names.filter((name) => name[1]).map((name) => name[1].split("/").slice(0, -1));
  let common = folders.length ? folders[0].length : 0;
  for (const one of folders) {
    common = Math.min(common, one.length);
    while (common > 0 && one.slice(0, common).join("/") !== folders[0].slice(0, common).join("/")) --common;
  }
  for (const name of data.names) name[1] = name[1].split("/").slice(name[1].includes("/") ? common : 0).join("/");
}

/** What is not among the names, of which only so many are kept. */
const other_name = [data.kinds.length, ""];
const name_of = (number) => data.names[number] || other_name;
/** "std::vector<double> (anonymous namespace)::sweep<double>(long)" as "sweep". */
function short_name(name) {
  let text = name.replace(/\(anonymous namespace\)::/g, "").replace(/\{anonymous\}::/g, ""), before;
  do {
    before = text;
    text = text.replace(/<[^<>]*>/g, "");  // from the inside out
  } while (text !== before);
  return text.replace(/\(.*$/, "").trim().split(/ |::/).at(-1) || name;
}
const kind_names = data.kinds.map((kind) => kind[0]);
const kind_name = (kind) => kind < kind_names.length ? short_name(kind_names[kind]) : "other kinds";

function read_rows() {
  const rows = [], from = new Numbers(data.rows);
  while (from.more) {
    const row = { rank: from.next(), lane: from.next(), is_messages: from.next() === 1, rest: [] };
    row.label = row.is_messages ? "messages" : "worker " + row.lane;
    rows.push(row);
  }
  return rows;
}
function read_slices(rows) {
  const from = new Numbers(data.slices);
  for (const row of rows) {
    const count = row.count = from.next();
    row.at = new Float64Array(count);
    row.took = new Float64Array(count);
    row.until = new Float64Array(count);  // when it and all before it have ended
    row.name = new Uint32Array(count);
    row.flags = new Uint8Array(count);
    row.number = new Float64Array(count);
    row.run = new Float64Array(count);
    row.extra = new Map();
    let at = 0, number = 0, run = 0, until = -Infinity;
    for (let i = 0; i < count; ++i) {
      at += from.signed();
      row.at[i] = at;
      row.took[i] = from.next();
      row.name[i] = from.next();
      const flags = row.flags[i] = from.next();
      row.number[i] = number += from.signed();
      row.run[i] = run += from.signed();
      if (flags & (MEMBER | STOLEN)) {
        row.extra.set(i, { family: flags & MEMBER ? from.next() : 0, stolen: flags & STOLEN ? from.next() : 0 });
      }
      row.until[i] = until = Math.max(until, at + row.took[i]);
    }
  }
}
function read_rest(rows) {
  const from = new Numbers(data.rest);
  let row = 0, bin = 0;
  while (from.more) {
    const down = from.next(), right = from.next();
    row += down;
    bin = down > 0 ? right : bin + right;
    rows[row].rest.push({ bin, tasks: from.next(), busy: from.next(), kind: from.next() });
  }
}
/** Of each of `count` series its bins. */
function read_bins(text, count, bins) {
  const from = new Numbers(text), all = [];
  for (let i = 0; i < count; ++i) {
    const one = new Float64Array(bins);
    for (let bin = 0; bin < bins; ++bin) one[bin] = from.next();
    all.push(one);
  }
  return all;
}
function read_messages() {
  const from = new Numbers(data.messages), ranks = [];
  for (let rank = 0; rank < data.ranks; ++rank) {
    const bins = [];
    for (let bin = 0; bin < data.message_bins; ++bin) {
      const one = { sent: from.next(), sent_bytes: 0, came: 0, came_bytes: 0 };
      if (one.sent) one.sent_bytes = from.next();
      one.came = from.next();
      if (one.came) one.came_bytes = from.next();
      bins.push(one);
    }
    ranks.push(bins);
  }
  return ranks;
}
function read_transfers() {
  const from = new Numbers(data.transfers), ranks = Array.from({ length: data.ranks }, () => []);
  while (from.more) {
    const rank = from.next();
    ranks[rank].push({ from: from.next(), at: from.signed(), took: from.next(), bytes: from.next() });
  }
  return ranks;
}
function read_traffic() {
  const from = new Numbers(data.traffic), cells = [];
  while (from.more) cells.push({ from: from.next(), to: from.next(), messages: from.next(), bytes: from.next() });
  return cells;
}
function read_chain() {
  const from = new Numbers(data.chain), steps = [];
  let before = 0;
  while (from.more) {
    const row = from.next(), at = before + from.signed(), took = from.next();
    steps.push({ row, at, end: before = at + took });
  }
  return steps;
}

const rows = read_rows();
read_slices(rows);
read_rest(rows);
{
  const from = new Numbers(data.busy_rows);
  for (const row of rows) row.busy = from.next();
}
const workers = rows.filter((row) => !row.is_messages);
const busy = read_bins(data.busy, data.curves, data.bins);
const ended = read_bins(data.ended, data.curves, data.bins);
const messages = read_messages();
const transfers = read_transfers();
const traffic = read_traffic();
const chain = read_chain();
const counters = data.counters.map(([name, text]) => ({ name, ranks: read_bins(text, data.ranks, data.counter_bins) }));
const notes = new Map(data.notes);
const host_of = (rank) => notes.get("clocks." + rank + ".host") || "";
