// SPDX-License-Identifier: BSD-3-Clause
// Which NUMA node each worker of a rank is on, and so from whom it steals first. Known through hwloc, if
// Ramal was built with it; else, or with one NUMA node, all workers are alike and none is bound.
//
// Workers are bound to NUMA nodes, never to cores, and only where the rank has a worker for each processor it
// may use: several ranks that share a host unbound would all begin at its first NUMA node. They are not bound
// where the user has said how threads are to be bound (OMP_PROC_BIND, GOMP_CPU_AFFINITY, KMP_AFFINITY). What
// the launcher bound the rank to is only divided.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace ramal::detail {

/// The NUMA node of each worker, so that each has its share of them: neighbours together.
/// `processors`: how many each NUMA node has that may be used; some may have none.
std::vector<std::size_t> spread_over_nodes(const std::vector<std::size_t>& processors, std::size_t workers);

/// All other workers, in the order in which this one tries to steal from them: those on its own NUMA node
/// first, each group beginning with the next worker, so that not all begin with the same.
std::vector<std::size_t> victim_order(std::size_t worker, const std::vector<std::size_t>& node_of_worker);

class Numa {
 public:
  /// Looks at this process as it is bound now.
  explicit Numa(std::size_t workers);
  ~Numa();
  Numa(const Numa&) = delete;
  Numa& operator=(const Numa&) = delete;

  /// Each worker's NUMA node; all 0 if they are alike.
  const std::vector<std::size_t>& node_of_worker() const { return node_of_worker_; }
  /// Binds the calling thread, which is this worker from now on, to its NUMA node.
  void bind(std::size_t worker) const;

  /// True if Ramal was built with hwloc.
  static bool is_known();

 private:
  struct Topology;
  std::unique_ptr<Topology> topology_;  // null if workers are not to be bound
  std::vector<std::size_t> node_of_worker_;
};

}  // namespace ramal::detail
