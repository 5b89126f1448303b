// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/rows_builder.hpp>

namespace ramal::detail {

template <ColumnValue T>
Column column_of_values(const ColumnType& type, std::span<const T> values, std::string_view name) {
  ColumnBuilder builder(type, std::string(name));
  if (plain_type_of(type.id()) != plain_type<T>) refuse_view(type, plain_type<T>, name);
  const auto count = static_cast<std::int64_t>(values.size());
  if constexpr (std::same_as<T, std::string_view>) {
    builder.append_texts(count, [&](std::int64_t i) { return values[static_cast<std::size_t>(i)]; });
  } else if constexpr (std::same_as<T, bool>) {
    builder.append_booleans(values.data(), count);
  } else {
    builder.append_values(values.data(), count);
  }
  return builder.finish();
}

template <ColumnValue T>
Column column_of_optionals(const ColumnType& type, std::span<const std::optional<T>> values,
                           std::string_view name) {
  ColumnBuilder builder(type, std::string(name));
  if (plain_type_of(type.id()) != plain_type<T>) refuse_view(type, plain_type<T>, name);
  for (const std::optional<T>& value : values) builder.append(value);
  return builder.finish();
}

#define RAMAL_VALUES(T)                                                                         \
  template Column column_of_values<T>(const ColumnType&, std::span<const T>, std::string_view); \
  template Column column_of_optionals<T>(const ColumnType&, std::span<const std::optional<T>>,  \
                                         std::string_view);
RAMAL_VALUES(bool)
RAMAL_VALUES(std::int8_t)
RAMAL_VALUES(std::int16_t)
RAMAL_VALUES(std::int32_t)
RAMAL_VALUES(std::int64_t)
RAMAL_VALUES(std::uint8_t)
RAMAL_VALUES(std::uint16_t)
RAMAL_VALUES(std::uint32_t)
RAMAL_VALUES(std::uint64_t)
RAMAL_VALUES(Int128)
RAMAL_VALUES(float)
RAMAL_VALUES(double)
RAMAL_VALUES(Interval)
RAMAL_VALUES(std::string_view)
#undef RAMAL_VALUES

}  // namespace ramal::detail
