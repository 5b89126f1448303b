// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/report_levels.hpp"

#include <map>
#include <tuple>

namespace ramal::detail {

namespace {

/// Gathers one row's bins.
class RestOfRow {
 public:
  void add(const ReportSlice& slice, std::uint32_t kind, const Bins& bins) {
    bins_[bins.of(slice.at)].tasks += 1;
    bins.for_each(slice.at, slice.took,
                  [&](std::size_t bin, Moment took) { bins_[bin].kinds[kind] += took; });
  }
  void leave(std::uint32_t row, std::vector<RestBin>& rest) {
    for (const auto& [bin, sum] : bins_) {
      RestBin one{.row = row, .bin = static_cast<std::uint32_t>(bin), .tasks = sum.tasks};
      Moment longest = -1;
      for (const auto& [kind, took] : sum.kinds) {
        one.busy += took;
        if (took <= longest) continue;
        longest = took;
        one.kind = kind;
      }
      rest.push_back(one);
    }
    bins_.clear();
  }

 private:
  struct Sum {
    std::uint64_t tasks = 0;
    std::map<std::uint32_t, Moment> kinds;
  };
  std::map<std::size_t, Sum> bins_;
};

}  // namespace

Levels levels_of_detail(const ReportData& data, std::size_t most, const Bins& bins) {
  Levels levels;
  const auto& slices = data.slices;
  std::vector<std::uint32_t> order(slices.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  if (slices.size() > most) {
    const auto first = [&slices](std::uint32_t a, std::uint32_t b) {
      return std::tuple(!slices[a].failed, -slices[a].took, a) <
             std::tuple(!slices[b].failed, -slices[b].took, b);
    };
    std::ranges::nth_element(order, order.begin() + static_cast<std::ptrdiff_t>(most), first);
    const auto is_rest = order.begin() + static_cast<std::ptrdiff_t>(most);
    levels.shortest = slices[*is_rest].took;
    std::sort(is_rest, order.end());
    RestOfRow row;
    for (auto one = is_rest; one != order.end(); ++one) {
      const ReportSlice& slice = slices[*one];
      row.add(slice, data.kind_of(slice), bins);
      if (one + 1 == order.end() || slices[*(one + 1)].row != slice.row) row.leave(slice.row, levels.rest);
    }
    order.resize(most);
  }
  std::ranges::sort(order);
  levels.kept = std::move(order);
  return levels;
}

KindsOverTime kinds_over_time(const ReportData& data, std::size_t kinds, const Bins& bins) {
  KindsOverTime over{.kinds = std::min(data.kinds.size(), kinds + 1)};
  over.busy.resize(over.kinds * bins.count);
  over.ended.resize(over.kinds * bins.count);
  for (const ReportSlice& slice : data.slices) {
    const std::size_t first = std::min<std::size_t>(data.kind_of(slice), kinds) * bins.count;
    bins.for_each(slice.at, slice.took,
                  [&](std::size_t bin, Moment took) { over.busy[first + bin] += took; });
    ++over.ended[first + bins.of(slice.ended())];
  }
  return over;
}

std::vector<std::int64_t> largest_samples(const std::vector<ReportSample>& samples, std::uint32_t ranks,
                                          const Bins& bins) {
  std::vector<std::int64_t> largest(ranks * bins.count, -1);
  for (const ReportSample& sample : samples) {
    std::int64_t& one = largest[sample.rank * bins.count + bins.of(sample.at)];
    one = std::max(one, static_cast<std::int64_t>(std::min<std::uint64_t>(sample.value, INT64_MAX)));
  }
  return largest;
}

}  // namespace ramal::detail
