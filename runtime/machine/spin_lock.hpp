// SPDX-License-Identifier: BSD-3-Clause
// SpinLock: for what is held for a few instructions at a time.
#pragma once

#include <atomic>

namespace ramal::detail {

class SpinLock {
 public:
  void lock() {
    while (flag_.test_and_set(std::memory_order_acquire)) {
    }
  }
  void unlock() { flag_.clear(std::memory_order_release); }

 private:
  std::atomic_flag flag_;
};

}  // namespace ramal::detail
