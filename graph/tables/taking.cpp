// SPDX-License-Identifier: BSD-3-Clause
#include "graph/tables/taking.hpp"

#include <ramal/rows.hpp>

#include "graph/tables/bits.hpp"
#include "graph/tables/refusals.hpp"

#include <algorithm>

namespace ramal {

namespace detail {

namespace {

using Numbers = std::span<const std::int64_t>;

/// Values of `unit` bytes, whatever their type.
template <std::size_t unit>
void gather(const std::byte* from, Numbers rows, std::byte* to) {
  for (const std::int64_t row : rows) {
    std::memcpy(to, from + row * static_cast<std::int64_t>(unit), unit);
    to += unit;
  }
}

ColumnBuffer gathered_values(const Column& column, Numbers rows, Slab& slab) {
  const std::size_t unit = column.type().value_bytes();
  const Slab::Piece piece = slab.piece(unit * rows.size());
  const std::byte* from = column.values().data();
  switch (unit) {
    case 1:
      gather<1>(from, rows, piece.data);
      break;
    case 2:
      gather<2>(from, rows, piece.data);
      break;
    case 4:
      gather<4>(from, rows, piece.data);
      break;
    case 8:
      gather<8>(from, rows, piece.data);
      break;
    case 16:
      gather<16>(from, rows, piece.data);
      break;
    default:
      break;
  }
  return piece.buffer;
}

/// A bit for each number; and with what `also` has, if it is not null.
ColumnBuffer gathered_bits(const std::uint64_t* bits, Numbers rows, const std::uint64_t* also, Slab& slab) {
  const Slab::Piece piece = slab.piece(bitmap_bytes(static_cast<std::int64_t>(rows.size())));
  auto* words = piece.as<std::uint64_t>();
  for (std::size_t first = 0; first < rows.size(); first += 64) {
    const std::size_t some = std::min<std::size_t>(64, rows.size() - first);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < some; ++i) word |= std::uint64_t{bit(bits, rows[first + i])} << i;
    words[first / 64] = also == nullptr ? word : word & also[first / 64];
  }
  return piece.buffer;
}

ColumnBuffer gathered_validity(const Column& column, Numbers rows, const std::uint64_t* validity,
                               Slab& slab) {
  if (!column.validity().empty())
    return gathered_bits(column.validity().as<std::uint64_t>().data(), rows, validity, slab);
  if (validity == nullptr) return {};
  const Slab::Piece piece = slab.piece(bitmap_bytes(static_cast<std::int64_t>(rows.size())));
  copy_bits(piece.as<std::uint64_t>(), 0, validity, 0, static_cast<std::int64_t>(rows.size()));
  return piece.buffer;
}

/// Where the texts or elements of rows lie in a column, and will lie.
struct GatheredOffsets {
  std::vector<std::int32_t> begins;  // there
  ColumnBuffer offsets;              // here
};
GatheredOffsets gathered_offsets(const Column& column, Numbers rows, Slab& slab, std::string_view name) {
  const Slab::Piece piece = slab.piece((rows.size() + 1) * sizeof(std::int32_t));
  auto* to = piece.as<std::int32_t>();
  const std::int32_t* offsets = column.offsets().data();
  std::vector<std::int32_t> begins(rows.size());
  std::uint64_t end = 0;
  *to++ = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    begins[i] = offsets[rows[i]];
    end += static_cast<std::uint32_t>(offsets[rows[i] + 1] - begins[i]);
    *to++ = static_cast<std::int32_t>(end);
  }
  if (end > most_offset) refuse_length(name, column.type(), end);
  return {std::move(begins), piece.buffer};
}

/// Most texts are short: those are copied as 16 bytes, with what stands behind them, as long as that is
/// there.
ColumnBuffer gathered_text(const Column& column, const GatheredOffsets& gathered, Slab& slab) {
  constexpr std::size_t chunk = 16;
  constexpr std::size_t ahead = 16;  // texts lie scattered, so that the next ones are asked for early
  const auto ends = gathered.offsets.as<std::int32_t>();
  const auto bytes = static_cast<std::size_t>(ends.back());
  const Slab::Piece piece = slab.piece(bytes);
  const std::byte* const from = column.values().data();
  const std::size_t from_bytes = column.values().size(), count = gathered.begins.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (i + ahead < count) __builtin_prefetch(from + gathered.begins[i + ahead]);
    const auto at = static_cast<std::size_t>(ends[i]), length = static_cast<std::size_t>(ends[i + 1]) - at;
    const auto begin = static_cast<std::size_t>(gathered.begins[i]);
    if (length <= chunk && at + chunk <= bytes && begin + chunk <= from_bytes) {
      std::memcpy(piece.data + at, from + begin, chunk);
    } else if (length != 0) {
      std::memcpy(piece.data + at, from + begin, length);
    }
  }
  return piece.buffer;
}

