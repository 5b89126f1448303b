// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/duckdb_fetch.hpp"

#include "io/tables/bitmap.hpp"
#include "io/tables/duckdb_types.hpp"

#include <ramal/sql_error.hpp>

#include <optional>
#include <utility>

namespace ramal::detail::duckdb {

namespace {

Reading reading_of(const Api& api, Type type) {
  Reading reading;
  reading.number = api.get_type_id(type);
  if (reading.number == type_decimal) reading.stored_bytes = decimal_bytes(api.decimal_width(type));
  if (reading.number == type_enum) {
    const int stored = api.enum_internal_type(type);
    reading.stored_bytes = stored == type_utinyint ? 1 : stored == type_usmallint ? 2 : 4;
    const std::uint32_t size = api.enum_dictionary_size(type);
    for (std::uint32_t i = 0; i < size; ++i)
      reading.dictionary.push_back(take_text(api, api.enum_dictionary_value(type, i)));
  }
  if (reading.number == type_list) {
    const Owned<Type> element(api.destroy_logical_type, api.list_type_child_type(type));
    reading.children.push_back(reading_of(api, element.get()));
  }
  if (reading.number == type_struct) {
    const std::uint64_t count = api.struct_type_child_count(type);
    for (std::uint64_t i = 0; i < count; ++i) {
      const Owned<Type> field(api.destroy_logical_type, api.struct_type_child_type(type, i));
      reading.children.push_back(reading_of(api, field.get()));
    }
  }
  return reading;
}

Schema schema_of(const Api& api, Result& result, const std::string& sql, std::vector<Reading>& readings) {
  std::vector<Field> fields;
  const std::uint64_t columns = api.column_count(&result);
  for (std::uint64_t i = 0; i < columns; ++i) {
    const char* name = api.column_name(&result, i);
    const Owned<Type> type(api.destroy_logical_type, api.column_logical_type(&result, i));
    try {
      fields.push_back({name, from_duckdb(api, type.get())});
    } catch (const UnknownType& unknown) {
      throw SqlError(sql, "column \"" + std::string(name) + "\" " + unknown.what());
    }
    readings.push_back(reading_of(api, type.get()));
  }
  try {
    return Schema(std::move(fields));
  } catch (const std::invalid_argument& two_of_one_name) {
    throw SqlError(sql, two_of_one_name.what());
  }
}

std::string_view text_of(const String& text) {
  return {text.length <= 12 ? text.prefix : text.pointer, text.length};
}

template <class Stored>
void widen(const void* data, std::int64_t count, std::vector<Int128>& to) {
  const auto* stored = static_cast<const Stored*>(data);
  to.assign(stored, stored + count);
}

/// What an ENUM's number in a row stands for.
std::size_t number_at(const void* data, int stored_bytes, std::int64_t row) {
  switch (stored_bytes) {
    case 1:
      return static_cast<const std::uint8_t*>(data)[row];
    case 2:
      return static_cast<const std::uint16_t*>(data)[row];
    default:
      return static_cast<const std::uint32_t*>(data)[row];
  }
}

/// What this thread's last result was made in. The partitions of a table have one schema, and memory that has
/// been touched is worth more than fresh one.
thread_local std::optional<RowsBuilder> last_builder;

RowsBuilder builder_of(Schema schema) {
  std::optional<RowsBuilder> last = std::exchange(last_builder, std::nullopt);
  return last && last->schema() == schema ? std::move(*last) : RowsBuilder(std::move(schema));
}

}  // namespace

Fetch::Fetch(const Api& api, Result& result, const std::string& sql)
    : api_(api), builder_(builder_of(schema_of(api, result, sql, readings_))) {}

Rows Fetch::finish() {
  constexpr std::size_t most_kept_bytes = std::size_t{128} << 20;
  Rows rows = builder_.finish();
  if (rows.bytes() <= most_kept_bytes) last_builder = std::move(builder_);
  return rows;
}

void Fetch::append(Chunk chunk) {
  const auto rows = static_cast<std::int64_t>(api_.data_chunk_get_size(chunk));
  for (std::size_t i = 0; i < readings_.size(); ++i)
    append(readings_[i], api_.data_chunk_get_vector(chunk, i), 0, rows, builder_.column(i));
}

void Fetch::append(const Reading& reading, Vector vector, std::int64_t first, std::int64_t count,
                   ColumnBuilder& to) {
  const BitsFrom valid(api_.vector_get_validity(vector), first, count);
  const auto* data = static_cast<const std::byte*>(api_.vector_get_data(vector));
  switch (reading.number) {
    case type_sqlnull:
      return to.append_nulls(count);
    case type_boolean:
      return to.append_booleans(data + first, count, valid.words());
    case type_varchar:
    case type_blob: {
      const auto* texts = reinterpret_cast<const String*>(data) + first;
      return to.append_texts(
          count, [texts](std::int64_t i) { return text_of(texts[i]); }, valid.words());
    }
    case type_enum: {
      const void* from = data + first * reading.stored_bytes;
      const auto text = [&](std::int64_t i) -> std::string_view {
        return reading.dictionary.at(number_at(from, reading.stored_bytes, i));
      };
      return to.append_texts(count, text, valid.words());
    }
    case type_decimal:
      return append_decimals(reading, data + first * reading.stored_bytes, count, valid.words(), to);
    case type_interval:
      return append_intervals(reinterpret_cast<const Span*>(data) + first, count, valid.words(), to);
    case type_list:
      return append_lists(reading, vector, first, count, valid.words(), to);
    case type_struct:
      to.append_structures(count, valid.words());
      for (std::size_t i = 0; i < reading.children.size(); ++i)
        append(reading.children[i], api_.struct_vector_get_child(vector, i), first, count, to.child(i));
      return;
    default: {
      const auto width = static_cast<std::int64_t>(to.type().value_bytes());
      return to.append_values(data + first * width, count, valid.words());
    }
  }
}

void Fetch::append_decimals(const Reading& reading, const void* data, std::int64_t count,
                            const std::uint64_t* validity, ColumnBuilder& to) {
  switch (reading.stored_bytes) {
    case 2:
      widen<std::int16_t>(data, count, decimals_);
      break;
    case 4:
      widen<std::int32_t>(data, count, decimals_);
      break;
    case 8:
      widen<std::int64_t>(data, count, decimals_);
      break;
    default:
      return to.append_values(data, count, validity);
  }
  to.append_values(decimals_.data(), count, validity);
}

void Fetch::append_intervals(const Span* data, std::int64_t count, const std::uint64_t* validity,
                             ColumnBuilder& to) {
  intervals_.assign(static_cast<std::size_t>(count), {});
  for (std::int64_t i = 0; i < count; ++i) {
    if (validity != nullptr && !bit(validity, i)) continue;
    Interval& interval = intervals_[static_cast<std::size_t>(i)];
    interval = {data[i].months, data[i].days, 0};
    if (__builtin_mul_overflow(data[i].microseconds, 1000, &interval.nanoseconds))
      throw EngineError("ramal: an INTERVAL of " + std::to_string(data[i].microseconds) +
                        " microseconds is longer than tables can hold, 292 years: use CAST(… AS VARCHAR)");
  }
  to.append_values(intervals_.data(), count, validity);
}

void Fetch::append_lists(const Reading& reading, Vector vector, std::int64_t first, std::int64_t count,
                         const std::uint64_t* validity, ColumnBuilder& to) {
  const auto* lists = static_cast<const ListEntry*>(api_.vector_get_data(vector)) + first;
  lengths_.assign(static_cast<std::size_t>(count), 0);
  for (std::int64_t i = 0; i < count; ++i)
    if (validity == nullptr || bit(validity, i)) lengths_[static_cast<std::size_t>(i)] = lists[i].length;
  to.append_lists(lengths_.data(), count, validity);
  // Lists that lie one behind the other are taken together.
  const Vector elements = api_.list_vector_get_child(vector);
  std::uint64_t begin = 0, end = 0;
  const auto take = [&] {
    if (end > begin)
      append(reading.children.front(), elements, static_cast<std::int64_t>(begin),
             static_cast<std::int64_t>(end - begin), to.child());
  };
  for (std::int64_t i = 0; i < count; ++i) {
    if ((validity != nullptr && !bit(validity, i)) || lists[i].length == 0) continue;
    if (lists[i].offset != end) {
      take();
      begin = lists[i].offset;
    }
    end = lists[i].offset + lists[i].length;
  }
  take();
}

Rows fetch_all(const Api& api, Query& query, const std::string& sql) {
  Fetch fetch(api, query.result(), sql);
  while (true) {
    const Owned<Chunk> chunk = query.next();
    if (chunk.get() == nullptr) return fetch.finish();
    fetch.append(chunk.get());
  }
}

}  // namespace ramal::detail::duckdb
