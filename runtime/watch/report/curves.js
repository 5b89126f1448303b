// SPDX-License-Identifier: BSD-3-Clause
// Curves below the stream, over the same time: busy workers and tasks done by kind, counters by rank.

/** Bins from the first that is seen to the last. */
function seen_bins(width, count) {
  return [Math.max(0, Math.floor(view.from / width)), Math.min(count - 1, Math.floor(view.to / width))];
}
const bin_time = (bin, width) => Math.min(width, Math.max(1, data.wall - bin * width));

function draw_scale(context, height, texts) {
  context.fillStyle = theme.soft;
  context.textAlign = "right";
  for (const [y, text] of texts) context.fillText(text, gutter - 8, Math.max(6, Math.min(height - 6, y)));
}

function draw_busy(context, width, height) {
  const most = Math.max(1, workers.length), [first, last] = seen_bins(data.width, data.bins);
  // A step for each bin, but no narrower than a pixel: several bins then share one.
  const per = Math.max(1, Math.floor(1 / (data.width * this.scale)));
  const base = new Float64Array(last + 1);
  for (let kind = 0; kind < data.curves; ++kind) {
    context.globalAlpha = 0.92 * alpha_of(kind);
    context.fillStyle = colour_of(kind < palette.length ? kind : Infinity);
    for (let bin = first; bin <= last; bin += per) {
      let sum = 0, time = 0;
      const stop = Math.min(last, bin + per - 1);
      for (let one = bin; one <= stop; ++one) {
        sum += busy[kind][one];
        time += bin_time(one, data.width);
      }
      if (sum === 0) continue;
      // From pixel to pixel, so that there is no seam.
      const high = height * Math.min(1, sum / time / most), x = Math.floor(this.x_of(bin * data.width));
      context.fillRect(x, height - base[bin] - high, Math.max(1, Math.floor(this.x_of(bin * data.width + time)) - x), high);
      base[bin] += high;
    }
  }
  context.globalAlpha = 1;
  return () => draw_scale(context, height, [[6, most + (most === 1 ? " worker" : " workers")], [height, "0"]]);
}
function hover_busy(x) {
  const bin = Math.floor(this.time_at(x) / data.width), time = bin_time(bin, data.width);
  if (x < gutter || bin >= data.bins) return null;
  const all = busy.map((one, kind) => [one[bin] / time, kind]).filter(([share]) => share > 0).sort((a, b) => b[0] - a[0]);
  const sum = all.reduce((total, [share]) => total + share, 0);
  return [["at " + format_time(bin * data.width, 4) + ": " + +sum.toPrecision(3) + " of " + workers.length + " busy",
    ...all.slice(0, 6).map(([share, kind]) => +share.toPrecision(3) + "  " + kind_name(kind))]];
}

const done = ended.map((bins) => {
  const sums = new Float64Array(bins.length);
  let sum = 0;
  bins.forEach((count, bin) => { sums[bin] = sum += count; });
  return sums;
});
function draw_done(context, width, height) {
  const [first, last] = seen_bins(data.width, data.bins);
  for (let kind = data.curves - 1; kind >= 0; --kind) {
    const all = done[kind].at(-1) || 1;
    const y_of = (count) => 3 + (height - 5) * (1 - count / all);
    context.beginPath();
    context.moveTo(this.x_of(first * data.width), y_of(first > 0 ? done[kind][first - 1] : 0));
    for (let bin = first; bin <= last; ++bin) context.lineTo(this.x_of((bin + 1) * data.width), y_of(done[kind][bin]));
    context.globalAlpha = alpha_of(kind);
    context.strokeStyle = colour_of(kind < palette.length ? kind : Infinity);
    context.lineWidth = 1.8;
    context.lineJoin = "round";
    context.stroke();
  }
  context.globalAlpha = 1;
  return () => draw_scale(context, height, [[6, "100 %"], [height, "0"]]);
}
function hover_done(x) {
  const bin = Math.floor(this.time_at(x) / data.width);
  if (x < gutter || bin >= data.bins) return null;
  const lines = done.map((sums, kind) => [sums[bin], sums.at(-1), kind]).filter(([now, all]) => now > 0 && now < all);
  const finished = done.filter((sums) => sums[bin] === sums.at(-1)).length;
  return [["at " + format_time(bin * data.width, 4), ...lines.slice(0, 8).map(([now, all, kind]) =>
    format_count(now) + " of " + format_count(all) + "  " + kind_name(kind)), finished + " of " + data.curves + " kinds done"]];
}

