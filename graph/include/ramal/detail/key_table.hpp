// SPDX-License-Identifier: BSD-3-Clause
// KeyTable: which of the keys seen so far one is, by hashing with linear probing. The keys themselves are the
// caller's, numbered from 0 as they were first seen. One thread at a time.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ramal::detail {

class KeyTable {
 public:
  std::size_t size() const { return hashes_.size(); }
  /// The hash of a key by its number.
  std::uint64_t hash(std::size_t number) const { return hashes_[number]; }
  /// The number of a key with that hash, of which `is(number)` says whether it is that one. A key that is new
  /// gets the next number, which is `size()` before the call. O(1) in the mean.
  template <class Is>
  std::size_t number_of(std::uint64_t hash, const Is& is) {
    if (2 * (hashes_.size() + 1) > slots_.size()) grow();
    std::size_t at = hash & (slots_.size() - 1);
    for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
      const std::size_t number = slots_[at] - 1;
      if (hashes_[number] == hash && is(number)) return number;
    }
    hashes_.push_back(hash);
    slots_[at] = hashes_.size();
    return hashes_.size() - 1;
  }

 private:
  void grow() {
    slots_.assign(slots_.empty() ? 16 : 2 * slots_.size(), 0);
    for (std::size_t number = 0; number < hashes_.size(); ++number) {
      std::size_t at = hashes_[number] & (slots_.size() - 1);
      while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = number + 1;
    }
  }

  std::vector<std::size_t> slots_;  // 0: free; else a key's number and one
  std::vector<std::uint64_t> hashes_;
};

}  // namespace ramal::detail
