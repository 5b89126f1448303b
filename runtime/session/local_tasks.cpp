// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/session/local_tasks.hpp"

#include "runtime/rank/rank.hpp"

#include <algorithm>

namespace ramal::detail {

LocalTasks::LocalTasks(std::vector<LocalInfos> locals, const std::vector<std::string>& hosts)
    : locals_(std::move(locals)), hosts_(hosts) {
  locals_.resize(hosts_.size());
}

const std::vector<TaskHandle>& LocalTasks::of(const std::string& name, const Kind& kind, KeptResults& kept) {
  std::vector<const LocalInfo*> found;
  for (std::uint32_t rank = 0; rank < locals_.size(); ++rank) found.push_back(&local_of(rank, name, kind));
  auto& tasks = tasks_[name];
  for (auto rank = static_cast<std::uint32_t>(tasks.size()); rank < locals_.size(); ++rank) {
    tasks.emplace_back(Task::make(kind, {}, {}));
    kept.keep(*tasks.back().get(), {.id = local_id(name),
                                    .rank = rank,
                                    .ready = true,
                                    .bytes = static_cast<double>(found[rank]->bytes)});
  }
  return tasks;
}

const LocalInfo& LocalTasks::local_of(std::uint32_t rank, const std::string& name, const Kind& kind) const {
  const LocalInfos& there = locals_.at(rank);
  const auto found = std::ranges::find(there, name, &LocalInfo::name);
  const std::string where = "rank " + std::to_string(rank) + " (" + hosts_[rank] + ")";
  if (found == there.end()) {
    std::string others;
    for (const LocalInfo& one : there) others += (others.empty() ? "; it has " : ", ") + one.name;
    throw std::invalid_argument("ramal: from_local: " + where + " has no local '" + name + "'" +
                                (others.empty() ? ", nor any other" : others));
  }
  if (found->type == kind.result->name) return *found;
  throw std::invalid_argument("ramal: from_local: the local '" + name + "' of " + where + " is a " +
                              found->type + ", not a " + std::string(kind.result->name));
}

}  // namespace ramal::detail
