// SPDX-License-Identifier: BSD-3-Clause
// Puts the page together.

function set_theme(is_dark) {
  document.documentElement.classList.toggle("dark", is_dark);
  by_id("theme_name").textContent = is_dark ? "dark" : "light";
  read_theme();
  paint_traffic();
  redraw();
}

{
  const program = notes.get("run.program") || "A run";
  document.title = program + ", Ramal report";
  by_id("program").textContent = program;
  by_id("command").textContent = notes.get("run.command") || "";
  by_id("finding").textContent = finding();
  if (data.kept < data.tasks) {
    by_id("sampled").hidden = false;
    by_id("sampled").textContent = "Sampled: of " + format_count(data.tasks) + " tasks the longest " + format_count(data.kept) + " (from " +
      format_time(data.shortest) + " on) are shown one by one. The others are pale bars, one for each " + format_time(data.rest_width) +
      ", as high as they kept their worker busy. Sums, tables and curves are of all tasks.";
  }
  if (data.ranks <= lines_at_most) {
    for (let rank = 0; rank < data.ranks; ++rank) {
      const label = add(by_id("counter_legend"), "span", swatch(rank_colour(rank)), "kind fixed");
      label.append("rank " + rank);
    }
  }
  lay_out_rows();
  fill_tiles();
  fill_legend(redraw);
  fill_kinds();
  fill_slowest();
  fill_chain();
  fill_run();
  for (const one of counters) add(by_id("counter"), "option", one.name);
  if (counter) by_id("counter").value = counter.name;
  by_id("counter_panel").hidden = counters.length === 0;

  new TimePanel("stream", { height: () => stream.seen, draw: draw_stream, hover: hover_stream, scroll: scroll_stream });
  new TimePanel("busy", { height: 110, draw: draw_busy, hover: hover_busy });
  new TimePanel("done", { height: 110, draw: draw_done, hover: hover_done });
  new TimePanel("memory", { height: memory_height, draw: draw_memory, hover: hover_memory });

  by_id("counter").addEventListener("change", (event) => {
    counter = counters.find((one) => one.name === event.target.value);
    redraw();
  });
  by_id("traffic_by").addEventListener("change", paint_traffic);
  by_id("zoom_in").addEventListener("click", () => zoom(0.5));
  by_id("zoom_out").addEventListener("click", () => zoom(2));
  by_id("whole").addEventListener("click", () => look_at(0, data.wall));
  by_id("path_on").addEventListener("click", () => {
    view.path = !view.path;
    by_id("path_on").classList.toggle("on", view.path);
    redraw();
  });
  addEventListener("keydown", (event) => {
    const part = (view.to - view.from) / 8;
    const does = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: () => look_at(0, data.wall),
      ArrowLeft: () => look_at(view.from - part, view.to - part), ArrowRight: () => look_at(view.from + part, view.to + part) }[event.key];
    if (!does || event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
    does();
    event.preventDefault();
  });
  const wants_dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;  // by the button; else it is as the system's
  by_id("theme").addEventListener("click", () => {
    chosen = !document.documentElement.classList.contains("dark");
    set_theme(chosen);
  });
  wants_dark.addEventListener("change", () => set_theme(chosen ?? wants_dark.matches));
  addEventListener("resize", () => { paint_traffic(); redraw(); });
  set_theme(wants_dark.matches);
}
