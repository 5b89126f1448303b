// SPDX-License-Identifier: BSD-3-Clause
// Reads parts of traces as far as they go: a rank may have died while it wrote, or its disk be damaged.
#pragma once

#include "runtime/watch/trace_part.hpp"

#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ramal::detail {

/// The blocks of one part, as far as they go.
class PartReader {
 public:
  explicit PartReader(const std::string& path) : in_(path, std::ios::binary | std::ios::ate) {
    if (!in_) return;
    left_ = static_cast<std::uint64_t>(in_.tellg());
    in_.seekg(0);
  }
  /// False at the end, or where what follows is cut off.
  bool next() {
    if (left_ < sizeof head) return false;
    in_.read(reinterpret_cast<char*>(&head), sizeof head);
    left_ -= sizeof head;
    if (!in_ || head.bytes > left_) return false;
    left_ -= head.bytes;
    bytes.resize(head.bytes);
    in_.read(bytes.data(), static_cast<std::streamsize>(head.bytes));
    return static_cast<bool>(in_);
  }
  template <class T>
  std::optional<T> first() const {
    T one;
    if (bytes.size() < sizeof one) return {};
    std::memcpy(&one, bytes.data(), sizeof one);
    return one;
  }
  /// What is behind the first `offset` bytes, as text.
  std::string_view text(std::size_t offset) const { return std::string_view(bytes).substr(offset); }
  template <class Use>
  void for_each_record(const Use& use) const {
    TraceRecord record;
    for (std::size_t at = 0; at + sizeof record <= bytes.size(); at += sizeof record) {
      std::memcpy(static_cast<void*>(&record), bytes.data() + at, sizeof record);
      use(record);
    }
  }

  PartBlockHead head{};
  std::string bytes;

 private:
  std::ifstream in_;
  std::uint64_t left_ = 0;
};

/// What is known of a rank before its records are written.
struct TracedRank {
  struct Name {
    std::string kind, site;
  };
  std::string path;
  PartAbout about;
  std::string host;
  std::vector<Name> names = {};
  std::vector<ClockMeasure> measures = {};
  ClockCorrection clock = {};
  std::vector<std::pair<std::string, std::string>> notes = {};  // keys and values
  std::map<std::uint32_t, std::uint64_t> sent = {}, received = {};  // messages by the other rank
};

/// Nothing if there is no such part. Linear in its size.
std::optional<TracedRank> look_at_part(const std::string& path);
/// Ranks with files that are called as their parts of this trace would be, in rising order; whose parts they
/// are is still to be seen.
std::vector<int> ranks_with_parts(const std::string& trace);

}  // namespace ramal::detail
