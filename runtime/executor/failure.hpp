// SPDX-License-Identifier: BSD-3-Clause
// Failure: what travels in place of a result that could not be made.
#pragma once

#include "graph/core/subgraph.hpp"
#include "runtime/executor/exceptions.hpp"

#include <optional>

namespace ramal::detail {

struct Failure {
  RunId run = 0;           ///< with `plan`: the task that failed
  std::uint64_t plan = 0;  ///< its place in the run's graph, or its name as a member of a family
  std::int32_t rank = 0;   ///< where
  bool cancelled = false;
  std::string message;
  std::string arguments;

  /// In a catch block: the message is `doing`, and what the exception says.
  static Failure caught(RunId run, std::uint64_t plan, std::int32_t rank, const char* doing) {
    return {run, plan, rank, false, doing + current_message(), {}};
  }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& run& plan& rank& cancelled& message& arguments;
  }
  /// Of several, the first in the order of the plan is reported, on any number of ranks.
  bool before(const Failure& other) const { return std::pair(run, plan) < std::pair(other.run, other.plan); }
};

/// `first` becomes the one that is reported of the two.
inline void keep_first(std::optional<Failure>& first, const Failure& other) {
  if (!first || other.before(*first)) first = other;
}

/// What `caught` may have been doing.
constexpr const char* not_encoded = "its result could not be encoded: ";
constexpr const char* not_decoded = "its result could not be decoded: ";

template <>
inline constexpr bool is_failure<Failure> = true;

}  // namespace ramal::detail
