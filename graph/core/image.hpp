// SPDX-License-Identifier: BSD-3-Clause
// Images: the executable and shared libraries of this process, and how a Kind is named across
// processes of the same binary: (image, offset from its base). Bases differ under address randomisation,
// offsets do not.
#pragma once

#include <ramal/detail/task.hpp>

#include <source_location>
#include <string>
#include <vector>

namespace ramal::detail {

struct KindRef {
  std::uint32_t image;
  std::uint32_t name_hash;  ///< of the kind's name: catches images in another order before a crash does
  std::uint64_t offset;
};

/// Where a call is written. The text lasts as long as the program.
struct CallSite {
  const char* file = "";
  std::uint32_t line = 0;  ///< 0: not known
  bool operator==(const CallSite&) const = default;
};
/// The same for other processes.
struct CallSiteRef {
  std::uint32_t image = 0;
  std::uint32_t line = 0;
  std::uint64_t offset = 0;  ///< of the file's name
};
inline CallSite call_site(const std::source_location& where) { return {where.file_name(), where.line()}; }

/// A snapshot of the loaded images, in loading order. Immutable.
class Images {
 public:
  static Images loaded();

  /// Throws std::logic_error if the kind lies in no image known here (loaded after the snapshot).
  KindRef refer(const Kind& kind) const;
  /// Throws DecodeError if it leads nowhere.
  const Kind& resolve(const KindRef& ref) const;
  /// A call site in no image known here is not known to others.
  CallSiteRef refer(const CallSite& site) const;
  /// Not known if there is no text where it leads.
  CallSite resolve(const CallSiteRef& ref) const;
  /// Names the kind in a file: whoever finds it there later runs the same image, or finds nothing. One word;
  /// empty if the kind's image has no build id, or is not known here.
  std::string lasting_name(const Kind& kind) const;
  /// One text that equals another process's if both run the same binaries.
  const std::string& digest() const { return digest_; }

 private:
  struct Image {
    std::uintptr_t base, begin, end;
    std::string build_id;  // empty if it has none
  };
  /// The image that holds an address; null if none does.
  const Image* image_of(const void* object) const;
  std::vector<Image> images_;
  std::string digest_;
};

}  // namespace ramal::detail
