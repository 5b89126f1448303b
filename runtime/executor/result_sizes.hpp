// SPDX-License-Identifier: BSD-3-Clause
// ResultSizes: what the results of each kind take in memory, as far as those that were looked at tell. Any thread.
#pragma once

#include <ramal/detail/task.hpp>

#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace ramal::detail {

class ResultSizes {
 public:
  /// One result of that kind took so many bytes.
  void add(const Kind& kind, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    Sum& sum = sums_[&kind];
    ++sum.count;
    sum.bytes += bytes;
  }
  /// The mean; 0 where nothing is known, and of results so small that counting them would take longer than it is
  /// worth.
  std::uint64_t expected(const Kind& kind) const {
    constexpr std::uint64_t worth_counting = 64 << 10;
    const std::lock_guard lock(mutex_);
    const auto found = sums_.find(&kind);
    if (found == sums_.end()) return 0;
    const std::uint64_t mean = found->second.bytes / found->second.count;
    return mean >= worth_counting ? mean : 0;
  }

 private:
  struct Sum {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
  };
  mutable std::mutex mutex_;
  std::unordered_map<const Kind*, Sum> sums_;
};

}  // namespace ramal::detail
