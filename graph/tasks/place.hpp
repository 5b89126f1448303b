// SPDX-License-Identifier: BSD-3-Clause
// place: which rank runs which task.
//
//   sources (nothing to read):   contiguous blocks of equal cost, in the graph's order
//   everything else:             the byte-weighted median of its inputs' ranks, taken as a ring,
//                                ties to the rank with less work on that level, then to the lower one,
//                                unless that rank has its share of the level already
//
//   a collective task:           counts for its first participant's rank; its results go where its parts are
//
//        o   o   o   o   o   o   o   o          a stencil stays in columns,
//        |\ /|\ /|\ /|\ /|\ /|\ /|\ /|          a tree in subtrees:
//        o   o   o   o   o   o   o   o          only neighbours and tops talk
//        [  rank 0  ]   [  rank 1  ]
//
// Why not earliest finish time: with the least loaded rank as a candidate it sends 25 to 50 times the
// messages on these graphs (measured by simulation), because it takes a rank's momentary lead for a
// reason to move data.
#pragma once

#include "graph/core/costs.hpp"

namespace ramal::detail {

/// The ranks there are: one host name each.
struct Machine {
  std::vector<std::string> hosts;
  std::uint32_t ranks() const { return static_cast<std::uint32_t>(hosts.size()); }
};

/// Where a given value lies, and its size where known (0: unknown). `anywhere`: as good as everywhere.
struct Home {
  std::uint32_t rank = 0;
  double bytes = 0;
  bool anywhere = false;
};
using HomeOf = std::function<Home(const Task&)>;

/// The rank of each task of `graph`. A task's cost is what its annotation states, else what was learnt of its
/// kind (costs.hpp), else 1. Linear in tasks and edges (inputs of one task are sorted).
/// Throws std::invalid_argument where an annotation or a collective task names a rank or host that is not
/// there.
PagedVector<std::uint32_t> place(const Graph& graph, const Machine& machine, const HomeOf& home_of,
                                 const SecondsOf& seconds_of = {});

}  // namespace ramal::detail
