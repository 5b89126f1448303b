// SPDX-License-Identifier: BSD-3-Clause
// Summary: where the time of a program went, when all ranks have ended.
#pragma once

#include "runtime/watch/status.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

namespace ramal::detail {

/// How often what took how long: four buckets for each power of two nanoseconds, so that a quantile is right
/// to an eighth.
struct DurationHistogram {
  std::array<std::uint32_t, 256> counts{};

  void add(std::int64_t nanoseconds) { ++counts[bucket(nanoseconds)]; }
  void add(const DurationHistogram& other) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  }
  /// What so much of all took at most, in seconds; `part` from 0 to 1. 0 if there are none.
  double quantile(double part) const;

  static std::size_t bucket(std::int64_t nanoseconds) {
    const auto value = static_cast<std::uint64_t>(nanoseconds < 0 ? 0 : nanoseconds);
    if (value < 4) return value;
    const int power = std::bit_width(value) - 1;
    return static_cast<std::size_t>(power) * 4 + (value >> (power - 2) & 3);
  }

  /// Only counts that are not 0 travel.
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    std::vector<std::pair<std::uint8_t, std::uint32_t>> filled;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] > 0) filled.emplace_back(static_cast<std::uint8_t>(i), counts[i]);
    }
    archive& filled;
    for (const auto& [place, count] : filled) counts[place] = count;
  }
};

/// What one rank tells at the end.
struct RankSummary {
  struct Kind {
    std::string name;
    std::uint64_t tasks = 0, failed = 0, stolen = 0;
    double seconds = 0;
    double longest_seconds = 0;
    std::string longest_site;
    DurationHistogram durations = {};
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
      archive& name& tasks& failed& stolen& seconds& longest_seconds& longest_site& durations;
    }
  };
  struct To {
    std::int32_t rank = 0;
    std::uint64_t messages = 0, bytes = 0;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
      archive& rank& messages& bytes;
    }
  };
  std::vector<Kind> kinds = {};
  std::vector<To> sent = {};
  std::uint64_t most_bytes_held = 0;
  std::uint64_t most_memory_bytes = 0;  ///< of the process
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& kinds& sent& most_bytes_held& most_memory_bytes;
  }
};

/// What rank 0 knows at the end: of each rank its summary, and how many threads it has.
struct JobSummary {
  struct Rank {
    int threads = 1;
    RankSummary summary = {};
    double busy_seconds() const {
      double sum = 0;
      for (const auto& kind : summary.kinds) sum += kind.seconds;
      return sum;
    }
  };
  double elapsed_seconds = 0;
  std::vector<Rank> ranks = {};

  /// Busy time over ranks x threads x wall time.
  double efficiency() const;
};

/// Lines for people. The last says what cost most, and what to try.
std::string summary_text(const JobSummary& job);
/// The same as an object of JSON, on one line.
std::string summary_json(const JobSummary& job);

}  // namespace ramal::detail
