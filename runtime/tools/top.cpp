// SPDX-License-Identifier: BSD-3-Clause
// ramal top: a line for each kind of task, and one for each rank, the least busy first.
#include "runtime/tools/top.hpp"

#include "runtime/machine/clock.hpp"
#include "runtime/watch/status.hpp"

#include <nlohmann/json.hpp>

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <stdexcept>

namespace ramal::tools {

namespace {

using detail::JobStatus;
using nlohmann::json;

JobStatus::Rank rank_from(const json& from) {
  JobStatus::Rank rank{.host = from.at("host"), .threads = from.at("threads")};
  rank.is_heard = from.at("heard");
  rank.heard_seconds_ago = from.at("heard_seconds_ago");
  rank.status.tasks = from.at("done");
  rank.status.ready = from.at("ready");
  rank.status.bytes_held = from.at("bytes_held");
  rank.status.bytes_kept = from.at("bytes_kept");
  rank.status.elapsed_seconds = 1;
  rank.status.busy_seconds = from.at("busy").get<double>() * rank.threads;
  for (const json& task : from.at("running"))
    rank.status.running.push_back({task.at("kind"), task.at("seconds")});
  return rank;
}

JobStatus read(const std::string& file) {
  std::ifstream in(file);
  if (!in)
    throw std::runtime_error("top: expected a status file (RAMAL_STATUS), found none at '" + file + "'");
  try {
    const json from = json::parse(in);
    if (from.at("ramal_status") != 1) throw std::runtime_error("it is of another version");
    JobStatus job{.elapsed_seconds = from.at("elapsed_seconds"), .has_ended = from.at("ended")};
    for (const json& kind : from.at("kinds"))
      job.kinds.push_back({kind.at("name"), kind.at("planned"), kind.at("at_most"), kind.at("done"),
                           kind.at("running"), kind.at("seconds")});
    for (const json& rank : from.at("ranks")) job.ranks.push_back(rank_from(rank));
    return job;
  } catch (const std::exception& error) {
    throw std::runtime_error("top: expected a status file (RAMAL_STATUS), found '" + file +
                             "': " + error.what());
  }
}

/// How old the file is: who writes it may have died.
double age_seconds(const std::string& file) {
  struct stat about {};
  return stat(file.c_str(), &about) == 0 ? std::difftime(std::time(nullptr), about.st_mtime) : 0;
}

std::string rank_line(std::size_t number, const JobStatus::Rank& rank) {
  char text[200];
  const double idle = 100 * (1 - std::clamp(rank.busy(), 0.0, 1.0));
  std::snprintf(text, sizeof text, "%5zu %-12.12s %9llu %7llu %9s %5.0f%%  ", number, rank.host.c_str(),
                static_cast<unsigned long long>(rank.status.tasks),
                static_cast<unsigned long long>(rank.status.ready),
                detail::shown_bytes(rank.status.bytes_held + rank.status.bytes_kept).c_str(), idle);
  std::string line = text;
  if (!rank.is_heard) return line + "nothing heard yet";
  if (rank.status.running.empty()) {
    line += "-";
  } else {
    const auto& longest = rank.status.running.front();
    line += longest.kind + " for " + detail::shown_seconds(longest.seconds + rank.heard_seconds_ago);
    if (rank.status.running.size() > 1)
      line += " and " + std::to_string(rank.status.running.size() - 1) + " more";
  }
  constexpr double long_seconds = 3;
  if (rank.heard_seconds_ago > long_seconds)
    line += "  (heard " + detail::shown_seconds(rank.heard_seconds_ago) + " ago)";
  return line;
}

std::vector<std::string> lines_of(const JobStatus& job, double age, std::size_t width,
                                  std::size_t most_lines) {
  std::vector<std::string> lines = detail::status_bars(job, width, std::max<std::size_t>(3, most_lines / 3));
  constexpr double old_seconds = 10;
  if (job.has_ended) {
    lines.push_back("the program has ended");
  } else if (age > old_seconds) {
    lines.push_back("not written for " + detail::shown_seconds(age) + ": the program may have died");
  }
  lines.push_back(" rank host              done   ready     bytes   idle  running");
  std::vector<std::size_t> order(job.ranks.size());
  for (std::size_t rank = 0; rank < order.size(); ++rank) order[rank] = rank;
  // Those that hold up others have long tasks, or are silent.
  std::ranges::stable_sort(order, std::greater(), [&job](std::size_t number) {
    const auto& rank = job.ranks[number];
    return rank.status.running.empty() ? 0.0 : rank.status.running.front().seconds + rank.heard_seconds_ago;
  });
  for (const std::size_t rank : order) {
    if (lines.size() + 1 >= most_lines && rank != order.back()) {
      lines.push_back("      … and " + std::to_string(order.size()) + " ranks in all");
      break;
    }
    lines.push_back(rank_line(rank, job.ranks[rank]).substr(0, width + 8));
  }
  return lines;
}

}  // namespace

int top(const std::string& file, bool once) {
  constexpr std::size_t all_lines = 1 << 20;
  constexpr double pause_seconds = 1;
  for (;;) {
    const JobStatus job = read(file);
    winsize window{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) window = {24, 100, 0, 0};
    std::string text = once ? "" : "\x1b[H";
    for (const auto& line : lines_of(job, age_seconds(file), window.ws_col, once ? all_lines : window.ws_row))
      text += line + (once ? "\n" : "\x1b[K\n");
    if (!once) text += "\x1b[J";
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
    if (once || job.has_ended) return 0;
    detail::sleep_seconds(pause_seconds);
  }
}

}  // namespace ramal::tools
