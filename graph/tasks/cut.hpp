// SPDX-License-Identifier: BSD-3-Clause
// cut: from a placed graph to one subgraph per rank, with the routes between them.
#pragma once

#include "graph/core/graph.hpp"
#include "graph/core/subgraph.hpp"

#include <functional>
#include <map>
#include <set>

namespace ramal::detail {

/// A task's value is wanted under `id`: handed over on rank 0 (`fetch`), or kept wherever it is made.
struct Want {
  TaskIndex task;
  ValueId id;
  bool fetch;
};

/// What the cutter asks about a given value: its id, and whether a rank holds a copy already.
struct Holder {
  ValueId id = 0;
  /// True if `rank` has the value; the cutter then imports it there and sends nothing.
  std::function<bool(std::uint32_t rank)> holds;
  /// Ranks that receive it are to keep it, because later runs will want it too. Called once a rank.
  std::function<void(std::uint32_t rank)> copied;  ///< null: not kept there
};
using HolderOf = std::function<Holder(const Task&)>;

/// Calls from one line that carry large values.
struct LargeLiterals {
  std::uint64_t tasks = 0;
  std::uint64_t bytes = 0;
  const Task* example = nullptr;
};

struct Cut {
  std::vector<Subgraph> subgraphs;            ///< one per rank; empty bytes where a rank has nothing to do
  std::size_t messages = 0;                   ///< values that cross ranks
  std::set<std::uint32_t> with_participants = {};  ///< ranks that take part in collective tasks of this run
  std::map<std::pair<const char*, unsigned>, LargeLiterals> large_literals;  ///< by file and line
};

/// `rank` is what `place` returned. Each value crosses to a rank at most once. Linear in tasks and
/// edges. Throws std::length_error if one rank's literals exceed 32 GiB.
Cut cut(const Graph& graph, std::span<const std::uint32_t> rank, std::uint32_t ranks, RunId run,
        std::span<const Want> wants, const HolderOf& holder_of, const Images& images);

}  // namespace ramal::detail
