// SPDX-License-Identifier: BSD-3-Clause
// What message kinds are called in docs/design.md.
#pragma once

#include "runtime/transport/transport.hpp"

#include <array>
#include <string_view>

namespace ramal::detail {

inline std::string_view message_name(MessageType type) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(last_message_type) + 1> names{
      "subgraph",
      "bundle",
      "program",
      "program_bundle",
      "passed",
      "result",
      "failure",
      "member",
      "member_failure",
      "member_for_all",
      "member_failure_for_all",
      "progress",
      "ready",
      "release",
      "release_all",
      "cancel",
      "query",
      "report",
      "stop",
      "learnt",
      "store",
      "join",
      "enter",
      "leave",
      "settle",
      "starved",
      "census",
      "answer",
      "overdraw",
      "steal",
      "stolen",
      "recall",
      "clock",
      "status",
      "inquiry",
      "standing"};
  static_assert(!names.back().empty());
  const auto place = static_cast<std::size_t>(type);
  return place < names.size() ? names[place] : "?";
}

}  // namespace ramal::detail
