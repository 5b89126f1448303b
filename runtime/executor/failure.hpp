// SPDX-License-Identifier: BSD-3-Clause
// Failure: what travels in place of a result that could not be made.
#pragma once

#include "graph/core/subgraph.hpp"
#include "runtime/executor/exceptions.hpp"

#include <optional>

namespace ramal::detail {

/// What stands for arguments that cannot be shown.
constexpr const char* unknown_arguments = "…";

/// A call's arguments, for a message. Throws nothing of what a user's types may throw while they are shown:
/// that must not hide the error that they were given to.
inline std::string shown_arguments(const Kind& kind, const CallFrame& frame) {
  try {
    return kind.preview(frame);
  } catch (...) {
    return unknown_arguments;
  }
}

struct Failure {
  RunId run = 0;           ///< with `plan`: the task that failed
  std::uint64_t plan = 0;  ///< its index in the run's graph, or its name as a member of a family
  std::int32_t rank = 0;   ///< where
  bool cancelled = false;
  std::string message = {};
  std::string arguments = {};

  /// In a catch block: the message is `doing`, and what the exception says.
  static Failure caught(RunId run, std::uint64_t plan, std::int32_t rank, const char* doing) {
    return {run, plan, rank, false, doing + current_message(), {}};
  }
  /// In a catch block: of a task whose function has thrown.
  static Failure thrown(RunId run, std::uint64_t plan, std::int32_t rank, const Kind& kind,
                        const CallFrame& frame) {
    return {run, plan, rank, false, current_message(), shown_arguments(kind, frame)};
  }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& run& plan& rank& cancelled& message& arguments;
  }
  /// The order of the plan. The first of several failures is reported, on any number of ranks.
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
