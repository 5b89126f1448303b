// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/array_quantile.hpp>

#include <algorithm>

namespace ramal::detail {

namespace {

/// Where a quantile lies among the numbers 0 to n - 1, by the formula of Hyndman and Fan.
double virtual_place(double q, double n, double alpha, double beta) {
  return n * q + (alpha + q * (1 - alpha - beta)) - 1;
}
double virtual_place(double q, double n, QuantileMethod method) {
  switch (method) {
    case QuantileMethod::averaged_inverted_cdf:
      return n * q - 1;
    case QuantileMethod::interpolated_inverted_cdf:
      return virtual_place(q, n, 0, 1);
    case QuantileMethod::hazen:
      return virtual_place(q, n, 0.5, 0.5);
    case QuantileMethod::weibull:
      return virtual_place(q, n, 0, 0);
    case QuantileMethod::median_unbiased:
      return virtual_place(q, n, 1 / 3.0, 1 / 3.0);
    case QuantileMethod::normal_unbiased:
      return virtual_place(q, n, 3 / 8.0, 3 / 8.0);
    default:
      return (n - 1) * q;
  }
}
/// For a method that takes one element: which.
std::optional<double> element_place(double q, double n, QuantileMethod method) {
  const double place = (n - 1) * q;
  switch (method) {
    case QuantileMethod::lower:
      return std::floor(place);
    case QuantileMethod::higher:
      return std::ceil(place);
    case QuantileMethod::nearest:
      return std::nearbyint(place);  // halves to even
    case QuantileMethod::inverted_cdf: {
      const double at = n * q - 1, below = std::floor(at);
      return at == below ? below : below + 1;
    }
    case QuantileMethod::closest_observation: {
      const double at = n * q - 1 - 0.5, below = std::floor(at);
      // The nearest even one of Hyndman and Fan, who count from 1.
      return at == below && std::fmod(below, 2) != 0 ? below : below + 1;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

QuantilePlace quantile_place(double q, std::int64_t n, QuantileMethod method) {
  const auto last = static_cast<double>(n - 1);
  if (method == mean_of_middle) return {(n - 1) / 2, n / 2, n % 2 == 0 ? 0.5 : 0};
  const auto bounded = [&](double at) { return static_cast<std::int64_t>(std::clamp(at, 0.0, last)); };
  if (const auto place = element_place(q, static_cast<double>(n), method))
    return {bounded(*place), bounded(*place), 0};
  const double at = virtual_place(q, static_cast<double>(n), method), below = std::floor(at);
  double share = at - below;
  if (at >= last || at < 0) return {bounded(at), bounded(at), 0};
  if (method == QuantileMethod::averaged_inverted_cdf) share = share == 0 ? 0.5 : 1;
  if (method == QuantileMethod::midpoint) share = share == 0 ? 0 : 0.5;
  return {bounded(below), bounded(below + 1), share};
}

Block<DigitCount> DigitCounter::counts(std::int64_t nans) {
  std::vector<DigitCount> found;
  for (std::uint64_t cell = 0; cell < cells_.size(); ++cell)
    if (cells_[cell] > 0) found.push_back({cell, cells_[cell]});
  std::ranges::sort(seen_);
  for (const std::uint64_t digit : seen_) {
    if (found.empty() || found.back().digit != digit) found.push_back({digit, 0});
    ++found.back().count;
  }
  if (nans > 0) found.push_back({nan_digit, nans});
  Block<DigitCount> block({found.size()});
  std::ranges::copy(found, block.begin());
  return block;
}

Block<DigitCount> merge_digits(Block<DigitCount> a, const Block<DigitCount>& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  std::vector<DigitCount> merged;
  merged.reserve(a.size() + b.size());
  const DigitCount *x = a.begin(), *y = b.begin();
  while (x != a.end() || y != b.end()) {
    const bool takes_x = y == b.end() || (x != a.end() && x->digit <= y->digit);
    const DigitCount& next = takes_x ? *x++ : *y++;
    if (!merged.empty() && merged.back().digit == next.digit) {
      merged.back().count += next.count;
    } else {
      merged.push_back(next);
    }
  }
  Block<DigitCount> block({merged.size()});
  std::ranges::copy(merged, block.begin());
  return block;
}

namespace {

/// What to look for, now that it is known how many elements there are.
void choose_targets(const Block<DigitCount>& counts, DigitSelection& selection) {
  std::int64_t numbers = 0, nans = 0;
  for (const DigitCount& one : counts) (one.digit == nan_digit ? nans : numbers) += one.count;
  selection.is_nan = numbers == 0 || (nans > 0 && !selection.skips_nan);
  if (selection.is_nan) return;
  for (const double q : selection.quantiles) {
    const QuantilePlace place = quantile_place(q, numbers, selection.method);
    selection.targets.push_back({0, place.low});
    selection.targets.push_back({0, place.high});
    selection.shares.push_back(place.share);
  }
}

}  // namespace

DigitSelection with_next_digit(const Block<DigitCount>& counts, DigitSelection selection, int bits) {
  if (selection.passes++ == 0) choose_targets(counts, selection);
  std::vector<std::uint64_t> prefixes;
  for (DigitSelection::Target& target : selection.targets) {
    const auto number = static_cast<std::uint64_t>(
        std::ranges::lower_bound(selection.prefixes, target.prefix) - selection.prefixes.begin());
    const DigitCount* at =
        std::ranges::lower_bound(counts.begin(), counts.end(), number << bits, {}, &DigitCount::digit);
    for (; at != counts.end() && target.at >= at->count; ++at) target.at -= at->count;
    if (at == counts.end() || at->digit >> bits != number)
      throw std::runtime_error("ramal: quantile: the elements were other ones when they were read again");
    target.prefix = target.prefix << bits | (at->digit & ((std::uint64_t{1} << bits) - 1));
    prefixes.push_back(target.prefix);
  }
  std::ranges::sort(prefixes);
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  selection.prefixes = std::move(prefixes);
  return selection;
}

void expect_quantiles(const std::vector<double>& quantiles, const char* what, std::source_location where) {
  for (const double q : quantiles)
    if (!(q >= 0 && q <= 1))
      refuse_array(std::string(what) + ": expected quantiles from 0 to 1, found " + std::to_string(q), where);
}
void expect_compression(double compression, std::source_location where) {
  if (!(compression >= 20 && compression <= 1e6))
    refuse_array(
        "quantile_sketch: expected a compression from 20 to 1000000, found " + std::to_string(compression),
        where);
}

}  // namespace ramal::detail
