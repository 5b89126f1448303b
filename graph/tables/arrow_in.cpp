// SPDX-License-Identifier: BSD-3-Clause
// Rows from an array of Arrow's: shared where the values lie as ours do, else converted.
#include "graph/tables/arrow_format.hpp"
#include "graph/tables/bits.hpp"
#include "graph/tables/refusals.hpp"
#include "graph/tables/slab.hpp"
#include "graph/tables/taking.hpp"

#include <ramal/rows_builder.hpp>

#include <stdexcept>

namespace ramal {

namespace {

using detail::ArrowFormat;
using detail::ArrowStorage;
using detail::refuse_arrow;
using detail::Slab;

/// Takes a structure over, and releases it in the end.
template <class Structure>
class Taken {
 public:
  explicit Taken(Structure* structure) : its_(*structure) { structure->release = nullptr; }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;
  ~Taken() {
    if (its_.release != nullptr) its_.release(&its_);
  }
  const Structure& operator*() const { return its_; }
  const Structure* operator->() const { return &its_; }

 private:
  Structure its_;
};

/// Elements [first, first + count) of an array, counted behind its own offset.
struct Part {
  const ArrowSchema& schema;
  const ArrowArray& array;
  std::int64_t first;
  std::int64_t count;
  std::string name;
  std::shared_ptr<const void> owner;

