// SPDX-License-Identifier: BSD-3-Clause
// What compute, wait and run throw, and what keeps a program from starting.
//
//   std::runtime_error         TaskError, CancelledError: the session goes on
//   std::logic_error           a session used inside of a task, or run inside of a run
//     std::invalid_argument    OptionError, and what a call refuses, such as a handle that was moved from
//
// What a task throws never leaves it as it is: it may have run on another rank. It becomes a TaskError with
// the same text. TaskError and CancelledError are thrown in the program's thread, on rank 0.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <stdexcept>
#include <string>

namespace ramal {

/// A task threw, or its result could not be encoded. Of several, the first in the order of the plan is
/// reported, which is the same on any number of ranks. Independent tasks have run, and the session goes on.
/// Tasks that would have read the result have not run; asking for theirs throws the same error.
///
///   try {
///     session.compute(total);
///   } catch (const ramal::TaskError& error) {
///     std::cerr << error.what() << '\n';                       // all of it in one line
///     if (error.details().task == "load") use_another_file();
///   }
class TaskError : public std::runtime_error {
 public:
  /// What is known of the task that threw.
  struct Details {
    std::string task;       ///< its display name
    std::string file;       ///< where the call of `delayed` stands
    unsigned line = 0;      ///< 0: unknown (operators have no place of their own)
    std::string arguments;  ///< a preview
    int rank = 0;           ///< where it ran
    std::string host;       ///< the host of that rank; may be empty
    std::string message;    ///< what() of what it threw
  };
  /// what() then says all of it in one line.
  explicit TaskError(Details details);
  /// The same in pieces. Lives as long as the error.
  const Details& details() const { return details_; }

 private:
  Details details_;
};

/// The result was cancelled before it was made, and somebody waits for it or reads it. The handle can be
/// computed or persisted anew. Of a task that reads a cancelled result, what() names the one that was
/// cancelled.
class CancelledError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An option, or the way the program was started, cannot work. `run` catches it, prints it and gives status
/// 2; only Options::from_environment throws it to its caller.
class OptionError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

}  // namespace ramal