let counter = counters.find((one) => one.name === "bytes held") || counters[0];
const format_counter = (value) => counter.name.includes("bytes") ? format_bytes(value) : format_count(value);
/** What was said last, of a bin that says nothing itself; -1: nothing yet. */
function fill_gaps(one) {
  one.largest = 0;
  for (const rank of one.ranks) {
    let before = -1;
    for (let bin = 0; bin < rank.length; ++bin) {
      before = rank[bin] = rank[bin] > 0 ? rank[bin] - 1 : before;
      one.largest = Math.max(one.largest, before);
    }
  }
}
counters.forEach(fill_gaps);
const lines_at_most = 8;
const memory_height = () => data.ranks <= lines_at_most ? 110 : data.ranks > 260 ? 260 : data.ranks * Math.min(12, Math.floor(260 / data.ranks));
const rank_colour = (rank) => palette[(rank * 3 + Math.floor(rank / 8)) % palette.length];

function draw_memory(context, width, height) {
  if (!counter) return null;
  const wide = data.counter_width, [first, last] = seen_bins(wide, data.counter_bins), most = counter.largest || 1;
  if (data.ranks <= lines_at_most) {
    counter.ranks.forEach((values, rank) => {
      context.beginPath();
      let is_open = false;
      for (let bin = first; bin <= last; ++bin) {
        if (values[bin] < 0) continue;
        const y = 4 + (height - 6) * (1 - values[bin] / most);
        is_open ? context.lineTo(this.x_of(bin * wide), y) : context.moveTo(this.x_of(bin * wide), y);
        context.lineTo(this.x_of(Math.min(data.wall, (bin + 1) * wide)), y);
        is_open = true;
      }
      context.strokeStyle = rank_colour(rank);
      context.lineWidth = 1.6;
      context.stroke();
    });
    return () => draw_scale(context, height, [[8, format_counter(counter.largest)], [height, "0"]]);
  }
  const levels = 24;
  context.fillStyle = "rgb(" + theme.heat + ")";
  const high = height / data.ranks, per = Math.max(1, Math.floor(1 / (wide * this.scale)));
  counter.ranks.forEach((values, rank) => {
    // Neighbours that look the same become one rectangle.
    let begun = first, level = 0;
    const leave = (bin) => {
      if (level > 0) {
        context.globalAlpha = 0.05 + 0.95 * level / levels;
        const x = Math.floor(this.x_of(begun * wide));
        context.fillRect(x, rank * high, Math.floor(this.x_of(Math.min(data.wall, bin * wide))) - x, high - (high > 3 ? 1 : 0));
      }
      begun = bin;
    };
    for (let bin = first; bin <= last; bin += per) {
      let value = -1;
      for (let one = bin; one < bin + per && one <= last; ++one) value = Math.max(value, values[one]);
      const now = value <= 0 ? 0 : Math.max(1, Math.round(levels * value / most));
      if (now === level) continue;
      leave(bin);
      level = now;
    }
    leave(last + 1);
  });
  context.globalAlpha = 1;
  return () => draw_scale(context, height, [[6, "rank 0"], [height / 2, "≤ " + format_counter(counter.largest)], [height, "rank " + (data.ranks - 1)]]);
}
function hover_memory(x, y) {
  const bin = Math.floor(this.time_at(x) / data.counter_width);
  if (!counter || x < gutter || bin >= data.counter_bins) return null;
  const all = counter.ranks.map((values, rank) => [values[bin], rank]).filter(([value]) => value >= 0);
  if (data.ranks > lines_at_most) {
    const rank = Math.floor(y / memory_height() * data.ranks);
    const one = all.find((other) => other[1] === rank);
    return one && [["rank " + rank + ": " + format_counter(one[0]), counter.name + " at " + format_time(bin * data.counter_width, 4)]];
  }
  return [[counter.name + " at " + format_time(bin * data.counter_width, 4), ...all.map(([value, rank]) => "rank " + rank + ": " + format_counter(value))]];
}
