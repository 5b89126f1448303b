// SPDX-License-Identifier: BSD-3-Clause
// OneArchive: where the parts of one value share an archive of Boost's, so that what several pointers in them
// point to is written once and shared again after. Whoever encodes parts opens a OneArchive; the outermost
// counts. The first part that needs an archive makes it (<ramal/boost_serialization.hpp>).
#pragma once

#include <ramal/detail/compiler.hpp>

#include <memory>

namespace ramal::detail {

struct SharedArchive {
  const void* stream = nullptr;  ///< the Writer or Reader that the value goes through
  SharedArchive* outer = nullptr;
  std::shared_ptr<void> archive = {};
};
/// Of this thread.
inline constinit thread_local SharedArchive* innermost_archive = nullptr;

/// `needed` false: none of the parts uses an archive.
template <bool needed = true>
class OneArchive {
 public:
  explicit OneArchive(const void* stream) {
    if (innermost_archive != nullptr && innermost_archive->stream == stream) return;
    own_.stream = stream;
    own_.outer = innermost_archive;
    innermost_archive = &own_;
  }
  ~OneArchive() {
    if (own_.stream != nullptr) innermost_archive = own_.outer;
  }
  OneArchive(const OneArchive&) = delete;
  OneArchive& operator=(const OneArchive&) = delete;

 private:
  SharedArchive own_;
};
template <>
class OneArchive<false> {
 public:
  explicit OneArchive(const void*) {}
};

}  // namespace ramal::detail
