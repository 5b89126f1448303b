// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/status.hpp"

#include "runtime/watch/format.hpp"
#include "runtime/watch/json.hpp"

#include <algorithm>

namespace ramal::detail {

namespace {

std::string of_planned(std::uint64_t done, std::uint64_t planned, bool at_most) {
  return std::to_string(done) + (at_most ? " of up to " : " of ") + std::to_string(std::max(planned, done));
}

/// At most so many columns; what is left out of a name is its beginning, which tells least.
std::string fit(const std::string& name, std::size_t columns) {
  if (name.size() <= columns) return name + std::string(columns - name.size(), ' ');
  return "…" + name.substr(name.size() - columns + 1);
}

}  // namespace

double JobStatus::seconds_left() const {
  double left = 0, took = 0;
  for (const Kind& kind : kinds) {
    took += kind.seconds;
    if (kind.planned <= kind.done) continue;
    if (kind.done == 0) return -1;
    left += kind.seconds / static_cast<double>(kind.done) * static_cast<double>(kind.planned - kind.done);
  }
  return left == 0 ? 0 : took > 0 ? left * elapsed_seconds / took : -1;
}

std::string shown_bytes(std::uint64_t bytes) {
  static constexpr const char* units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < std::size(units); ++unit) value /= 1000;
  return form(unit == 0 ? "%.0f %s" : "%.3g %s", value, units[unit]);
}

std::string shown_seconds(double seconds) {
  if (seconds < 1e-3) return form("%.3g us", 1e6 * seconds);
  if (seconds < 1) return form("%.3g ms", 1e3 * seconds);
  if (seconds < 60) return form("%.3g s", seconds);
  const auto whole = static_cast<long long>(seconds);
  if (whole < 3600) return form("%lld:%02lld", whole / 60, whole % 60);
  return form("%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string status_json(const JobStatus& status) {
  std::string text = "{\"ramal_status\": 1, \"ended\": " + std::string(status.has_ended ? "true" : "false") +
                     ", \"elapsed_seconds\": " + json_number(status.elapsed_seconds) +
                     ", \"seconds_left\": " + json_number(status.seconds_left()) + ",\n \"kinds\": [";
  for (const auto& kind : status.kinds) {
    text += (&kind == &status.kinds.front() ? "\n  {\"name\": " : ",\n  {\"name\": ") + json_text(kind.name) +
            ", \"done\": " + std::to_string(kind.done) + ", \"planned\": " + std::to_string(kind.planned) +
            ", \"at_most\": " + (kind.at_most ? "true" : "false") +
            ", \"running\": " + std::to_string(kind.running) + ", \"seconds\": " + json_number(kind.seconds) +
            "}";
  }
  text += "],\n \"ranks\": [";
  for (std::size_t r = 0; r < status.ranks.size(); ++r) {
    const auto& rank = status.ranks[r];
    text += (r == 0 ? "\n  {\"rank\": " : ",\n  {\"rank\": ") + std::to_string(r) +
            ", \"host\": " + json_text(rank.host) + ", \"threads\": " + std::to_string(rank.threads) +
            ", \"heard\": " + (rank.is_heard ? "true" : "false") +
            ", \"heard_seconds_ago\": " + json_number(rank.heard_seconds_ago) +
            ", \"done\": " + std::to_string(rank.status.tasks) +
            ", \"ready\": " + std::to_string(rank.status.ready) +
            ", \"bytes_held\": " + std::to_string(rank.status.bytes_held) +
            ", \"bytes_kept\": " + std::to_string(rank.status.bytes_kept) +
            ", \"busy\": " + json_number(rank.busy()) + ", \"running\": [";
    for (const auto& task : rank.status.running) {
      text += (&task == &rank.status.running.front() ? "{\"kind\": " : ", {\"kind\": ") +
              json_text(task.kind) + ", \"seconds\": " + json_number(task.seconds) + "}";
    }
    text += "]}";
  }
  return text + "]}\n";
}

std::string status_line(const JobStatus& status) {
  std::uint64_t done = 0, planned = 0, running = 0, bytes = 0;
  bool at_most = false;
  for (const auto& kind : status.kinds) {
    done += kind.done;
    planned += std::max(kind.planned, kind.done);
    running += kind.running;
    at_most |= kind.at_most;
  }
  double longest = 0;
  std::string whose;
  for (std::size_t r = 0; r < status.ranks.size(); ++r) {
    const auto& rank = status.ranks[r];
    bytes += rank.status.bytes_held + rank.status.bytes_kept;
    if (rank.status.running.empty()) continue;
    const double seconds = rank.status.running.front().seconds + rank.heard_seconds_ago;
    if (seconds <= longest) continue;
    longest = seconds;
    whose =
        rank.status.running.front().kind + " on rank " + std::to_string(r) + " for " + shown_seconds(seconds);
  }
  std::string line = "ramal: " + shown_seconds(status.elapsed_seconds) + ", " +
                     of_planned(done, planned, at_most) + " tasks, " + std::to_string(running) +
                     " running, " + shown_bytes(bytes);
  if (const double left = status.seconds_left(); left > 0) line += ", about " + shown_seconds(left) + " left";
  if (longest > 1) line += "; longest: " + whose;
  return line;
}

std::vector<std::string> status_bars(const JobStatus& status, std::size_t width, std::size_t most_lines) {
  std::vector<const JobStatus::Kind*> shown;
  for (const auto& kind : status.kinds) shown.push_back(&kind);
  const auto rank = [](const JobStatus::Kind* kind) {
    return kind->running > 0 ? 0 : kind->done < kind->planned ? 1 : 2;
  };
  std::ranges::stable_sort(shown, {}, rank);
  most_lines = std::max<std::size_t>(most_lines, 2);
  if (shown.size() + 1 > most_lines) shown.resize(most_lines - 1);
  width = std::clamp<std::size_t>(width, 40, 120);
  const std::size_t name_columns = width / 4, bar_columns = width / 4;
  std::vector<std::string> lines;
  for (const JobStatus::Kind* kind : shown) {
    const auto planned = std::max(kind->planned, kind->done);
    const auto full = planned == 0 ? 0
                                   : static_cast<std::size_t>(static_cast<double>(bar_columns) *
                                                              static_cast<double>(kind->done) /
                                                              static_cast<double>(planned));
    std::string bar;
    for (std::size_t i = 0; i < bar_columns; ++i) bar += i < full ? "█" : "·";
    std::string line =
        fit(kind->name, name_columns) + " " + bar + " " + of_planned(kind->done, planned, kind->at_most);
    if (kind->running > 0) line += ", " + std::to_string(kind->running) + " running";
    if (status.elapsed_seconds > 0 && kind->done > 0)
      line += form(", %.3g/s", static_cast<double>(kind->done) / status.elapsed_seconds);
    // A column too wide would make two lines of one; letters of several bytes are in name and bar.
    const std::size_t before = name_columns + bar_columns + 2;
    const std::size_t numbers = line.find(bar) + bar.size() + 1;
    lines.push_back(line.substr(0, numbers + (width - before - 1)));
  }
  lines.push_back(status_line(status).substr(0, width - 1));
  return lines;
}

}  // namespace ramal::detail
