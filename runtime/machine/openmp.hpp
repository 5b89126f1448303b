// SPDX-License-Identifier: BSD-3-Clause
// The OpenMP that the program brought, if any: found by name, since the runtime does not depend on it.
#pragma once

namespace ramal::detail {

/// How many threads the calling thread's parallel regions have.
class OpenMp {
 public:
  OpenMp();
  /// The number for the calling thread; 0 without OpenMP.
  int threads() const { return get_ != nullptr ? get_() : 0; }
  void set_threads(int count) const {
    if (set_ != nullptr) set_(count);
  }
  /// For a worker among several: its parallel regions get one thread, so that together the workers do not
  /// start more threads than there are cores. Does nothing where the user has said otherwise.
  void share_cores() const;

 private:
  int (*get_)();
  void (*set_)(int);
};

}  // namespace ramal::detail
