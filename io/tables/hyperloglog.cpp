// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/hyperloglog.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

namespace ramal::detail {

namespace {

constexpr int index_bits = 12, rank_bits = 64 - index_bits;
constexpr std::size_t registers = std::size_t{1} << index_bits;
constexpr std::size_t most_hashes = registers / sizeof(std::uint64_t) - 1;

/// Ertl's sigma and tau, sums until nothing changes any more.
double empty_term(double share) {
  if (share == 1) return std::numeric_limits<double>::infinity();
  double sum = share, before = 0, factor = 1;
  do {
    share *= share;
    before = sum;
    sum += share * factor;
    factor += factor;
  } while (sum != before);
  return sum;
}
double full_term(double share) {
  if (share == 0 || share == 1) return 0;
  double sum = 1 - share, before = 0, factor = 1;
  do {
    share = std::sqrt(share);
    before = sum;
    factor /= 2;
    sum -= (1 - share) * (1 - share) * factor;
  } while (sum != before);
  return sum / 3;
}

}  // namespace

void DistinctSketch::add_to_registers(std::uint64_t hash) {
  const std::uint64_t rest = hash << index_bits;
  const int rank = rest == 0 ? rank_bits + 1 : std::countl_zero(rest) + 1;
  std::uint8_t& at = registers_[hash >> rank_bits];
  at = std::max(at, static_cast<std::uint8_t>(rank));
}

void DistinctSketch::add(std::uint64_t hash) {
  if (!registers_.empty()) return add_to_registers(hash);
  hashes_.push_back(hash);
  if (hashes_.size() > 2 * most_hashes) finish();
}

void DistinctSketch::finish() {
  std::ranges::sort(hashes_);
  hashes_.erase(std::ranges::unique(hashes_).begin(), hashes_.end());
  if (hashes_.size() <= most_hashes) return;
  registers_.resize(registers);
  for (const std::uint64_t hash : hashes_) add_to_registers(hash);
  hashes_.clear();
}

void DistinctSketch::merge(const DistinctSketch& other) {
  if (!other.registers_.empty()) {
    registers_.resize(registers);
    for (std::size_t k = 0; k < registers; ++k) registers_[k] = std::max(registers_[k], other.registers_[k]);
    for (const std::uint64_t hash : hashes_) add_to_registers(hash);
    hashes_.clear();
  }
  for (const std::uint64_t hash : other.hashes_) add(hash);
  finish();
}

std::int64_t DistinctSketch::estimate() const {
  if (registers_.empty()) return static_cast<std::int64_t>(hashes_.size());
  std::array<double, rank_bits + 2> count{};
  for (const std::uint8_t rank : registers_) ++count[rank];
  constexpr auto size = static_cast<double>(registers);
  double sum = size * full_term(1 - count[rank_bits + 1] / size);
  for (int rank = rank_bits; rank >= 1; --rank) sum = (sum + count[static_cast<std::size_t>(rank)]) / 2;
  sum += size * empty_term(count[0] / size);
  return std::llround(size / (2 * std::numbers::ln2) * size / sum);
}

}  // namespace ramal::detail
