// SPDX-License-Identifier: BSD-3-Clause
// Closures and literals of patterns over chunk grids, as words of 64 bits. Tables of irregular axes stand at
// the end of a closure and are used where they lie.
#pragma once

#include <ramal/detail/grid.hpp>

#include <algorithm>
#include <span>
#include <vector>

namespace ramal::detail {

/// An interval [low, high) of elements, positions or chunks.
struct IndexInterval {
  std::int64_t low, high;
  bool empty() const { return low >= high; }
  std::int64_t length() const { return std::max<std::int64_t>(0, high - low); }
  IndexInterval and_(const IndexInterval& other) const {
    return {std::max(low, other.low), std::min(high, other.high)};
  }
};
inline std::int64_t ceil_divided(std::int64_t a, std::int64_t b) { return -floor_quotient(-a, b); }

/// An axis, each of whose elements has become as many.
Axis stretched_axis(const Axis& axis, std::int64_t times);
/// How many words an axis takes in a closure.
inline constexpr std::size_t axis_words = 5;

/// Writes a closure. Axes that were written must live until `bytes`.
class ClosureWords {
 public:
  void word(std::int64_t value) { words_.push_back(value); }
  void words(std::span<const std::int64_t> values) {
    words_.insert(words_.end(), values.begin(), values.end());
  }
  void axis(const Axis& axis) {
    const AxisView& view = axis.view();
    for (const std::int64_t value : {view.length, view.width, view.first, view.count}) word(value);
    if (view.table != nullptr) tables_.emplace_back(words_.size(), view);
    word(0);
  }
  /// Writes a word anew.
  void set(std::size_t at, std::int64_t value) { words_[at] = value; }
  std::size_t size() const { return words_.size(); }
  /// Writes the tables, each once, behind which there are no more words. Gives how many words there are.
  std::int64_t write_tables() {
    std::vector<std::pair<const std::int64_t*, std::int64_t>> written;
    for (const auto& [at, view] : tables_) {
      const auto known = std::ranges::find(written, view.table, [](const auto& one) { return one.first; });
      words_[at] = known != written.end() ? known->second : static_cast<std::int64_t>(words_.size());
      if (known != written.end()) continue;
      written.emplace_back(view.table, words_[at]);
      words_.insert(words_.end(), view.table, view.table + view.count + 1);
    }
    tables_.clear();
    return static_cast<std::int64_t>(words_.size());
  }
  /// All words, the tables behind them, and further bytes behind those.
  std::vector<std::byte> bytes(std::span<const std::byte> more = {}) && {
    write_tables();
    const auto all = std::as_bytes(std::span(words_));
    std::vector<std::byte> bytes(all.begin(), all.end());
    bytes.insert(bytes.end(), more.begin(), more.end());
    return bytes;
  }

 private:
  std::vector<std::int64_t> words_;
  std::vector<std::pair<std::size_t, AxisView>> tables_;
};

/// Reads one where it lies.
class ClosureView {
 public:
  explicit ClosureView(const std::byte* closure) : words_(reinterpret_cast<const std::int64_t*>(closure)) {}
  std::int64_t word(std::size_t at) const { return words_[at]; }
  std::span<const std::int64_t> words(std::size_t at, std::size_t count) const {
    return {words_ + at, count};
  }
  AxisView axis(std::size_t at) const {
    const std::int64_t* axis = words_ + at;
    return {axis[0], axis[1], axis[2], axis[3], axis[4] != 0 ? words_ + axis[4] : nullptr};
  }

 private:
  const std::int64_t* words_;
};

/// Appends a word to a member's literals.
inline void append_word(std::vector<std::byte>& out, std::int64_t value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace ramal::detail
