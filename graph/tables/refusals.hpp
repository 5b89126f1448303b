// SPDX-License-Identifier: BSD-3-Clause
// What several sources refuse in the same words.
#pragma once

#include <ramal/column_type.hpp>

#include <cstdint>
#include <stdexcept>

namespace ramal::detail {

/// What offsets of 4 bytes can reach.
constexpr std::size_t most_offset = 0x7fffffff;

/// Throws std::length_error for a column of text, blobs or lists that would have so many bytes, or elements.
[[noreturn]] inline void refuse_length(std::string_view name, const ColumnType& type, std::size_t length) {
  throw std::length_error("ramal: column " + quoted_name(name) + " of type " + type.text() + " would have " +
                          std::to_string(length) + (type.id() == TypeId::list ? " elements" : " bytes") +
                          " in one partition, which can have 2147483647; use a smaller partition_bytes");
}

/// Throws std::out_of_range unless these are rows of `size`.
inline void require_rows(std::int64_t first, std::int64_t count, std::int64_t size) {
  if (first >= 0 && count >= 0 && first <= size && count <= size - first) return;
  throw std::out_of_range("ramal: " + std::to_string(count) + " rows from " + std::to_string(first) +
                          " on are not within " + std::to_string(size) + " rows");
}

}  // namespace ramal::detail
