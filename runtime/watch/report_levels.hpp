// SPDX-License-Identifier: BSD-3-Clause
// Levels of detail: what a report keeps of a trace that is too large for it. The longest tasks stay as they
// are; of the others each row says, for each of equal spans of time (a bin), how busy they kept it.
#pragma once

#include "runtime/watch/report_data.hpp"

#include <algorithm>

namespace ramal::detail {

/// Equal spans of time from 0 to `wall`.
struct Bins {
  Bins(Moment wall, std::size_t most)
      : width(std::max<Moment>(1, (wall + static_cast<Moment>(most) - 1) / static_cast<Moment>(most))),
        count(static_cast<std::size_t>((std::max<Moment>(1, wall) + width - 1) / width)) {}
  /// What is outside belongs to the first or the last.
  std::size_t of(Moment at) const {
    return static_cast<std::size_t>(std::clamp<Moment>(at / width, 0, static_cast<Moment>(count) - 1));
  }
  /// Calls `use(bin, nanoseconds)` for each bin that the span shares time with, and for that of `at` in any
  /// case.
  template <class Use>
  void for_each(Moment at, Moment took, const Use& use) const {
    const Moment end = at + took;
    for (std::size_t bin = of(at);; ++bin) {
      const Moment border = bin + 1 < count ? static_cast<Moment>(bin + 1) * width : std::max(end, at);
      const Moment until = std::min(end, border);
      use(bin, until - at);
      if (until >= end) return;
      at = until;
    }
  }

  Moment width;
  std::size_t count;
};

struct RestBin {
  std::uint32_t row = 0;
  std::uint32_t bin = 0;
  std::uint32_t kind = 0;   ///< of which there was most time; the first of those that are equal
  std::uint64_t tasks = 0;  ///< that began in it
  Moment busy = 0;

  bool operator==(const RestBin&) const = default;
};

struct Levels {
  std::vector<std::uint32_t> kept;  ///< places among the slices, rising
  std::vector<RestBin> rest;        ///< by row and bin; those without any task are left out
  Moment shortest = 0;              ///< tasks from this length on are kept; 0: all are
};

/// Keeps `most` slices at most: those that failed, and the longest; of equally long ones the first.
/// Time: slices and bins they lie in, and sorting them.
Levels levels_of_detail(const ReportData& data, std::size_t most, const Bins& bins);

/// Of each kind and bin, kinds one after another, from `kinds` on all as one more: how long tasks ran, and
/// how many ended. `ended[kind * bins.count + bin]`.
struct KindsOverTime {
  std::size_t kinds = 0;
  std::vector<Moment> busy = {};
  std::vector<std::uint64_t> ended = {};
};
KindsOverTime kinds_over_time(const ReportData& data, std::size_t kinds, const Bins& bins);

/// Of each rank and bin, ranks one after another: the largest sample, and where there is none, -1.
std::vector<std::int64_t> largest_samples(const std::vector<ReportSample>& samples, std::uint32_t ranks,
                                          const Bins& bins);

}  // namespace ramal::detail
