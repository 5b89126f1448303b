// SPDX-License-Identifier: BSD-3-Clause
// The order of values in columns, as results are sorted by it.
#pragma once

#include <ramal/column.hpp>

#include <cmath>
#include <compare>
#include <stdexcept>

namespace ramal::detail {

/// Calls `use.template operator()<T>()` with what a type's values are in memory. Throws std::invalid_argument
/// for null, list and structure, which have none.
template <class Use>
decltype(auto) with_value_type(const ColumnType& type, const Use& use) {
  switch (plain_type_of(type.id())) {
    case TypeId::boolean:
      return use.template operator()<bool>();
    case TypeId::int8:
      return use.template operator()<std::int8_t>();
    case TypeId::int16:
      return use.template operator()<std::int16_t>();
    case TypeId::int32:
      return use.template operator()<std::int32_t>();
    case TypeId::int64:
      return use.template operator()<std::int64_t>();
    case TypeId::uint8:
      return use.template operator()<std::uint8_t>();
    case TypeId::uint16:
      return use.template operator()<std::uint16_t>();
    case TypeId::uint32:
      return use.template operator()<std::uint32_t>();
    case TypeId::uint64:
      return use.template operator()<std::uint64_t>();
    case TypeId::int128:
      return use.template operator()<Int128>();
    case TypeId::float32:
      return use.template operator()<float>();
    case TypeId::float64:
      return use.template operator()<double>();
    case TypeId::interval:
      return use.template operator()<Interval>();
    case TypeId::text:
      return use.template operator()<std::string_view>();
    default:
      throw std::invalid_argument("a column of type " + type.text() + " has no order");
  }
}

/// In nanoseconds, with months of 30 days.
inline Int128 interval_length(const Interval& x) {
  constexpr std::int64_t day_ns = 86'400'000'000'000;
  return (Int128{x.months} * 30 + x.days) * day_ns + x.nanoseconds;
}

/// Below 0, 0 or above 0. NaN is above all numbers and equal to itself, -0.0 equal to 0.0; text goes by
/// bytes; of intervals a month has 30 days.
template <class T>
int compare_values(const T& a, const T& b) {
  if constexpr (std::floating_point<T>) {
    if (std::isnan(a) || std::isnan(b))
      return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  }
  if constexpr (std::same_as<T, Interval>) {
    return compare_values(interval_length(a), interval_length(b));
  } else {
    return static_cast<int>(a > b) - static_cast<int>(a < b);
  }
}

/// Compares rows of two columns of one type: nulls after everything else, and equal to each other.
class RowOrder {
 public:
  RowOrder(Column left, Column right) : left_(std::move(left)), right_(std::move(right)) {
    if (left_.type().id() == TypeId::null) return;
    compare_ = with_value_type(left_.type(), []<class T>() { return &compare_rows<T>; });
  }
  int operator()(std::int64_t left, std::int64_t right) const {
    const bool left_null = left_.is_null(left), right_null = right_.is_null(right);
    if (left_null || right_null) return static_cast<int>(left_null) - static_cast<int>(right_null);
    return compare_(left_, left, right_, right);
  }

 private:
  using Compare = int (*)(const Column&, std::int64_t, const Column&, std::int64_t);
  template <class T>
  static int compare_rows(const Column& left, std::int64_t i, const Column& right, std::int64_t j) {
    return compare_values<T>(value_at<T>(left, i), value_at<T>(right, j));
  }
  template <class T>
  static T value_at(const Column& column, std::int64_t row) {
    if constexpr (std::same_as<T, bool>) {
      return bit(column.values().as<std::uint64_t>().data(), row);
    } else if constexpr (std::same_as<T, std::string_view>) {
      const auto offsets = column.offsets();
      return {reinterpret_cast<const char*>(column.values().data()) + offsets[row],
              static_cast<std::size_t>(offsets[row + 1] - offsets[row])};
    } else {
      return column.values().as<T>()[row];
    }
  }

  Column left_, right_;
  Compare compare_ = nullptr;
};

}  // namespace ramal::detail
