// SPDX-License-Identifier: BSD-3-Clause
// From a column to plain numbers side by side, as arrays have them.
#pragma once

#include <ramal/column.hpp>

namespace ramal {

/// What a column can be copied as.
template <class T>
concept ColumnNumber = ColumnValue<T> && std::is_arithmetic_v<T>;

/// The type of numbers that holds the values of all these columns unchanged, in the order bool < integers <
/// floating-point numbers: of integers the smallest that holds all; float if there is float32 and no integer
/// of more than 16 bits, else double. Throws std::invalid_argument, naming the columns, where there is none
/// or it has to be stated: for integers of 64 bits beside floating-point numbers, for uint64 beside signed
/// integers, for int128, decimals, dates and times, for what is no number, and for no columns. O(columns).
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
