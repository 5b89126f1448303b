// SPDX-License-Identifier: BSD-3-Clause
// The OpenMP that the program brought, if any: found by name, since the runtime does not depend on it.
#pragma once

namespace ramal::detail {

/// Of the calling thread: how many threads its parallel regions have.
class OpenMp {
 public:
  OpenMp();
  /// 0 without OpenMP.
  int threads() const { return get_ != nullptr ? get_() : 0; }
  void set_threads(int count) const {
    if (set_ != nullptr) set_(count);
  }
  /// A thread that runs tasks beside others: one each, unless the user has said otherwise.
  void share_cores() const;

 private:
  int (*get_)();
  void (*set_)(int);
};

}  // namespace ramal::detail
