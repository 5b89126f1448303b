// SPDX-License-Identifier: BSD-3-Clause
// Quantiles of columns of numbers, exact, without moving or sorting them.
#pragma once

#include <ramal/detail/selection.hpp>
#include <ramal/rows.hpp>

namespace ramal::detail {

/// For each column of these parts, all of type DOUBLE, which order statistics its quantiles are made of, by
/// linear interpolation; see <ramal/detail/selection.hpp>: four passes over all parts. A NaN is above all
/// numbers; nulls do not count.
Delayed<std::vector<DigitSelection>> selected_quantiles(const Family<Rows>& parts, std::size_t columns,
                                                        const std::vector<double>& quantiles,
                                                        std::source_location where);
/// One of them; nothing, if there were no values.
std::optional<double> quantile_of(const DigitSelection& selection, std::size_t quantile);

}  // namespace ramal::detail
