// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/array_histogram.hpp>

namespace ramal::detail {

void expect_bins(std::int64_t bins, std::source_location where) {
  if (bins < 1)
    refuse_array("histogram: expected a number of bins of 1 or more, found " + std::to_string(bins), where);
}
void expect_range(double low, double high, std::source_location where) {
  if (!std::isfinite(low) || !std::isfinite(high) || low > high || !std::isfinite(high - low))
    refuse_array("histogram: expected a finite range, found " + preview(low) + " to " + preview(high), where);
}
std::string narrow_range(double low, double high, std::int64_t bins, std::string_view type) {
  return "histogram: expected a range with numbers for " + std::to_string(bins) + " bins, found " +
         preview(low) + " to " + preview(high) + ", between which " + std::string(type) +
         " has too few: some bins would have no width";
}
void expect_edges(const Extents& shape, std::source_location where) {
  if (shape.size() != 1 || shape[0] < 2)
    refuse_array(
        "histogram: expected edges of one axis and two or more elements, found shape " + shape.text(), where);
}

}  // namespace ramal::detail
