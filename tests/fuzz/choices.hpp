// SPDX-License-Identifier: BSD-3-Clause
// What the targets of the fuzzer share: bytes as choices, and how a target says that something is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace ramal::test {

using Bytes = std::span<const std::byte>;

// Each takes any bytes, and ends the process if Ramal does what it must not.
void fuzz_frames(Bytes bytes);
void fuzz_walker(Bytes bytes);
void fuzz_planner(Bytes bytes);
void fuzz_executor(Bytes bytes);

/// Ends the process, which is how the fuzzer and the tests learn of it: an exception might be caught on its
/// way.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: not so: %s\n", what);
  std::abort();
}

/// Takes bytes from the front, one or two a choice, so that neighbouring inputs make neighbouring choices.
/// Behind the end everything is 0.
class Choices {
 public:
  explicit Choices(Bytes bytes) : left_(bytes) {}

  bool more() const { return !left_.empty(); }
  std::size_t byte() {
    if (left_.empty()) return 0;
    const auto first = std::to_integer<std::size_t>(left_.front());
    left_ = left_.subspan(1);
    return first;
  }
  /// 0 to n - 1; n > 0.
  std::size_t below(std::size_t n) {
    if (n == 1) return 0;
    return (n <= 256 ? byte() : byte() << 8 | byte()) % n;
  }
  bool one_in(std::size_t n) { return below(n) == n - 1; }
  std::uint64_t word() {
    std::uint64_t all = 0;
    for (int i = 0; i < 8; ++i) all = all << 8 | byte();
    return all;
  }
  /// As many as there are, if fewer.
  Bytes take(std::size_t count) {
    const Bytes taken = left_.first(count < left_.size() ? count : left_.size());
    left_ = left_.subspan(taken.size());
    return taken;
  }
  Bytes rest() { return take(left_.size()); }

 private:
  Bytes left_;
};

}  // namespace ramal::test
