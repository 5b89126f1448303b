// SPDX-License-Identifier: BSD-3-Clause
// StallSignals: what a rank says when SIGUSR2 asks it, or when it has moved no messages for too long, being
// inside a task. A timer that is put off as long as messages move makes the second; so no signal disturbs a
// rank whose tasks are short. There is no thread for it: a rank with one thread stays a process with one.
//
// In the handler only the interrupted thread's own task is told in full. It takes no lock.
#pragma once

#include "runtime/executor/running_task.hpp"
#include "runtime/executor/standing.hpp"

#include <array>
#include <atomic>
#include <ctime>
#include <string>

namespace ramal::detail {

class StallSignals {
 public:
  /// Made and ended by the thread that runs the rank. `seconds`: 0 for no timer. `folder`: where each rank
  /// has a file for what it says; empty: on standard error. A SIGUSR2 handler of somebody else's stays, and
  /// then none of this is.
  StallSignals(int rank, double seconds, const std::string& folder);
  ~StallSignals();
  StallSignals(const StallSignals&) = delete;
  StallSignals& operator=(const StallSignals&) = delete;

  /// Messages move.
  void note_pump(double now) { pumped_.store(now, std::memory_order_relaxed); }
  /// Puts the timer off. A system call.
  void put_off();
  void disarm();
  /// Somebody has asked since the last call.
  bool take_request() { return is_asked_.exchange(false); }
  /// Adds to what the rank says: lines, each with its end.
  void write(std::string_view lines);
  /// For what is too much on standard error: nothing if there is no file.
  void write_to_file(std::string_view lines) {
    if (!path_.empty()) write(lines);
  }
  /// The same on standard error too, where that is not where it goes.
  void write_everywhere(const std::string& lines);
  /// False if that kind of task was told of before, so that a person reads of it once.
  bool is_first(const Kind* kind);
  /// Begins each line: who speaks.
  const std::string& prefix() const { return prefix_; }
  std::string inside_line(const Standing::Inside& one) const;

  // in the handler
  void hear_timer();
  void hear_question();
  static StallSignals* find(const void* one);
  static void for_each(void (*use)(StallSignals& one));

 private:
  void tell_own(const RunningTask& task, double now);
  void tell_all(double now);

  const int rank_;
  const double seconds_;
  const std::string prefix_;
  std::string path_;
  bool has_timer_ = false;
  timer_t timer_{};
  std::atomic<double> pumped_;
  std::atomic<bool> is_asked_{false};
  std::array<std::atomic<const Kind*>, 32> told_{};
};

}  // namespace ramal::detail
