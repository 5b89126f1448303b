// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/quantiles.hpp"

#include <ramal/map.hpp>

#include <algorithm>

namespace ramal::detail {

namespace {

using DigitCounts = std::vector<Block<DigitCount>>;  // a block for each column
using Selections = std::vector<DigitSelection>;
constexpr int column_digit_bits = digit_bits<double>;

Block<DigitCount> digits_of_column(const ColumnView<double>& values, const DigitSelection& selection) {
  const std::vector<std::uint64_t>& prefixes = selection.prefixes;
  const int shift = OrderKey<double>::bits - column_digit_bits * (static_cast<int>(selection.passes) + 1);
  DigitCounter counter(prefixes.size() << column_digit_bits, prefixes.empty() ? 0 : values.size());
  for (std::int64_t row = 0; row < values.size(); ++row) {
    if (values.is_null(row)) continue;
    const double value = values[row];
    const std::uint64_t key =
        OrderKey<double>::of(std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value) >> shift;
    const std::uint64_t prefix = key >> column_digit_bits;
    const auto found = std::ranges::lower_bound(prefixes, prefix);
    if (found == prefixes.end() || *found != prefix) continue;
    const auto number = static_cast<std::uint64_t>(found - prefixes.begin());
    counter.add(number << column_digit_bits | (key & ((std::uint64_t{1} << column_digit_bits) - 1)));
  }
  return counter.counts(0);
}

DigitCounts count_column_digits(const Rows& numbers, const Selections& selections) {
  DigitCounts counts;
  for (std::size_t k = 0; k < selections.size(); ++k)
    counts.push_back(digits_of_column(ColumnView<double>(numbers.column(k)), selections[k]));
  return counts;
}
DigitCounts merge_column_digits(DigitCounts a, const DigitCounts& b) {
  for (std::size_t k = 0; k < a.size(); ++k) a[k] = merge_digits(std::move(a[k]), b[k]);
  return a;
}
Selections find_column_digits(const DigitCounts& counts, Selections selections) {
  for (std::size_t k = 0; k < counts.size(); ++k)
    selections[k] = with_next_digit(counts[k], std::move(selections[k]), column_digit_bits);
  return selections;
}

}  // namespace

Delayed<Selections> selected_quantiles(const Family<Rows>& parts, std::size_t columns,
                                       const std::vector<double>& quantiles, std::source_location where) {
  Delayed<Selections> known = value(Selections(columns, DigitSelection{.quantiles = quantiles}), where);
  for (int pass = 0; pass < digits_of<double>; ++pass) {
    const auto counts = map<count_column_digits>({parts, where}, known);
    known = delayed<find_column_digits>(reduce<merge_column_digits>(counts, {}, where), known);
  }
  return known;
}

std::optional<double> quantile_of(const DigitSelection& selection, std::size_t quantile) {
  if (selection.is_nan) return std::nullopt;
  const auto at = [&](std::size_t target) {
    return OrderKey<double>::element(selection.targets[target].prefix);
  };
  return between(at(2 * quantile), at(2 * quantile + 1), selection.shares[quantile], selection.method);
}

}  // namespace ramal::detail
