// SPDX-License-Identifier: BSD-3-Clause
// Progress: what rank 0 shows of the program while it runs: bars on a terminal, lines in a file, and a status
// file for `ramal top`. It has a thread of its own that mostly sleeps, so that it shows something also while
// rank 0 is inside a task or the program; no MPI is called by it.
#pragma once

#include "runtime/watch/tally.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <thread>

namespace ramal::detail {

enum class ProgressForm { none, bars, lines };

class Progress {
 public:
  struct Settings {
    ProgressForm form = ProgressForm::none;
    std::string file = {};                         ///< empty: none
    std::function<void(const std::string&)> warn;  ///< is called once if the file cannot be written
  };
  /// `ranks`: hosts and threads of all, told of by their order. `own`: rank 0's; it outlives this.
  Progress(const Tally& own, std::vector<JobStatus::Rank> ranks, Settings settings);
  ~Progress() { end(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Another rank has told what it is at; the last time, behind that, its summary. Throws DecodeError if that
  /// is damaged. Any thread.
  void hear(int from, std::span<const std::byte> text);
  /// Bars are gone when it returns, and the file says that the program has ended.
  void end();
  /// What is known now. Any thread.
  JobStatus status() const;
  /// When all ranks have told their last.
  JobSummary summary() const;

 private:
  void show();
  void draw_bars();
  void write_file(bool has_ended);

  const Tally& own_;
  const Settings settings_;
  mutable std::mutex lock_;  // of what follows
  std::condition_variable told_;
  bool ending_ = false;
  std::vector<JobStatus::Rank> ranks_;
  std::vector<double> heard_;  // when, by rank
  std::vector<RankSummary> summaries_;
  // the thread's own
  std::size_t lines_drawn_ = 0;
  bool has_warned_ = false;
  std::thread thread_;
};

/// Standard error is a terminal.
bool shows_on_a_terminal();

}  // namespace ramal::detail
