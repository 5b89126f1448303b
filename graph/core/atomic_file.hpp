// SPDX-License-Identifier: BSD-3-Clause
// AtomicFile: a file that is there as a whole or not at all. It is written beside its target under a name of
// its own, and given the target's name when it is complete; without that it is removed at the end.
//
// The layers above share it. graph itself, which has no input or output, does not use it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ramal::detail {

class Descriptor;

/// What tells one unfinished file from all others: a number other than 0; in its name a dot and 16 digits.
std::uint64_t new_mark();
std::string mark_text(std::uint64_t mark);

class AtomicFile {
 public:
  /// Stands as FILE.part until it is complete; with `mark` behind that where several may write FILE at once,
  /// or its end is to tell what is in it. Nothing is made yet.
  explicit AtomicFile(std::string file, const std::string& mark = {});
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::string& file() const { return file_; }
  /// Where it stands until then.
  const std::string& part() const { return part_; }

  // All throw std::system_error, whose text begins with the name of the file in question.

  /// Makes it, empty, for whoever writes into it by its name. What is there of that name is overwritten, or
  /// if `alone` refused with EEXIST.
  void make(bool alone = false);
  /// Somebody else will make it by its name.
  void adopt() { made_ = true; }
  /// Makes it with this content, which is on the disk when it returns.
  void write(std::string_view content);
  /// It is complete. Whoever has written into it has brought that to the disk; its name is, on return.
  void publish();

 private:
  Descriptor open_part(int flags);

  const std::string file_;
  const std::string part_;
  bool made_ = false;
};

}  // namespace ramal::detail
