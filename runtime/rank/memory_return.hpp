// SPDX-License-Identifier: BSD-3-Clause
// MemoryReturn: when a rank gives memory back to the system. It does so after a second in which it had
// nothing to do, once for each time that it had: a program that makes the same results again and again does
// not pay for fresh memory each time.
#pragma once

#include "runtime/executor/executor.hpp"
#include "runtime/machine/free_memory.hpp"

namespace ramal::detail {

class MemoryReturn {
 public:
  explicit MemoryReturn(const Executor& executor) : executor_(executor) {}

  /// For one thread of a rank, again and again while it has nothing else to do, and for rank 0 whenever its
  /// program comes or goes. Costs a few loads unless it is time.
  void mind();
  /// It will be time, and much may come back then: whoever is about to sleep until a message comes is to look
  /// again by the clock.
  bool waits() const {
    return !has_looked_ && most_held_ - bytes_held_ >= worth_giving_back_bytes && executor_.runs() == 0;
  }

 private:
  const Executor& executor_;
  // What it was when that last changed, and when that was.
  std::uint64_t tasks_run_ = 0, bytes_held_ = 0;
  double changed_ = 0;
  std::uint64_t most_held_ = 0;  // since memory was last looked at
  bool has_looked_ = true;
};

}  // namespace ramal::detail
