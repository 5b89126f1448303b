// SPDX-License-Identifier: BSD-3-Clause
// Backtrace: which functions a thread is inside of, taken and written in a signal handler.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ramal::detail {

/// Calls `action(about)` in a copy of this process, with one thread, and waits so long for it to end. What
/// the action does may fail, hang or crash, and does nothing to this process; it may allocate, which hangs
/// where the copied thread is inside of the heap. False if it did not end well. In a signal handler.
bool in_a_copy(double seconds, void (*action)(void* about), void* about);

class Backtrace {
 public:
  /// Loads what taking one needs, which cannot be done in a handler.
  static void prepare();
  /// Of the calling thread, from the function on that was interrupted at `from`; 0: from here on.
  void take(std::uintptr_t from);
  enum class Line : std::uint8_t { shown, left_out, end };
  /// Writes it on standard error, a line a function, each behind `prefix`: names and lines as addr2line tells
  /// them, if it is to be asked, else what the dynamic linker knows, and how to ask for the rest. `judge`
  /// says what to do with a function; what calls itself is written three times. addr2line is asked in a copy
  /// of the process, as `in_a_copy` makes it.
  void write(std::string_view prefix, bool asks_addr2line, Line (*judge)(std::string_view function)) const;

 private:
  static constexpr int most = 64;
  std::array<void*, most> at_{};
  int first_ = 0;
  int end_ = 0;
  bool first_is_exact_ = false;  // others are where a call returns to
};

}  // namespace ramal::detail
