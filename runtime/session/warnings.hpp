// SPDX-License-Identifier: BSD-3-Clause
// Warnings: what a distributed session tells its user of graphs that are slow for no need, once for each line
// of the program.
//
// One thread at a time.
#pragma once

#include "graph/families/program.hpp"
#include "graph/tasks/cut.hpp"

namespace ramal::detail {

class Warnings {
 public:
  explicit Warnings(bool on) : on_(on) {}

  /// Of calls that carry large values with each task.
  void of_large_literals(const Cut& cut);
  /// Of families that every one of several ranks has to look at as a whole, where that takes long.
  void of_unknown_readers(const PlannedProgram& planned);

 private:
  bool is_first(const char* file, unsigned line) { return on_ && said_.insert({file, line}).second; }

  const bool on_;
  std::set<std::pair<const char*, unsigned>> said_;
};

}  // namespace ramal::detail
