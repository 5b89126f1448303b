// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/duckdb_types.hpp"

#include <vector>

namespace ramal::detail::duckdb {

namespace {

/// Types that need no more than their number.
constexpr std::pair<TypeId, int> simple_types[] = {
    {TypeId::null, type_sqlnull},
    {TypeId::boolean, type_boolean},
    {TypeId::int8, type_tinyint},
    {TypeId::int16, type_smallint},
    {TypeId::int32, type_integer},
    {TypeId::int64, type_bigint},
    {TypeId::uint8, type_utinyint},
    {TypeId::uint16, type_usmallint},
    {TypeId::uint32, type_uinteger},
    {TypeId::uint64, type_ubigint},
    {TypeId::int128, type_hugeint},
    {TypeId::float32, type_float},
    {TypeId::float64, type_double},
    {TypeId::text, type_varchar},
    {TypeId::blob, type_blob},
    {TypeId::date, type_date},
    {TypeId::time, type_time},
    {TypeId::timestamp_s, type_timestamp_s},
    {TypeId::timestamp_ms, type_timestamp_ms},
    {TypeId::timestamp_us, type_timestamp},
    {TypeId::timestamp_ns, type_timestamp_ns},
    {TypeId::timestamp_tz, type_timestamp_tz},
    {TypeId::interval, type_interval},
};

[[noreturn]] void refuse_type(int number) {
  std::string name = "of a type with the number " + std::to_string(number), instead = "CAST(… AS VARCHAR)";
  switch (number) {
    case type_map:
      name = "a MAP", instead = "map_entries(…)";
      break;
    case type_uuid:
      name = "a UUID";
      break;
    case type_union:
      name = "a UNION";
      break;
    case type_bit:
      name = "a BIT";
      break;
    case type_time_tz:
      name = "a TIME WITH TIME ZONE";
      break;
    case type_uhugeint:
      name = "a UHUGEINT", instead = "CAST(… AS HUGEINT) or CAST(… AS DOUBLE)";
      break;
    case type_array:
      name = "an array of fixed length", instead = "CAST(… AS T[]), with the type T of its elements";
      break;
    case type_bignum:
      name = "a BIGNUM";
      break;
    default:
      break;
  }
  throw UnknownType("is " + name + ", which tables do not have: use " + instead);
}

ColumnType structure_from(const Api& api, Type type) {
  std::vector<Field> fields;
  const std::uint64_t count = api.struct_type_child_count(type);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Owned<Type> field(api.destroy_logical_type, api.struct_type_child_type(type, i));
    fields.push_back({take_text(api, api.struct_type_child_name(type, i)), from_duckdb(api, field.get())});
  }
  return ColumnType::structure(std::move(fields));
}

Owned<Type> structure_to(const Api& api, const ColumnType& type) {
  std::vector<Owned<Type>> owned;
  std::vector<Type> types;
  std::vector<const char*> names;
  for (const Field& field : type.fields()) {
    owned.push_back(to_duckdb(api, field.type));
    types.push_back(owned.back().get());
    names.push_back(field.name.c_str());
  }
  return Owned<Type>(api.destroy_logical_type,
                     api.create_struct_type(types.data(), names.data(), types.size()));
}

}  // namespace

Owned<Type> to_duckdb(const Api& api, const ColumnType& type) {
  Owned<Type> made(api.destroy_logical_type);
  for (const auto& [id, number] : simple_types)
    if (id == type.id()) *made.out() = api.create_logical_type(number);
  if (type.id() == TypeId::decimal)
    *made.out() = api.create_decimal_type(static_cast<std::uint8_t>(type.width()),
                                          static_cast<std::uint8_t>(type.scale()));
  if (type.id() == TypeId::list) {
    const Owned<Type> element = to_duckdb(api, type.element());
    *made.out() = api.create_list_type(element.get());
  }
  if (type.id() == TypeId::structure) made = structure_to(api, type);
  return made;
}

ColumnType from_duckdb(const Api& api, Type type) {
  const int number = api.get_type_id(type);
  for (const auto& [id, its_number] : simple_types)
    if (its_number == number) return id;
  switch (number) {
    case type_enum:
      return TypeId::text;
    case type_decimal:
      return ColumnType::decimal(api.decimal_width(type), api.decimal_scale(type));
    case type_struct:
      return structure_from(api, type);
    case type_list: {
      const Owned<Type> element(api.destroy_logical_type, api.list_type_child_type(type));
      return ColumnType::list(from_duckdb(api, element.get()));
    }
    default:
      refuse_type(number);
  }
}

int decimal_bytes(int width) { return width <= 4 ? 2 : width <= 9 ? 4 : width <= 18 ? 8 : 16; }

}  // namespace ramal::detail::duckdb
