// SPDX-License-Identifier: BSD-3-Clause
// SignalStack: where a thread's signal handlers run when its own stack has overflowed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ramal::detail {

/// The calling thread's, from here to the end of the scope, which must be in the same thread. Costs a few
/// system calls, and memory only once it is used. One that the thread has already, as a sanitizer's, stays.
class SignalStack {
 public:
  SignalStack();
  ~SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

  /// In a signal handler: an access to that address has left the calling thread's stack at its end. False
  /// where the thread has no SignalStack.
  static bool has_overflowed(std::uintptr_t address);

 private:
  void* memory_ = nullptr;
};

}  // namespace ramal::detail
