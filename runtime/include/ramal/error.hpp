// SPDX-License-Identifier: BSD-3-Clause
// What compute, wait and run throw.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <stdexcept>
#include <string>

namespace ramal {

/// A task threw. Of several, the first in the order of the plan is reported. Independent tasks have
/// run, and the session goes on.
class TaskError : public std::runtime_error {
 public:
  struct Details {
    std::string task;       ///< its display name
    std::string file;       ///< where the call of `delayed` stands
    unsigned line = 0;      ///< 0: unknown (operators have no place of their own)
    std::string arguments;  ///< a preview
    int rank = 0;           ///< where it ran
    std::string host;
    std::string message;  ///< what() of what it threw
  };
  explicit TaskError(Details details);
  const Details& details() const { return details_; }

 private:
  Details details_;
};

/// The result was cancelled before it was made. The handle can be computed or persisted anew.
class CancelledError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An option, or the way the program was started, cannot work.
class OptionError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

}  // namespace ramal
