// SPDX-License-Identifier: BSD-3-Clause
// DeathReports: what a process says when a signal, std::terminate or exit ends it in the middle of a run:
// rank, host, task, call site, arguments, and the functions it was inside of. Then it dies as it would have,
// with a core dump where those are on, which ends the job with 128 + signal.
//
// The first lines are made in the signal handler, by nothing but what may be called there. The arguments and
// the names of functions need more; a copy of the process tells them, which is killed where it hangs, as it
// does if the heap's lock was held.
#pragma once

#include <string>

namespace ramal::detail {

class DeathReports {
 public:
  /// What ends all ranks with a status, in a run of several; null: the process alone.
  using EndAll = void (*)(const void* world, int status);

  /// From here to the end of the scope. One at a time in a process; none if not `on`. Handlers of others
  /// stay, but those that Open MPI puts where there are none. `rank`: -1 if the process has several.
  DeathReports(bool on, int rank, EndAll end_all = nullptr, const void* world = nullptr);
  ~DeathReports();
  DeathReports(const DeathReports&) = delete;
  DeathReports& operator=(const DeathReports&) = delete;

  /// The process is to end now, by our own will, and whatever calls exit for it says nothing. Any thread.
  static void expect_the_end();

 private:
  bool on_;
};

}  // namespace ramal::detail
