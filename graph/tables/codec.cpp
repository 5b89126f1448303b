// SPDX-License-Identifier: BSD-3-Clause
// The form of Rows on their way. Numbers are unsigned LEB128: seven bits a byte, the lowest first, and the
// highest bit set in all bytes but the last.
//
//   encoded := head buffer*                       the buffers as they lie in memory, without padding
//   memory  := (buffer padding)*                  up to a multiple of 64 bytes each; the head goes ahead of it
//   head    := schema rows column*
//   schema  := columns (length name type)*
//   type    := id:u8 (width:u8 scale:u8 | type | schema)?       of a decimal, a list, a structure
//   column  := nulls (bytes | rows column | column*)?           of text and blob, a list, a structure
//
// The buffers of a column come in the order validity (if there are nulls), offsets (if there are rows),
// values, and then those of its children.
#include "graph/tables/layout.hpp"
#include "graph/tables/slab.hpp"

#include <array>
#include <stdexcept>

namespace ramal {

namespace {

using detail::ColumnLayout;

constexpr std::uint64_t most_layout_rows = std::uint64_t{1} << 56;
constexpr int most_type_depth = 100;

void write_number(Writer& writer, std::uint64_t number) {
  for (; number >= 128; number >>= 7) writer.raw(static_cast<std::uint8_t>(number | 128));
  writer.raw(static_cast<std::uint8_t>(number));
}

/// Throws DecodeError for more than `most`.
std::uint64_t read_number(Reader& reader, std::uint64_t most) {
  std::uint64_t number = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = reader.raw<std::uint8_t>();
    number |= std::uint64_t{byte & 127u} << shift;
    if (byte >= 128) continue;
    if (number > most) break;
    return number;
  }
  throw DecodeError("a number of rows, columns or bytes that cannot be");
}

void write_fields(Writer& writer, std::span<const Field> fields);
std::vector<Field> read_fields(Reader& reader, int depth);

void write_type(Writer& writer, const ColumnType& type) {
  writer.raw(type.id());
  if (type.id() == TypeId::decimal) {
    writer.raw(static_cast<std::uint8_t>(type.width()));
    writer.raw(static_cast<std::uint8_t>(type.scale()));
  } else if (type.id() == TypeId::list) {
    write_type(writer, type.element());
  } else if (type.id() == TypeId::structure) {
    write_fields(writer, type.fields());
  }
}

ColumnType read_type(Reader& reader, int depth) {
  if (depth > most_type_depth) throw DecodeError("types that are nested too deep");
  const auto id = reader.raw<std::uint8_t>();
  if (id >= type_ids) throw DecodeError("an unknown type");
  if (id == static_cast<std::uint8_t>(TypeId::decimal)) {
    const int width = reader.raw<std::uint8_t>(), scale = reader.raw<std::uint8_t>();
    return ColumnType::decimal(width, scale);
  }
  if (id == static_cast<std::uint8_t>(TypeId::list)) return ColumnType::list(read_type(reader, depth + 1));
  if (id == static_cast<std::uint8_t>(TypeId::structure))
    return ColumnType::structure(read_fields(reader, depth + 1));
  return static_cast<TypeId>(id);
}

void write_fields(Writer& writer, std::span<const Field> fields) {
  write_number(writer, fields.size());
  for (const Field& field : fields) {
    write_number(writer, field.name.size());
    writer.bytes(field.name.data(), field.name.size());
    write_type(writer, field.type);
  }
}

std::vector<Field> read_fields(Reader& reader, int depth) {
  std::vector<Field> fields(read_number(reader, reader.left() / 2));  // a field has two bytes at least
  for (Field& field : fields) {
    const std::size_t length = read_number(reader, reader.left());
    field.name.assign(reinterpret_cast<const char*>(reader.bytes(length)), length);
    field.type = read_type(reader, depth);
  }
  return fields;
}

void write_column(Writer& writer, const Column& column) {
  const ColumnType& type = column.type();
  write_number(writer, column.validity().empty() ? 0 : static_cast<std::uint64_t>(column.nulls()));
  if (type.id() == TypeId::list) write_number(writer, static_cast<std::uint64_t>(column.child().size()));
  if (type.has_offsets() && type.id() != TypeId::list) write_number(writer, column.values().size());
  for (const Column& child : column.children()) write_column(writer, child);
}

ColumnLayout read_column(Reader& reader, const ColumnType& type, std::int64_t size) {
  ColumnLayout layout{.type = type, .size = size};
  const std::uint64_t nulls = read_number(reader, static_cast<std::uint64_t>(size));
  if (nulls != 0 && type.id() == TypeId::null) throw DecodeError("a column of nulls that counts them");
  layout.nulls = static_cast<std::int64_t>(nulls);
  std::int64_t rows_of_children = size;
  if (type.has_offsets()) {
    const auto end = static_cast<std::int64_t>(read_number(reader, size == 0 ? 0 : detail::most_offset));
    (type.id() == TypeId::list ? rows_of_children : layout.text_bytes) = end;
  }
  for (const Field& field : type.fields())
    layout.children.push_back(read_column(reader, field.type, rows_of_children));
  return layout;
}

}  // namespace

