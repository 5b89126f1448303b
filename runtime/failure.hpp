// SPDX-License-Identifier: BSD-3-Clause
// Failure: what travels in place of a result that could not be made.
#pragma once

#include "graph/graph.hpp"

namespace ramal::detail {

struct Failure {
  std::uint32_t run = 0;  ///< with `plan`: the task that failed
  std::uint64_t plan = 0;  ///< its place in the run's graph, or its name as a member of a family
  std::int32_t rank = 0;  ///< where
  bool cancelled = false;
  std::string message;
  std::string arguments;

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& run& plan& rank& cancelled& message& arguments;
  }
  /// Of several, the first in the order of the plan is reported, on any number of ranks.
  bool before(const Failure& other) const { return std::pair(run, plan) < std::pair(other.run, other.plan); }
};

template <>
inline constexpr bool is_failure<Failure> = true;

}  // namespace ramal::detail
