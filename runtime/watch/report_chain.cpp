// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/report_chain.hpp"

#include <algorithm>

namespace ramal::detail {

namespace {

struct RankEvents {
  std::vector<std::uint32_t> slices;      // by end
  std::vector<std::uint32_t> flows_here;  // by when they came
};

/// The task after which the worker of the chain's last one went on at once: what held that up was the worker.
std::uint32_t task_before_at_once(const ReportData& data, const std::vector<PathLink>& chain) {
  constexpr Moment at_once = 2000;
  if (chain.empty() || chain.back().slice == PathLink::none || chain.back().slice == 0) return PathLink::none;
  const ReportSlice& task = data.slices[chain.back().slice];
  const std::uint32_t before = chain.back().slice - 1;
  const ReportSlice& other = data.slices[before];
  const Moment pause = task.at - other.ended();
  return other.row == task.row && other.took > 0 && pause >= 0 && pause <= at_once ? before : PathLink::none;
}

}  // namespace

std::vector<PathLink> critical_chain(const ReportData& data) {
  std::vector<RankEvents> ranks(data.ranks);
  for (std::uint32_t i = 0; i < data.slices.size(); ++i)
    ranks[data.rows[data.slices[i].row].rank].slices.push_back(i);
  for (std::uint32_t i = 0; i < data.flows.size(); ++i) ranks[data.flows[i].to].flows_here.push_back(i);
  const auto ended = [&data](std::uint32_t slice) { return data.slices[slice].ended(); };
  const auto came = [&data](std::uint32_t flow) { return data.flows[flow].came; };
  for (RankEvents& rank : ranks) {
    std::ranges::stable_sort(rank.slices, {}, ended);
    std::ranges::stable_sort(rank.flows_here, {}, came);
  }
  std::vector<PathLink> chain;
  std::uint32_t where = 0;
  Moment time = -1;
  for (std::uint32_t rank = 0; rank < ranks.size(); ++rank) {
    if (ranks[rank].slices.empty() || ended(ranks[rank].slices.back()) <= time) continue;
    time = ended(ranks[rank].slices.back());
    where = rank;
  }
  // Each link is earlier than the one before by a nanosecond at least, so this ends.
  while (time >= 0) {
    if (const auto before = task_before_at_once(data, chain); before != PathLink::none) {
      chain.push_back({.slice = before});
      time = std::min(data.slices[before].at, data.slices[before].ended() - 1);
      continue;
    }
    const RankEvents& rank = ranks[where];
    const auto slice = std::ranges::upper_bound(rank.slices, time, {}, ended);
    const auto flow = std::ranges::upper_bound(rank.flows_here, time, {}, came);
    const bool has_slice = slice != rank.slices.begin(), has_flow = flow != rank.flows_here.begin();
    if (!has_slice && !has_flow) break;
    if (has_slice && (!has_flow || ended(*(slice - 1)) >= came(*(flow - 1)))) {
      chain.push_back({.slice = *(slice - 1)});
      const ReportSlice& task = data.slices[*(slice - 1)];
      time = std::min(task.at, task.ended() - 1);
    } else {
      chain.push_back({.flow = *(flow - 1)});
      const ReportFlow& message = data.flows[*(flow - 1)];
      time = std::min(message.sent, message.came - 1);
      where = message.from;
    }
  }
  std::ranges::reverse(chain);
  return chain;
}

}  // namespace ramal::detail
