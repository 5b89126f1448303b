// SPDX-License-Identifier: BSD-3-Clause
// Reads traces as merge_trace writes them, event by event, in memory that does not grow with the trace. It
// takes any JSON of Chrome's trace viewer, compressed or not, but of arguments only texts, numbers and
// truths.
#pragma once

#include "runtime/executor/observer.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ramal::detail {

struct TraceEvent {
  struct Argument {
    std::string key;
    std::string text;   ///< as it stands there, without quotes
    double number = 0;  ///< 0 for texts; 1 for true
  };
  char phase = 0;
  int process = 0;  ///< the rank
  int thread = 0;   ///< the lane
  Moment at = 0;    ///< nanoseconds
  Moment took = 0;
  std::string name, category, id;
  std::vector<Argument> arguments;

  /// Null: there is none of that name.
  const Argument* find(std::string_view key) const;
  /// 0 where there is none.
  double number(std::string_view key) const;
};

/// What a trace says of itself, in the order in which it stands there: "ranks" "2", "clocks.0.host" "node1".
using TraceNotes = std::vector<std::pair<std::string, std::string>>;

/// Calls `use` for each event, in the order of the file, and returns the notes. An event is only there during
/// the call. Linear. Throws std::system_error, which begins with the file's name, if it cannot be read, and
/// std::runtime_error, with the place, where it is no trace or ends too early.
TraceNotes read_trace(const std::string& path, const std::function<void(const TraceEvent&)>& use);

}  // namespace ramal::detail
