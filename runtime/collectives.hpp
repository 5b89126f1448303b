// SPDX-License-Identifier: BSD-3-Clause
// Collectives: rank 0's count of who has joined a collective task, and who has left it.
//
//   rank                     rank 0                          every rank
//   join (or a failure) -->  all joined, none failed:  -->   enter: call the function
//                            some input failed:        -->   settle with the failure
//   leave (or a failure) --> all left:                 -->   settle with the result or the first failure
//
// Why nobody waits for ever: all that a member waits for before it joins is made by ordinary tasks, which
// wait for no collective task but through their inputs, and graphs have no cycles. `enter` messages leave
// rank 0 in one order and arrive in it everywhere, so all ranks call the same function at the same turn.
#pragma once

#include "graph/subgraph.hpp"
#include "runtime/failure.hpp"

#include <map>
#include <optional>

namespace ramal::detail {

class Collectives {
 public:
  struct Name {
    std::uint32_t run;
    TaskIndex plan;
    auto operator<=>(const Name&) const = default;
  };
  enum class Phase { joining, leaving };

  explicit Collectives(int ranks) : ranks_(ranks) {}

  /// One more rank has joined or left. Once all have: the first failure in the plan's order, if any.
  std::optional<std::optional<Failure>> hear(Phase phase, Name name, const std::optional<Failure>& failure) {
    auto& [heard, first] = open_[{phase, name}];
    if (failure && (!first || failure->before(*first))) first = failure;
    if (++heard < ranks_) return std::nullopt;
    return std::optional(std::move(open_.extract({phase, name}).mapped().first));
  }

 private:
  struct Tally {
    int heard = 0;
    std::optional<Failure> first;
  };
  const int ranks_;
  std::map<std::pair<Phase, Name>, Tally> open_;
};

}  // namespace ramal::detail
