// SPDX-License-Identifier: BSD-3-Clause
// kind_costs: what a task of each kind counts for in placement, given how long its kind took before.
//
//   learnt:            3 us    40 us    50 us    2 ms    ?    (as many tasks of each)
//   costs:             0.01    0.09     0.09     3.8     1    mean over the learnt: 1
//
//  - Measured durations are noisy, and a stencil placed in columns must not lose them over noise. So kinds
//    within a factor of 1.5 of each other count the same, and all below 5 us: those are bound by what is
//    done around a task. Where that leaves one cost for all, it is 1.
//  - A kind that nothing is known of counts as the mean task of the graph, which is 1: so learnt costs and
//    annotated ones, which are relative to a usual task's 1, can stand beside each other.
#pragma once

#include "graph/core/graph.hpp"

#include <functional>

namespace ramal::detail {

/// The mean duration of a kind's tasks; 0: unknown.
using SecondsOf = std::function<double(const Kind&)>;

/// Each kind's cost, by its index in graph.kinds; empty if all have the cost 1. Linear in tasks if something
/// is known, else in kinds.
std::vector<double> kind_costs(const Graph& graph, const SecondsOf& seconds_of);

/// What an annotation says of a task's cost; 1, which everybody has who says nothing, says nothing.
inline bool states_cost(const Annotation* wishes) { return wishes != nullptr && wishes->cost != 1.0; }

}  // namespace ramal::detail
