// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/machine/signal_stack.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <csignal>

namespace ramal::detail {

namespace {

// Also for what a death report does in a copy of the process: showing arguments, encoding inputs.
constexpr std::size_t signal_stack_bytes = 1 << 20;

thread_local std::uintptr_t lowest_of_stack = 0;

/// The lowest address of the calling thread's own stack; 0: not known.
std::uintptr_t find_lowest() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  void* lowest = nullptr;
  std::size_t size = 0;
  const bool known = pthread_attr_getstack(&attributes, &lowest, &size) == 0;
  pthread_attr_destroy(&attributes);
  return known ? reinterpret_cast<std::uintptr_t>(lowest) : 0;
}

}  // namespace

SignalStack::SignalStack() {
  lowest_of_stack = find_lowest();
  stack_t old{};
  if (sigaltstack(nullptr, &old) != 0 || (old.ss_flags & SS_DISABLE) == 0) return;
  void* memory = mmap(nullptr, signal_stack_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t own{};
  own.ss_sp = memory;
  own.ss_size = signal_stack_bytes;
  if (sigaltstack(&own, nullptr) == 0) {
    memory_ = memory;
  } else {
    munmap(memory, signal_stack_bytes);
  }
}

SignalStack::~SignalStack() {
  if (memory_ == nullptr) return;
  stack_t now{}, none{};
  none.ss_flags = SS_DISABLE;
  if (sigaltstack(nullptr, &now) == 0 && now.ss_sp == memory_) sigaltstack(&none, nullptr);
  munmap(memory_, signal_stack_bytes);
}

bool SignalStack::has_overflowed(std::uintptr_t address) {
  // The main thread's grows until less than a mebibyte is left to what lies below; others end in a page that
  // nobody may touch, which a large frame may step over.
  constexpr std::uintptr_t nearby = std::uintptr_t{1} << 20;
  const std::uintptr_t lowest = lowest_of_stack;
  return lowest > nearby && address > lowest - nearby && address < lowest + nearby / 16;
}

}  // namespace ramal::detail