namespace detail {

void write_layout(Writer& writer, const Rows& rows) {
  write_fields(writer, rows.schema().fields());
  write_number(writer, static_cast<std::uint64_t>(rows.size()));
  for (const Column& column : rows.columns()) write_column(writer, column);
}

RowsLayout read_layout(Reader& reader) {
  try {
    RowsLayout layout{.schema = Schema(read_fields(reader, 0))};
    layout.size = static_cast<std::int64_t>(read_number(reader, most_layout_rows));
    for (const Field& field : layout.schema)
      layout.columns.push_back(read_column(reader, field.type, layout.size));
    return layout;
  } catch (const std::invalid_argument& error) {  // names or types that cannot be
    throw DecodeError(error.what());
  }
}

}  // namespace detail

void Codec<Schema>::write(Writer& writer, const Schema& schema) { write_fields(writer, schema.fields()); }

Schema Codec<Schema>::read(Reader& reader) {
  try {
    return Schema(read_fields(reader, 0));
  } catch (const std::invalid_argument& error) {
    throw DecodeError(error.what());
  }
}

void Codec<Rows>::write(Writer& writer, const Rows& rows) {
  detail::write_layout(writer, rows);
  for (const Column& column : rows.columns())
    detail::each_buffer(column,
                        [&](const ColumnBuffer& buffer) { writer.bytes(buffer.data(), buffer.size()); });
}

Rows Codec<Rows>::read(Reader& reader) {
  const detail::RowsLayout layout = detail::read_layout(reader);
  if (layout.bytes(1) > reader.left()) throw DecodeError("rows of more bytes than there are");
  const Rows rows = layout.make();
  for (const Column& column : rows.columns()) {
    detail::each_buffer(column, [&](const ColumnBuffer& buffer) {  // made a moment ago, and nobody else's
      std::memcpy(const_cast<std::byte*>(buffer.data()), reader.bytes(buffer.size()), buffer.size());
    });
  }
  try {
    rows.check();
  } catch (const std::invalid_argument& error) {
    throw DecodeError(error.what());
  }
  return rows;
}

Spans Codec<Rows>::memory(const Rows& rows) {
  static constexpr std::array<std::byte, detail::slab_alignment> zeros{};
  Spans memory;
  for (const Column& column : rows.columns()) {
    detail::each_buffer(column, [&](const ColumnBuffer& buffer) {
      const std::size_t padded = detail::padded_to_slab(buffer.size());
      if (buffer.padded()) {  // so that what lies in one slab is one span
        memory.add({buffer.data(), padded});
      } else {
        memory.add(buffer.span());
        memory.add(std::span(zeros).first(padded - buffer.size()));
      }
    });
  }
  return memory;
}

void Codec<Rows>::write_head(Writer& writer, const Rows& rows) { detail::write_layout(writer, rows); }

Rows Codec<Rows>::allocate(Reader& head, std::size_t bytes) {
  const detail::RowsLayout layout = detail::read_layout(head);
  if (layout.bytes(detail::slab_alignment) != bytes)
    throw DecodeError("rows of " + std::to_string(layout.bytes(detail::slab_alignment)) +
                      " bytes by their head, but " + std::to_string(bytes) + " come");
  return layout.make();
}

}  // namespace ramal