  /// Where they begin in the buffers.
  std::int64_t begin() const { return array.offset + first; }
  Part child(std::int64_t i, std::int64_t from, std::int64_t length, const std::string& its_name) const {
    if (i >= schema.n_children || i >= array.n_children || array.children == nullptr ||
        array.children[i] == nullptr)
      refuse_arrow(name, "child " + std::to_string(i) + " is missing");
    return {*schema.children[i], *array.children[i], from, length, its_name, owner};
  }
  /// Throws std::invalid_argument if it is missing.
  template <class T>
  const T* buffer(std::int64_t i) const {
    if (i >= array.n_buffers || array.buffers == nullptr || array.buffers[i] == nullptr)
      refuse_arrow(name, "buffer " + std::to_string(i) + " is missing");
    return static_cast<const T*>(array.buffers[i]);
  }
};

Column imported(const Part& part);

/// Bits from bytes, which need not be whole words.
ColumnBuffer imported_bits(const std::uint8_t* bytes, std::int64_t first, std::int64_t count) {
  const std::int64_t skipped = first / 8, bits = first % 8 + count;
  const auto length = static_cast<std::size_t>((bits + 7) / 8);
  std::vector<std::uint64_t> words(length / 8 + 1);
  std::memcpy(words.data(), bytes + skipped, length);
  Slab slab(detail::bitmap_bytes(count));
  const Slab::Piece piece = slab.piece(detail::bitmap_bytes(count));
  detail::copy_bits(piece.as<std::uint64_t>(), 0, words.data(), first % 8, count);
  return piece.buffer;
}

ColumnBuffer imported_validity(const Part& part) {
  const bool none = part.array.null_count == 0 || part.array.n_buffers < 1 || part.array.buffers == nullptr ||
                    part.array.buffers[0] == nullptr;
  if (none) return {};
  return imported_bits(part.buffer<std::uint8_t>(0), part.begin(), part.count);
}

bool is_valid(const ColumnBuffer& validity, std::int64_t row) {
  return validity.empty() || detail::bit(validity.as<std::uint64_t>().data(), row);
}

/// Shared if they are aligned.
ColumnBuffer imported_values(const Part& part, std::size_t unit) {
  const std::byte* values = part.buffer<std::byte>(1) + static_cast<std::size_t>(part.begin()) * unit;
  const std::size_t bytes = static_cast<std::size_t>(part.count) * unit;
  if (reinterpret_cast<std::uintptr_t>(values) % detail::slab_alignment == 0)
    return {std::shared_ptr<const std::byte>(part.owner, values), bytes};
  Slab slab(bytes);
  const Slab::Piece piece = slab.piece(bytes);
  std::memcpy(piece.data, values, bytes);
  return piece.buffer;
}

/// Values of From as To: convert(value, row) where they are valid, else 0.
template <class From, class To, class Convert>
ColumnBuffer converted(const Part& part, const ColumnBuffer& validity, Convert convert) {
  const From* values = part.buffer<From>(1) + part.begin();
  Slab slab(static_cast<std::size_t>(part.count) * sizeof(To));
  const Slab::Piece piece = slab.piece(static_cast<std::size_t>(part.count) * sizeof(To));
  for (std::int64_t i = 0; i < part.count; ++i)
    piece.as<To>()[i] = is_valid(validity, i) ? static_cast<To>(convert(values[i], i)) : To(0);
  return piece.buffer;
}

template <class From>
ColumnBuffer scaled(const Part& part, const ArrowFormat& format, const ColumnBuffer& validity) {
  const auto convert = [&](From value, std::int64_t row) {
    std::int64_t result = 0;
    const bool fits = !__builtin_mul_overflow(std::int64_t{value}, format.multiply, &result) &&
                      result % format.divide == 0 &&
                      (format.type.value_bytes() == 8 ||
                       result / format.divide == static_cast<std::int32_t>(result / format.divide));
    if (!fits)
      refuse_arrow(part.name, "row " + std::to_string(row) + ": " + std::to_string(value) +
                                  " of Arrow's format \"" + part.schema.format + "\" is no whole " +
                                  format.type.text());
    return result / format.divide;
  };
  if (format.type.value_bytes() == 4) return converted<From, std::int32_t>(part, validity, convert);
  return converted<From, std::int64_t>(part, validity, convert);
}

/// Offsets that begin at 0, and where in the values or elements that is.
struct Offsets {
  ColumnBuffer from_zero;
  std::int64_t begin = 0, length = 0;
};
Offsets offsets_of_lengths(const Part& part, const ColumnType& type, std::int64_t begin, auto end_of) {
  const Slab::Piece piece = Slab(0).piece(static_cast<std::size_t>(part.count + 1) * sizeof(std::int32_t));
  auto* to = piece.as<std::int32_t>();
  std::int64_t last = begin;
  *to++ = 0;
  for (std::int64_t i = 1; i <= part.count; ++i) {
    const std::int64_t end = end_of(i);
    if (end < last || begin < 0)
      refuse_arrow(part.name, "offsets that fall, in row " + std::to_string(i - 1));
    if (end - begin > static_cast<std::int64_t>(detail::most_offset))
      detail::refuse_length(part.name, type, static_cast<std::size_t>(end - begin));
    *to++ = static_cast<std::int32_t>(end - begin);
    last = end;
  }
  return {piece.buffer, begin, last - begin};
}
Offsets imported_offsets(const Part& part, const ArrowFormat& format) {
  if (format.storage == ArrowStorage::fixed) {
    const auto most = static_cast<std::int64_t>(detail::most_offset);
    if (format.length > most || part.begin() > (std::int64_t{1} << 31))
      refuse_arrow(part.name, "elements of fixed size that are too long");
    const std::int64_t begin = part.begin() * format.length;
    return offsets_of_lengths(part, format.type, begin,
                              [&](std::int64_t i) { return begin + i * format.length; });
  }
  const auto from = [&]<class T>(const T* offsets) {
    return offsets_of_lengths(part, format.type, offsets[0],
                              [=](std::int64_t i) { return std::int64_t{offsets[i]}; });
  };
  if (format.storage == ArrowStorage::offsets64) return from(part.buffer<std::int64_t>(1) + part.begin());
  return from(part.buffer<std::int32_t>(1) + part.begin());
}

/// Text, blobs and lists.
void import_ranges(const Part& part, const ArrowFormat& format, ColumnParts& parts) {
  const Offsets offsets = imported_offsets(part, format);
  parts.offsets = offsets.from_zero;
  if (format.type.id() == TypeId::list) {
    parts.children.push_back(imported(part.child(0, offsets.begin, offsets.length, part.name + "[]")));
    return;
  }
  if (offsets.length == 0) return;
  const auto* bytes = part.buffer<std::byte>(format.storage == ArrowStorage::fixed ? 1 : 2);
  const Slab::Piece piece = Slab(0).piece(static_cast<std::size_t>(offsets.length));
  std::memcpy(piece.data, bytes + offsets.begin, static_cast<std::size_t>(offsets.length));
  parts.values = piece.buffer;
}

template <class Index>
std::vector<std::int64_t> indices_of(const Part& part, const ColumnBuffer& validity) {
  const Index* from = part.buffer<Index>(1) + part.begin();
  std::vector<std::int64_t> indices(static_cast<std::size_t>(part.count));
  const auto size = static_cast<std::uint64_t>(part.array.dictionary->length);
  for (std::int64_t i = 0; i < part.count; ++i) {
    if (!is_valid(validity, i)) continue;
    const auto index = static_cast<std::uint64_t>(from[i]);  // below 0: very large
    if (index >= size)
      refuse_arrow(part.name, "row " + std::to_string(i) + ": index " + std::to_string(from[i]) +
                                  " into a dictionary of " + std::to_string(size));
    indices[static_cast<std::size_t>(i)] = static_cast<std::int64_t>(index);
  }
  return indices;
}

std::vector<std::int64_t> indices_of(const Part& part, const ColumnBuffer& validity,
                                     std::string_view format) {
  if (format == "c") return indices_of<std::int8_t>(part, validity);
  if (format == "C") return indices_of<std::uint8_t>(part, validity);
  if (format == "s") return indices_of<std::int16_t>(part, validity);
  if (format == "S") return indices_of<std::uint16_t>(part, validity);
  if (format == "i") return indices_of<std::int32_t>(part, validity);
  if (format == "I") return indices_of<std::uint32_t>(part, validity);
  if (format == "l") return indices_of<std::int64_t>(part, validity);
  if (format == "L") return indices_of<std::uint64_t>(part, validity);
  refuse_arrow(part.name, "a dictionary with indices of format \"" + std::string(format) + '"');
}

Column all_nulls(const ColumnType& type, std::int64_t count) {
  ColumnBuilder builder(type);
  builder.append_nulls(count);
  return builder.finish();
}

Column decoded_dictionary(const Part& part) {
  if (part.array.dictionary == nullptr) refuse_arrow(part.name, "the dictionary is missing");
  const ArrowArray& dictionary = *part.array.dictionary;
  const Column values =
      imported({*part.schema.dictionary, dictionary, 0, dictionary.length, part.name, part.owner});
  const ColumnBuffer validity = imported_validity(part);
  const std::vector<std::int64_t> indices =
      indices_of(part, validity, part.schema.format == nullptr ? "" : part.schema.format);
  if (values.empty()) return all_nulls(values.type(), part.count);  // else an index would have been refused
  Slab slab(detail::taken_bytes(values, indices.size()));
  return detail::taken(values, indices, validity.empty() ? nullptr : validity.as<std::uint64_t>().data(),
                       slab, part.name);
}

void import_values(const Part& part, const ArrowFormat& format, ColumnParts& parts) {
  const auto same = [](auto value, std::int64_t) { return value; };
  switch (format.storage) {
    case ArrowStorage::none:
      return;
    case ArrowStorage::bits:
      parts.values = imported_bits(part.buffer<std::uint8_t>(1), part.begin(), part.count);
      return;
    case ArrowStorage::decimal32:
      parts.values = converted<std::int32_t, Int128>(part, parts.validity, same);
      return;
    case ArrowStorage::decimal64:
      parts.values = converted<std::int64_t, Int128>(part, parts.validity, same);
      return;
    case ArrowStorage::scaled32:
      parts.values = scaled<std::int32_t>(part, format, parts.validity);
      return;
    case ArrowStorage::scaled64:
      parts.values = scaled<std::int64_t>(part, format, parts.validity);
      return;
    case ArrowStorage::structure:
      for (std::size_t i = 0; i < format.type.fields().size(); ++i)
        parts.children.push_back(imported(part.child(static_cast<std::int64_t>(i), part.begin(), part.count,
                                                     part.name + '.' + format.type.fields()[i].name)));
      return;
    case ArrowStorage::same:
      parts.values = imported_values(part, format.type.value_bytes());
      return;
    default:
      import_ranges(part, format, parts);
  }
}

Column imported(const Part& part) {
  constexpr std::int64_t most = std::int64_t{1} << 56;
  const ArrowArray& array = part.array;
  if (array.length < 0 || array.offset < 0 || array.offset > most || array.length > most || part.first < 0 ||
      part.first > array.length || part.count > array.length - part.first)
    refuse_arrow(part.name, std::to_string(part.count) + " rows from " + std::to_string(part.first) +
                                " on of an array of length " + std::to_string(array.length) + " and offset " +
                                std::to_string(array.offset));
  if (part.count == 0) return all_nulls(detail::arrow_type(part.schema, part.name), 0);
  if (part.schema.dictionary != nullptr) return decoded_dictionary(part);
  const ArrowFormat format = detail::read_arrow_format(part.schema, part.name);
  ColumnParts parts{.type = format.type, .size = part.count};
  if (format.storage != ArrowStorage::none) parts.validity = imported_validity(part);
  import_values(part, format, parts);
  return Column(std::move(parts));
}

Schema schema_of(const ArrowSchema& schema) {
  if (schema.format == nullptr || std::string_view(schema.format) != "+s" || schema.dictionary != nullptr)
    throw std::invalid_argument("ramal: from_arrow: a record batch, of format \"+s\", expected, \"" +
                                std::string(schema.format == nullptr ? "" : schema.format) + "\" found");
  return Schema(detail::arrow_fields(schema, ""));
}

}  // namespace

Rows from_arrow(ArrowSchema* schema, ArrowArray* array) {
  const Taken<ArrowSchema> taken_schema(schema);
  const auto taken_array = std::make_shared<Taken<ArrowArray>>(array);
  const Schema ours = schema_of(*taken_schema);
  const ArrowArray& batch = **taken_array;
  const Part whole{*taken_schema, batch, 0, batch.length, "", taken_array};
  if (const ColumnBuffer validity = batch.length > 0 ? imported_validity(whole) : ColumnBuffer();
      !validity.empty() &&
      detail::count_bits(validity.as<std::uint64_t>().data(), batch.length) != batch.length)
    throw std::invalid_argument("ramal: from_arrow: a record batch that is null in some rows");
  std::vector<Column> columns;
  for (std::size_t i = 0; i < ours.size(); ++i)
    columns.push_back(
        imported(whole.child(static_cast<std::int64_t>(i), whole.begin(), whole.count, ours[i].name)));
  return {ours, std::move(columns), batch.length};
}

Schema from_arrow(ArrowSchema* schema) { return schema_of(*Taken<ArrowSchema>(schema)); }

}  // namespace ramal
