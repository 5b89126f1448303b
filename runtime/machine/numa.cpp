// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/machine/numa.hpp"

#ifdef RAMAL_HAS_HWLOC
#include <hwloc.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <string>
#include <utility>

namespace ramal::detail {

std::vector<std::size_t> spread_over_nodes(const std::vector<std::size_t>& processors, std::size_t workers) {
  const std::size_t total = std::accumulate(processors.begin(), processors.end(), std::size_t{0});
  std::vector<std::size_t> node_of_worker(workers, 0);
  if (total == 0) return node_of_worker;
  std::size_t node = 0;
  std::size_t end = processors[0];  // where the NUMA node's processors end, among all
  for (std::size_t worker = 0; worker < workers; ++worker) {
    const std::size_t processor = worker * total / workers;
    while (processor >= end) end += processors[++node];
    node_of_worker[worker] = node;
  }
  return node_of_worker;
}

std::vector<std::size_t> victim_order(std::size_t worker, const std::vector<std::size_t>& node_of_worker) {
  const std::size_t workers = node_of_worker.size();
  std::vector<std::size_t> order;
  for (std::size_t i = 1; i < workers; ++i) order.push_back((worker + i) % workers);
  std::ranges::stable_partition(
      order, [&](std::size_t other) { return node_of_worker[other] == node_of_worker[worker]; });
  return order;
}

#ifdef RAMAL_HAS_HWLOC

/// True if the kernel says there is one NUMA node. Saves a look at the whole machine, which takes hwloc tens
/// of milliseconds.
static bool surely_has_one_node() {
  for (const char* name : {"HWLOC_SYNTHETIC", "HWLOC_XMLFILE"}) {
    if (std::getenv(name) != nullptr) return false;
  }
  std::ifstream file("/sys/devices/system/node/online");
  std::string nodes;  // such as 0-1
  return file >> nodes && nodes.find_first_of(",-") == std::string::npos;
}

struct Numa::Topology {
  hwloc_topology_t all = nullptr;
  std::vector<hwloc_bitmap_t> nodes;  // the processors of each that this process may use

  ~Topology() {
    for (const hwloc_bitmap_t node : nodes) hwloc_bitmap_free(node);
    if (all != nullptr) hwloc_topology_destroy(all);
  }
  bool load() {
    if (hwloc_topology_init(&all) != 0) return false;
    if (hwloc_topology_load(all) == 0) return true;
    hwloc_topology_destroy(std::exchange(all, nullptr));
    return false;
  }
  std::vector<std::size_t> find_nodes() {
    std::vector<std::size_t> processors;
    const hwloc_bitmap_t mine = hwloc_bitmap_alloc();
    if (hwloc_get_cpubind(all, mine, HWLOC_CPUBIND_PROCESS) != 0)
      hwloc_bitmap_copy(mine, hwloc_topology_get_allowed_cpuset(all));
    for (hwloc_obj_t node = nullptr;
         (node = hwloc_get_next_obj_by_type(all, HWLOC_OBJ_NUMANODE, node)) != nullptr;) {
      nodes.push_back(hwloc_bitmap_alloc());
      hwloc_bitmap_and(nodes.back(), node->cpuset, mine);
      processors.push_back(static_cast<std::size_t>(hwloc_bitmap_weight(nodes.back())));
    }
    hwloc_bitmap_free(mine);
    return processors;
  }
};

Numa::Numa(std::size_t workers) : node_of_worker_(workers, 0) {
  for (const char* name : {"OMP_PROC_BIND", "GOMP_CPU_AFFINITY", "KMP_AFFINITY"}) {
    if (std::getenv(name) != nullptr) return;
  }
  if (workers < 2 || surely_has_one_node()) return;
  auto topology = std::make_unique<Topology>();
  if (!topology->load()) return;
  const auto processors = topology->find_nodes();
  const auto used = std::ranges::count_if(processors, [](std::size_t count) { return count > 0; });
  const std::size_t total = std::accumulate(processors.begin(), processors.end(), std::size_t{0});
  if (used < 2 || workers < total) return;
  node_of_worker_ = spread_over_nodes(processors, workers);
  topology_ = std::move(topology);
}

void Numa::bind(std::size_t worker) const {
  if (topology_ == nullptr) return;
  // A thread that cannot be bound runs anywhere, which is slower and not wrong.
  hwloc_set_cpubind(topology_->all, topology_->nodes[node_of_worker_[worker]], HWLOC_CPUBIND_THREAD);
}

bool Numa::is_known() { return true; }

#else

struct Numa::Topology {};
Numa::Numa(std::size_t workers) : node_of_worker_(workers, 0) {}
void Numa::bind(std::size_t) const {}
bool Numa::is_known() { return false; }

#endif

Numa::~Numa() = default;

}  // namespace ramal::detail
