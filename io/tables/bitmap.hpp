// SPDX-License-Identifier: BSD-3-Clause
// Bitmaps that begin in the middle of a word.
#pragma once

#include <cstdint>
#include <vector>

namespace ramal::detail {

/// Bits `first` to `first + count` of a bitmap, from bit 0 on. Copied only where `first` is no multiple
/// of 64.
class BitsFrom {
 public:
  /// `words` null means that all bits are set, and stays so.
  BitsFrom(const std::uint64_t* words, std::int64_t first, std::int64_t count) {
    if (words == nullptr || count == 0) return;
    words_ = words + first / 64;
    const int shift = static_cast<int>(first % 64);
    if (shift == 0) return;
    const std::int64_t last = (first + count - 1) / 64 - first / 64;  // the last word that may be read
    copy_.resize(static_cast<std::size_t>((count + 63) / 64));
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(copy_.size()); ++i)
      copy_[static_cast<std::size_t>(i)] =
          words_[i] >> shift | (i < last ? words_[i + 1] << (64 - shift) : 0);
    words_ = copy_.data();
  }
  BitsFrom(const BitsFrom&) = delete;
  BitsFrom& operator=(const BitsFrom&) = delete;

  /// Null where all are set.
  const std::uint64_t* words() const { return words_; }

 private:
  const std::uint64_t* words_ = nullptr;
  std::vector<std::uint64_t> copy_;
};

}  // namespace ramal::detail