/// The numbers of the elements that the lists of these rows have.
std::vector<std::int64_t> elements_of(const Column& column, Numbers rows, std::size_t all) {
  std::vector<std::int64_t> elements;
  elements.reserve(all);
  const auto offsets = column.offsets();
  for (const std::int64_t row : rows)
    for (std::int64_t i = offsets[static_cast<std::size_t>(row)];
         i < offsets[static_cast<std::size_t>(row) + 1]; ++i)
      elements.push_back(i);
  return elements;
}

/// Throws std::out_of_range, with the first number that is not within `size` rows.
void require_within(Numbers rows, std::int64_t size) {
  bool wrong = false;
  for (const std::int64_t row : rows)
    wrong |= static_cast<std::uint64_t>(row) >= static_cast<std::uint64_t>(size);
  if (!wrong) return;
  const auto first = std::ranges::find_if(rows, [size](std::int64_t row) { return row < 0 || row >= size; });
  throw std::out_of_range("ramal: Rows::take: row " + std::to_string(*first) + " is not within " +
                          std::to_string(size) + " rows");
}

}  // namespace

std::size_t taken_bytes(const Column& column, std::size_t rows) {
  const ColumnType& type = column.type();
  const std::size_t bitmap = padded_to_slab(bitmap_bytes(static_cast<std::int64_t>(rows)));
  std::size_t bytes = column.validity().empty() ? 0 : bitmap;
  bytes += type.id() == TypeId::boolean ? bitmap : padded_to_slab(type.value_bytes() * rows);
  if (type.has_offsets()) bytes += padded_to_slab((rows + 1) * sizeof(std::int32_t));
  if (type.id() == TypeId::structure)
    for (const Column& child : column.children()) bytes += taken_bytes(child, rows);
  return bytes;
}

Column taken(const Column& column, Numbers rows, const std::uint64_t* validity, Slab& slab,
             std::string_view name) {
  const ColumnType& type = column.type();
  ColumnParts parts{.type = type, .size = static_cast<std::int64_t>(rows.size())};
  if (rows.empty() && type.fields().empty()) return Column(std::move(parts));
  parts.validity = gathered_validity(column, rows, validity, slab);
  GatheredOffsets gathered;
  if (type.has_offsets()) gathered = gathered_offsets(column, rows, slab, name);
  parts.offsets = gathered.offsets;
  if (type.id() == TypeId::boolean) {
    parts.values = gathered_bits(column.values().as<std::uint64_t>().data(), rows, nullptr, slab);
  } else if (type.id() == TypeId::list) {
    const auto all = static_cast<std::size_t>(parts.offsets.as<std::int32_t>().back());
    parts.children.push_back(taken(column.child(), elements_of(column, rows, all), nullptr, slab, name));
  } else if (type.id() == TypeId::structure) {
    for (const Column& child : column.children())
      parts.children.push_back(taken(child, rows, nullptr, slab, name));
  } else if (type.has_offsets()) {
    parts.values = gathered_text(column, gathered, slab);
  } else if (type.value_bytes() != 0) {
    parts.values = gathered_values(column, rows, slab);
  }
  return Column(std::move(parts));
}

}  // namespace detail

Rows Rows::take(std::span<const std::int64_t> rows) const {
  detail::require_within(rows, size_);
  std::size_t bytes = 0;
  for (const Column& column : columns()) bytes += detail::taken_bytes(column, rows.size());
  detail::Slab slab(bytes);
  std::vector<Column> taken;
  taken.reserve(columns().size());
  for (std::size_t i = 0; i < columns().size(); ++i)
    taken.push_back(detail::taken(column(i), rows, nullptr, slab, schema_[i].name));
  return {schema_, std::move(taken), static_cast<std::int64_t>(rows.size())};
}

}  // namespace ramal
