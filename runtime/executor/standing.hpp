// SPDX-License-Identifier: BSD-3-Clause
// Standing: what a rank says of itself when nothing gets done: what it is inside of, and what it waits for.
// Of all ranks' standings rank 0 makes one chain, from what the program waits for to the task that blocks it.
#pragma once

#include "graph/core/subgraph.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ramal::detail {

struct Standing {
  /// A task, as a person calls it: its name, place and call site.
  struct Inside {
    std::string task;
    double seconds = 0;
    const Kind* kind = nullptr;  ///< does not travel
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
      archive& task& seconds;
    }
  };
  /// A result that another rank is to send.
  struct Awaited {
    std::string task;
    std::int32_t rank = -1;  ///< who makes it; -1: not known here, but by rank 0
    RunId run = 0;           ///< with `plan`, what names the task
    std::uint64_t plan = 0;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
      archive& task& rank& run& plan;
    }
  };
  /// A participant of a collective task that is not done.
  struct Turn {
    std::string task;
    RunId run = 0;
    std::uint32_t turn = 0;
    bool has_joined = false;  ///< it waits for others; else they wait for it
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
      archive& task& run& turn& has_joined;
    }
  };
  static constexpr std::size_t most = 16;  ///< of each of these are told

  std::vector<Inside> inside = {};
  std::vector<Awaited> awaited = {};
  std::vector<Turn> turns = {};
  std::uint64_t tasks_run = 0;
  std::uint64_t values_kept = 0;
  std::uint64_t bytes_held = 0;
  bool is_at_rest = true;  ///< no task runs or could start
  bool is_short_of_memory = false;
  double quiet_seconds = 0;  ///< since a task has ended here
  // Messages that may change who is at rest.
  std::uint64_t sent = 0;
  std::uint64_t received = 0;

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& inside& awaited& turns& tasks_run& values_kept& bytes_held& is_at_rest& is_short_of_memory&
        quiet_seconds& sent& received;
  }

  /// Some lines about one rank, each behind `prefix`.
  std::string text(const std::string& prefix) const;
};

/// By rank; none of those that have not answered.
using Standings = std::vector<std::optional<Standing>>;

/// The chain from what the program waits for, `first`, to what blocks it, a line for each link, without a
/// prefix. `awaited` of the standings have their ranks. O(what is told).
std::vector<std::string> blocking_chain(const Standing::Awaited& first, const Standings& ranks);

/// All ranks have answered, none runs anything or could, nothing is on the way, and nothing has changed since
/// the answers `before`: what is missing will never come.
bool is_deadlock(const Standings& before, const Standings& now);

}  // namespace ramal::detail
