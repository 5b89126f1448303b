// SPDX-License-Identifier: BSD-3-Clause
// What a task may ask of itself, and lines from within it.
//
//   double sample(long n) {
//     std::mt19937_64 random(ramal::this_task().seed);       // the same numbers on whichever rank it runs
//     …
//     ramal::log("mean ", mean, " of ", n);                   // rank 2, sample: mean 0.5 of 100000
//   }
#pragma once

#include <ramal/index.hpp>

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace ramal {

/// The task that the calling thread runs.
struct TaskInfo {
  std::string_view name;  ///< its function's; not that of an annotation
  int rank = 0;           ///< where it runs, which may be another rank than planned
  /// The line that made the task: of a call through `delayed`, or of the call that made its family, loop or
  /// reduction. As the compiler was given the file's name. Empty and 0 if it was made in a library that was
  /// loaded after the session began.
  std::string_view file;
  unsigned line = 0;
  /// Which time it is that the task is tried: 1, and one more each time that the session's `retry` makes it
  /// again, up to 255.
  int attempt = 1;
  /// The place of a member of a family; none for other tasks. Places in loops begin with the step.
  std::optional<Index> place;
  /// Differs from task to task, and depends on nothing but the program: it is the same on whichever rank the
  /// task runs, at every rank count, with every scheduler, and in every run of the program, as long as it
  /// asks for the same in the same order and cancels and retries nothing. For random
  /// numbers, as in `std::mt19937_64 random(ramal::this_task().seed)`: a generator without one gives all
  /// tasks the same. A graph that is computed a second time has other seeds. All participants of a collective
  /// task have the same.
  std::uint64_t seed = 0;
};

/// What the calling thread is inside of. Throws std::logic_error outside of tasks: in the program, and in
/// threads that a task has started. Some tens of nanoseconds. `name` and `file` live as long as the program.
TaskInfo this_task();

namespace detail {
void log_text(const std::string& text);
}

/// A line on standard error, made of the parts by `<<`: `ramal::log("residual ", r, " after ", n)`. It begins
/// with the rank and the task, as in `rank 3, blur[2, 5]: …`, and is written in one piece, so that lines of
/// several tasks, threads and ranks do not mix. Outside of tasks it begins with `ramal:`. From any thread.
/// Each line of a text of several begins so. It is not buffered, and costs a system call. An operator<< that
/// throws makes it throw.
template <class... Parts>
void log(const Parts&... parts) {
  std::ostringstream line;
  (line << ... << parts);
  detail::log_text(line.str());
}

}  // namespace ramal
