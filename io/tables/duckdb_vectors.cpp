// SPDX-License-Identifier: BSD-3-Clause
// Columns into DuckDB's vectors.
#include "io/tables/bitmap.hpp"
#include "io/tables/duckdb_lend.hpp"
#include "io/tables/duckdb_types.hpp"
#include "io/tables/utf8.hpp"

#include <algorithm>
#include <cstring>

namespace ramal::detail::duckdb {

namespace {

/// A part of a column that is put into a vector.
struct Part {
  const Column& column;
  std::int64_t first, count;
  const std::uint64_t* valid;  // from bit 0 on; null where all are
  void* to;

  bool is_valid(std::int64_t i) const { return valid == nullptr || bit(valid, i); }
  template <class T>
  const T* values() const {
    return column.values().as<T>().data() + first;
  }
};

void lend_booleans(const Part& part) {
  const auto* words = part.column.values().as<std::uint64_t>().data();
  for (std::int64_t i = 0; i < part.count; ++i) static_cast<bool*>(part.to)[i] = bit(words, part.first + i);
}

template <class Stored>
void narrow(const Part& part) {
  const auto* values = part.values<Int128>();
  for (std::int64_t i = 0; i < part.count; ++i) {
    const auto stored = static_cast<Stored>(values[i]);
    if (stored != values[i] && part.is_valid(i))
      throw std::invalid_argument("a value of row " + std::to_string(part.first + i) + " does not fit into " +
                                  part.column.type().text());
    static_cast<Stored*>(part.to)[i] = stored;
  }
}

void lend_decimals(const Part& part) {
  switch (decimal_bytes(part.column.type().width())) {
    case 2:
      return narrow<std::int16_t>(part);
    case 4:
      return narrow<std::int32_t>(part);
    case 8:
      return narrow<std::int64_t>(part);
    default:
      std::memcpy(part.to, part.values<Int128>(), static_cast<std::size_t>(part.count) * 16);
  }
}

void lend_intervals(const Part& part) {
  const auto* values = part.values<Interval>();
  for (std::int64_t i = 0; i < part.count; ++i) {
    const Interval& value = values[i];
    if (part.is_valid(i) && value.nanoseconds % 1000 != 0)
      throw std::invalid_argument("the INTERVAL of row " + std::to_string(part.first + i) +
                                  " is not of whole microseconds, as DuckDB's are");
    static_cast<Span*>(part.to)[i] = {value.months, value.days, value.nanoseconds / 1000};
  }
}

/// DuckDB relies on text being UTF-8, and may read behind the end of what is not.
void check_text(const Part& part, const char* bytes, const std::int32_t* offsets) {
  if (is_ascii({bytes + offsets[0], static_cast<std::size_t>(offsets[part.count] - offsets[0])})) return;
  for (std::int64_t i = 0; i < part.count; ++i) {
    const auto length = static_cast<std::size_t>(offsets[i + 1] - offsets[i]);
    if (part.is_valid(i) && !is_utf8({bytes + offsets[i], length}))
      throw std::invalid_argument("the text of row " + std::to_string(part.first + i) +
                                  " is not UTF-8; other bytes can be a BLOB");
  }
}

void lend_texts(const Part& part) {
  const auto* bytes = reinterpret_cast<const char*>(part.column.values().data());
  const std::int32_t* offsets = part.column.offsets().data() + part.first;
  if (part.column.type().id() == TypeId::text) check_text(part, bytes, offsets);
  auto* to = static_cast<String*>(part.to);
  for (std::int64_t i = 0; i < part.count; ++i) {
    const char* text = bytes + offsets[i];
    String& string = to[i];
    string.length = static_cast<std::uint32_t>(offsets[i + 1] - offsets[i]);
    if (string.length > 12) {
      std::memcpy(string.prefix, text, 4);
      string.pointer = text;
    } else {
      // What is shorter is compared with all 12 bytes.
      std::memset(string.prefix, 0, 12);
      if (string.length > 0) std::memcpy(string.prefix, text, string.length);
    }
  }
}

void lend(const Api& api, const Column& column, std::int64_t first, std::int64_t count,
          const std::uint64_t* outer, Vector to);

void lend_lists(const Api& api, const Part& part, Vector to) {
  const std::int32_t* offsets = part.column.offsets().data() + part.first;
  const auto elements = static_cast<std::uint64_t>(offsets[part.count] - offsets[0]);
  if (api.list_vector_reserve(to, elements) != 0 || api.list_vector_set_size(to, elements) != 0)
    throw std::invalid_argument("DuckDB has no room for lists of " + std::to_string(elements) + " elements");
  auto* lists = static_cast<ListEntry*>(part.to);
  for (std::int64_t i = 0; i < part.count; ++i)
    lists[i] = {static_cast<std::uint64_t>(offsets[i] - offsets[0]),
                static_cast<std::uint64_t>(offsets[i + 1] - offsets[i])};
  lend(api, part.column.child(0), offsets[0], static_cast<std::int64_t>(elements), nullptr,
       api.list_vector_get_child(to));
}

/// Which rows are valid: those that are and whose structure is, if it lies in one. DuckDB does not look at
/// the structure when it takes a field out of it.
class ValidRows {
 public:
  ValidRows(const Column& column, std::int64_t first, std::int64_t count, const std::uint64_t* outer)
      : own_(column.nulls() == 0 ? nullptr : column.validity().as<std::uint64_t>().data(), first, count) {
    if (column.type().id() == TypeId::null) {
      both_.assign(static_cast<std::size_t>((count + 63) / 64), 0);
    } else if (own_.words() != nullptr && outer != nullptr) {
      both_.assign(own_.words(), own_.words() + (count + 63) / 64);
      for (std::size_t i = 0; i < both_.size(); ++i) both_[i] &= outer[i];
    }
    words_ = !both_.empty() ? both_.data() : own_.words() != nullptr ? own_.words() : outer;
  }
  const std::uint64_t* words() const { return words_; }

 private:
  BitsFrom own_;
  std::vector<std::uint64_t> both_;
  const std::uint64_t* words_;
};

void lend(const Api& api, const Column& column, std::int64_t first, std::int64_t count,
          const std::uint64_t* outer, Vector to) {
  if (count == 0) return;
  const ValidRows valid(column, first, count, outer);
  if (valid.words() != nullptr) {
    api.vector_ensure_validity_writable(to);
    std::copy_n(valid.words(), (count + 63) / 64, api.vector_get_validity(to));
  }
  const Part part{column, first, count, valid.words(), api.vector_get_data(to)};
  switch (column.type().id()) {
    case TypeId::null:
      return;
    case TypeId::boolean:
      return lend_booleans(part);
    case TypeId::decimal:
      return lend_decimals(part);
    case TypeId::interval:
      return lend_intervals(part);
    case TypeId::text:
    case TypeId::blob:
      return lend_texts(part);
    case TypeId::list:
      return lend_lists(api, part, to);
    case TypeId::structure:
      for (std::size_t i = 0; i < column.children().size(); ++i)
        lend(api, column.child(i), first, count, valid.words(), api.struct_vector_get_child(to, i));
      return;
    default: {
      const std::size_t width = column.type().value_bytes();
      std::memcpy(part.to, column.values().data() + static_cast<std::size_t>(first) * width,
                  static_cast<std::size_t>(count) * width);
    }
  }
}

}  // namespace

void lend(const Api& api, const Column& column, std::int64_t first, std::int64_t count, Vector to) {
  lend(api, column, first, count, nullptr, to);
}

}  // namespace ramal::detail::duckdb
