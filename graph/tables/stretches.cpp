// SPDX-License-Identifier: BSD-3-Clause
// Slices and concatenations: stretches of columns, copied one behind the other.
#include <ramal/rows.hpp>

#include "graph/tables/bits.hpp"
#include "graph/tables/refusals.hpp"
#include "graph/tables/slab.hpp"

#include <algorithm>

namespace ramal {

namespace {

using detail::Slab;

/// Rows [first, first + count) of a column.
struct Stretch {
  const Column* column;
  std::int64_t first;
  std::int64_t count;

  const std::int32_t* offsets() const { return column->offsets().data() + first; }
  /// Of what lies between its offsets.
  std::int64_t length() const { return offsets()[count] - offsets()[0]; }
};
using Stretches = std::vector<Stretch>;

/// What the fixed part of a joined column takes of a slab.
std::size_t joined_bytes(const ColumnType& type, const Stretches& parts, std::int64_t size) {
  std::size_t values = type.value_bytes() * static_cast<std::size_t>(size);
  if (type.id() == TypeId::boolean) values = detail::bitmap_bytes(size);
  if (type.id() == TypeId::text || type.id() == TypeId::blob)
    for (const Stretch& part : parts) values += static_cast<std::size_t>(part.length());
  const bool nulls =
      std::ranges::any_of(parts, [](const Stretch& part) { return !part.column->validity().empty(); });
  const std::size_t offsets =
      type.has_offsets() ? static_cast<std::size_t>(size + 1) * sizeof(std::int32_t) : 0;
  return detail::padded_to_slab(values) + detail::padded_to_slab(offsets) +
         (nulls ? detail::padded_to_slab(detail::bitmap_bytes(size)) : 0);
}

ColumnBuffer joined_validity(const Stretches& parts, std::int64_t size, Slab& slab) {
  if (std::ranges::all_of(parts, [](const Stretch& part) { return part.column->validity().empty(); }))
    return {};
  const Slab::Piece piece = slab.piece(detail::bitmap_bytes(size));
  std::int64_t at = 0;
  for (const Stretch& part : parts) {
    if (part.column->validity().empty()) {
      detail::fill_bits(piece.as<std::uint64_t>(), at, true, part.count);
    } else {
      detail::copy_bits(piece.as<std::uint64_t>(), at, part.column->validity().as<std::uint64_t>().data(),
                        part.first, part.count);
    }
    at += part.count;
  }
  return piece.buffer;
}

ColumnBuffer joined_bits(const Stretches& parts, std::int64_t size, Slab& slab) {
  const Slab::Piece piece = slab.piece(detail::bitmap_bytes(size));
  std::int64_t at = 0;
  for (const Stretch& part : parts) {
    detail::copy_bits(piece.as<std::uint64_t>(), at, part.column->values().as<std::uint64_t>().data(),
                      part.first, part.count);
    at += part.count;
  }
  return piece.buffer;
}

/// `unit` bytes a row, from `first` of each part's values on.
template <class First, class Count>
ColumnBuffer joined_values(const Stretches& parts, std::size_t unit, std::int64_t all, Slab& slab,
                           First first, Count count) {
  const Slab::Piece piece = slab.piece(unit * static_cast<std::size_t>(all));
  std::byte* at = piece.data;
  for (const Stretch& part : parts) {
    const std::size_t bytes = unit * static_cast<std::size_t>(count(part));
    if (bytes == 0) continue;
    std::memcpy(at, part.column->values().data() + unit * static_cast<std::size_t>(first(part)), bytes);
    at += bytes;
  }
  return piece.buffer;
}

/// Throws std::length_error if they end beyond what 4 bytes can say.
ColumnBuffer joined_offsets(const ColumnType& type, const Stretches& parts, std::int64_t size, Slab& slab,
                            std::string_view name) {
  std::int64_t all = 0;
  for (const Stretch& part : parts) all += part.length();
  if (static_cast<std::size_t>(all) > detail::most_offset)
    detail::refuse_length(name, type, static_cast<std::size_t>(all));
  const Slab::Piece piece = slab.piece(static_cast<std::size_t>(size + 1) * sizeof(std::int32_t));
  auto* to = piece.as<std::int32_t>();
  *to++ = 0;
  std::int32_t end = 0;
  for (const Stretch& part : parts) {
    const std::int32_t* from = part.offsets();
    const std::int32_t shift = end - from[0];
    for (std::int64_t i = 1; i <= part.count; ++i) *to++ = from[i] + shift;
    end += static_cast<std::int32_t>(part.length());
  }
  return piece.buffer;
}

Stretches stretches_of_child(const ColumnType& type, const Stretches& parts, std::size_t child) {
  Stretches of_child;
  of_child.reserve(parts.size());
  for (const Stretch& part : parts) {
    const Column* column = &part.column->child(child);
    of_child.push_back(type.id() == TypeId::list ? Stretch{column, part.offsets()[0], part.length()}
                                                 : Stretch{column, part.first, part.count});
  }
  return of_child;
}

Column joined(const ColumnType& type, const Stretches& parts, Slab& slab, std::string_view name) {
  ColumnParts whole{.type = type};
  for (const Stretch& part : parts) whole.size += part.count;
  whole.validity = joined_validity(parts, whole.size, slab);
  if (type.has_offsets()) whole.offsets = joined_offsets(type, parts, whole.size, slab, name);
  if (type.id() == TypeId::boolean) {
    whole.values = joined_bits(parts, whole.size, slab);
  } else if (type.id() == TypeId::text || type.id() == TypeId::blob) {
    whole.values = joined_values(
        parts, 1, whole.offsets.as<std::int32_t>().back(), slab,
        [](const Stretch& part) { return *part.offsets(); },
        [](const Stretch& part) { return part.length(); });
  } else {
    whole.values = joined_values(
        parts, type.value_bytes(), whole.size, slab, [](const Stretch& part) { return part.first; },
        [](const Stretch& part) { return part.count; });
  }
  for (std::size_t i = 0; i < type.fields().size(); ++i)
    whole.children.push_back(joined(type.fields()[i].type, stretches_of_child(type, parts, i), slab, name));
  return Column(std::move(whole));
}

/// The same stretches of all columns: (rows, first, count).
struct RowStretch {
  const Rows* rows;
  std::int64_t first;
  std::int64_t count;
};
Rows joined_rows(const Schema& schema, std::span<const RowStretch> parts) {
  std::int64_t size = 0;
  for (const RowStretch& part : parts) size += part.count;
  std::vector<Stretches> stretches(schema.size());
  std::size_t bytes = 0;
  for (std::size_t c = 0; c < schema.size(); ++c) {
    for (const RowStretch& part : parts)
      if (part.count != 0) stretches[c].push_back({&part.rows->column(c), part.first, part.count});
    bytes += joined_bytes(schema[c].type, stretches[c], size);
  }
  Slab slab(bytes);
  std::vector<Column> columns;
  for (std::size_t c = 0; c < schema.size(); ++c)
    columns.push_back(joined(schema[c].type, stretches[c], slab, schema[c].name));
  return {schema, std::move(columns), size};
}

/// Says in what one schema differs from another.
std::string difference(const Schema& one, const Schema& other) {
  if (one.size() != other.size())
    return std::to_string(one.size()) + " columns and " + std::to_string(other.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i].name != other[i].name) return quoted_name(one[i].name) + " and " + quoted_name(other[i].name);
    if (one[i].type != other[i].type)
      return quoted_name(one[i].name) + " is of type " + one[i].type.text() + " and " + other[i].type.text();
  }
  return {};
}

}  // namespace

Rows Rows::slice(std::int64_t first, std::int64_t count) const {
  detail::require_rows(first, count, size_);
  if (count == size_) return *this;
  const RowStretch part{this, first, count};
  return joined_rows(schema_, std::span(&part, 1));
}

Rows Rows::concat(std::span<const Rows> parts) {
  if (parts.empty()) throw std::invalid_argument("ramal: Rows::concat of no parts, whose schema is unknown");
  std::vector<RowStretch> stretches;
  for (const Rows& part : parts) {
    if (part.schema() != parts.front().schema())
      throw std::invalid_argument(
          "ramal: Rows::concat: part " + std::to_string(&part - parts.data()) +
          " differs from the first: " + difference(parts.front().schema(), part.schema()));
    stretches.push_back({&part, 0, part.size()});
  }
  if (parts.size() == 1) return parts.front();
  return joined_rows(parts.front().schema(), stretches);
}

}  // namespace ramal
