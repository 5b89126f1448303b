// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/progress.hpp"

#include "graph/core/atomic_file.hpp"
#include "runtime/machine/clock.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <system_error>

namespace ramal::detail {

namespace {

constexpr double bars_pause_seconds = 0.2;
constexpr double file_pause_seconds = 1;
constexpr double first_bars_seconds = 0.5;  // short programs show nothing
constexpr double first_line_seconds = 2;
constexpr double least_line_pause_seconds = 5;
constexpr double line_share = 0.1;  // of the time until now passes until the next line

void write_to_standard_error(const std::string& text) {
  std::fflush(stderr);
  for (std::size_t at = 0; at < text.size();) {  // at once, so that nothing flickers
    const ssize_t written = ::write(STDERR_FILENO, text.data() + at, text.size() - at);
    if (written <= 0) return;
    at += static_cast<std::size_t>(written);
  }
}

/// Back to the first of the lines that were drawn, all of which are gone.
std::string undrawn(std::size_t lines) {
  return lines == 0 ? "" : "\x1b[" + std::to_string(lines) + "F\x1b[J";
}

}  // namespace

bool shows_on_a_terminal() { return isatty(STDERR_FILENO) == 1; }

Progress::Progress(const Tally& own, std::vector<JobStatus::Rank> ranks, Settings settings)
    : own_(own),
      settings_(std::move(settings)),
      ranks_(std::move(ranks)),
      heard_(ranks_.size()),
      summaries_(ranks_.size()) {
  if (settings_.form != ProgressForm::none || !settings_.file.empty())
    thread_ = std::thread([this] { show(); });
}

void Progress::hear(int from, std::span<const std::byte> text) {
  Reader reader(text);
  auto status = Codec<RankStatus>::read(reader);
  std::optional<RankSummary> last;
  if (reader.left() > 0) last = Codec<RankSummary>::read(reader);
  const std::lock_guard held(lock_);
  const auto rank = static_cast<std::size_t>(from);
  ranks_.at(rank).status = std::move(status);
  ranks_[rank].is_heard = true;
  if (last) summaries_[rank] = std::move(*last);
  heard_[rank] = now_seconds();
}

JobStatus Progress::status() const {
  JobStatus job;
  {
    const std::lock_guard held(lock_);
    job.ranks = ranks_;
    const double now = now_seconds();
    for (std::size_t rank = 1; rank < job.ranks.size(); ++rank) {
      if (job.ranks[rank].is_heard) job.ranks[rank].heard_seconds_ago = now - heard_[rank];
    }
  }
  job.ranks[0].status = own_.status();
  job.ranks[0].is_heard = true;
  job.elapsed_seconds = job.ranks[0].status.elapsed_seconds;
  const auto of = [&job](const std::string& name) -> JobStatus::Kind& {
    const auto known = std::ranges::find(job.kinds, name, &JobStatus::Kind::name);
    if (known != job.kinds.end()) return *known;
    return job.kinds.emplace_back(JobStatus::Kind{.name = name});
  };
  for (const Tally::Planned& planned : own_.planned()) {
    of(planned.kind).planned += planned.tasks;
    of(planned.kind).at_most |= planned.at_most;
  }
  for (const auto& rank : job.ranks) {
    for (const RankStatus::Of& one : rank.status.kinds) {
      JobStatus::Kind& kind = of(one.kind);
      kind.done += one.tasks;
      kind.running += one.running;
      kind.seconds += one.seconds;
    }
  }
  return job;
}

JobSummary Progress::summary() const {
  JobSummary job{.elapsed_seconds = own_.status().elapsed_seconds};
  const std::lock_guard held(lock_);
  for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
    job.ranks.push_back({ranks_[rank].threads, rank == 0 ? own_.summary() : summaries_[rank]});
  return job;
}

void Progress::show() {
  const double start = now_seconds();
  double next_bars = start + first_bars_seconds, next_line = start + first_line_seconds, next_file = start;
  std::unique_lock held(lock_);
  while (!ending_) {
    held.unlock();
    const double now = now_seconds();
    double next = now + file_pause_seconds;
    if (settings_.form == ProgressForm::bars) {
      if (now >= next_bars) draw_bars(), next_bars = now + bars_pause_seconds;
      next = std::min(next, next_bars);
    }
    if (settings_.form == ProgressForm::lines) {
      if (now >= next_line) {
        write_to_standard_error(status_line(status()) + "\n");
        next_line = now + std::max(least_line_pause_seconds, line_share * (now - start));
      }
      next = std::min(next, next_line);
    }
    if (!settings_.file.empty()) {
      if (now >= next_file) write_file(false), next_file = now + file_pause_seconds;
      next = std::min(next, next_file);
    }
    held.lock();
    if (!ending_) told_.wait_for(held, std::chrono::duration<double>(std::max(1e-3, next - now_seconds())));
  }
}

void Progress::draw_bars() {
  winsize window{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) window = {24, 80, 0, 0};
  const auto lines = status_bars(status(), window.ws_col, std::max(2, window.ws_row / 2));
  std::string text = lines_drawn_ == 0 ? "" : "\x1b[" + std::to_string(lines_drawn_) + "F";
  for (const std::string& line : lines) text += line + "\x1b[K\n";
  write_to_standard_error(text + "\x1b[J");
  lines_drawn_ = lines.size();
}

void Progress::write_file(bool has_ended) {
  if (has_warned_) return;
  JobStatus job = status();
  job.has_ended = has_ended;
  try {
    AtomicFile file(settings_.file);
    file.write(status_json(job));
    file.publish();
  } catch (const std::system_error& error) {
    has_warned_ = true;
    settings_.warn("ramal: warning: RAMAL_STATUS: expected a file that can be written, found '" +
                   settings_.file + "': " + error.code().message() + "; the program goes on without it");
  }
}

void Progress::end() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard held(lock_);
    ending_ = true;
  }
  told_.notify_all();
  thread_.join();
  write_to_standard_error(undrawn(lines_drawn_));
  if (!settings_.file.empty()) write_file(true);
}

}  // namespace ramal::detail
