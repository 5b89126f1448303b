// SPDX-License-Identifier: BSD-3-Clause
// From a column to plain numbers side by side, as arrays have them.
#pragma once

#include <ramal/column.hpp>

namespace ramal {

/// What a column can be copied as.
template <class T>
concept ColumnNumber = ColumnValue<T> && std::is_arithmetic_v<T>;

/// The type of numbers that holds the values of all these columns unchanged: the largest of bool < integers <
/// double among them, and of integers the smallest that holds all. Throws std::invalid_argument, naming the
/// columns, where there is none: for int64, uint64 or int128 beside floating-point numbers, for uint64 beside
/// signed integers, for decimals and dates (which need a stated type), for text, and for what is no number.
/// O(columns).
TypeId common_number(const Schema& schema);

/// Copies all values of a column to `out`, which has room for column.size().
///
///   from                     to
///   boolean                  any T: 0 or 1
///   integers, int128         any T but bool; an integer that T does not hold is an error; to float and double
///                            they are rounded to the nearest
///   float32, float64         float, double: rounded to the nearest
///   decimal                  float, double: rounded to the nearest
///   date                     std::int32_t, std::int64_t: days
///   time, all timestamps     std::int64_t: in the type's own unit
///   null                     any T, all by `for_null`
///
/// Nulls become `for_null`, such as NaN; if there is none, a null is an error. Throws std::invalid_argument:
/// for another type, naming the column (`name`), its type and T; for a value, naming column, row and value.
/// `out` has then been written to in part. O(rows).
template <ColumnNumber T>
void copy_as(const Column& column, T* out, std::optional<T> for_null = std::nullopt,
             std::string_view name = {});

}  // namespace ramal
