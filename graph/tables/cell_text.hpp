// SPDX-License-Identifier: BSD-3-Clause
// A value of a column as text, as DuckDB prints it.
#pragma once

#include <ramal/column.hpp>

namespace ramal::detail {

/// 1.0, 0.1, 1e+16, nan: the shortest form that is read as the same number, and that of a number with a
/// fraction.
std::string number_text(double number);
std::string number_text(float number);
std::string number_text(Int128 number);
/// An integer with a point before its last `scale` digits.
std::string decimal_text(Int128 number, int scale);
/// 2024-02-29; years before the first as 0044-03-15 (BC). Days since 1970-01-01.
std::string date_text(std::int64_t days);
/// 23:59:59.5: since midnight, `units` a second; without the fraction where that is 0.
std::string time_text(std::int64_t time, std::int64_t units);
/// 2024-02-29 23:59:59.5, since 1970-01-01.
std::string timestamp_text(std::int64_t time, std::int64_t units);
/// 1 year 2 months 3 days 04:05:06.
std::string interval_text(const Interval& interval);
/// The value in a row, or NULL. Of text, blobs and lists that are longer than `most_bytes` only about as
/// much.
std::string cell_text(const Column& column, std::int64_t row, std::size_t most_bytes);

}  // namespace ramal::detail
