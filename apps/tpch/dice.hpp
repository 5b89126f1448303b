// SPDX-License-Identifier: BSD-3-Clause
// Numbers and texts of one row, by its number alone: any rank makes any row, and they are the same
// everywhere.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tpch {

/// SplitMix64 (Steele, Lea and Flood, 2014), begun anew for each row of each table.
class Dice {
 public:
  Dice(std::uint64_t table, std::int64_t row) : state_(table << 56 ^ static_cast<std::uint64_t>(row)) {
    state_ = next();
  }

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
  }
  /// Each from `least` to `most` as likely as any other.
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(most - least + 1));
  }
  template <std::size_t count>
  std::string_view any_of(const std::array<std::string_view, count>& words) {
    return words[next() % count];
  }

  /// Letters, digits and two more: from `least` to `most` of them.
  std::string letters(std::int64_t least, std::int64_t most);
  /// Words, as many as fit; cut off in the last one.
  std::string words(std::int64_t least, std::int64_t most);
  /// Country code, then three groups of digits.
  std::string phone(std::int64_t nation);

 private:
  std::uint64_t state_;
};

/// "Supplier#000000042"
std::string numbered(std::string_view what, std::int64_t number);

}  // namespace tpch
