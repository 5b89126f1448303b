// SPDX-License-Identifier: BSD-3-Clause
#include "corpus.hpp"

#include <ramal/array_statistics.hpp>

namespace corpus {

namespace {

/// Along an axis if there is a number behind the first `count` ones, else of all.
std::optional<std::int64_t> axis_of(const Call& c, std::size_t count) {
  return c.numbers.size() > count ? std::optional(c.number(count)) : std::nullopt;
}
template <class Some, class One>
Any of_all_or_along(const Call& c, std::size_t count, Some along, One of_all) {
  const auto axis = axis_of(c, count);
  return axis ? named(along(*axis)) : named(of_all());
}
ramal::ArrayReduceOptions keeping(const Call& c) { return {.keepdims = c.number(0) != 0}; }

}  // namespace

void add_statistics(Operations& all) {
  auto& to = all.functions;
#define ADD(name, expression)                                                                          \
  to[name] = of_types<std::int64_t, float, double>([](const auto& a, [[maybe_unused]] const Call& c) { \
    [[maybe_unused]] const auto method =                                                               \
        static_cast<ramal::QuantileMethod>(c.numbers.empty() ? 0 : c.number(0));                       \
    return expression;                                                                                 \
  })
#define ADD_QUANTILES(name, function, q)                                                      \
  ADD(name, of_all_or_along(                                                                  \
                c, 1, [&](std::int64_t axis) { return ramal::function(a, q, axis, method); }, \
                [&] { return ramal::function(a, q, method); }))
  ADD_QUANTILES("quantile", quantile, c.fractions);
  ADD_QUANTILES("nanquantile", nanquantile, c.fractions);
  ADD_QUANTILES("nanquantile_of_one", nanquantile, c.fractions.at(0));
#undef ADD_QUANTILES
#define ADD_MEDIAN(function)                                                            \
  ADD(#function, of_all_or_along(                                                       \
                     c, 0, [&](std::int64_t axis) { return ramal::function(a, axis); }, \
                     [&] { return ramal::function(a); }))
  ADD_MEDIAN(median);
  ADD_MEDIAN(nanmedian);
#undef ADD_MEDIAN
  ADD("histogram", ramal::histogram(a, c.number(0), {c.fractions.at(0), c.fractions.at(1)}).counts);
  ADD("histogram_edges", ramal::histogram(a, c.number(0), {c.fractions.at(0), c.fractions.at(1)}).edges);
  ADD("histogram_auto", ramal::histogram(a, c.number(0)).counts);
  ADD("histogram_auto_edges", ramal::histogram(a, c.number(0)).edges);
#undef ADD
#define ADD(name, expression)                \
  to[name] = of_types<std::int64_t, double>( \
      [](const auto& a, [[maybe_unused]] const Call& c) { return expression; })
  ADD("histogram_between", ramal::histogram(a, c.fractions).counts);
  ADD("histogram_fused", ramal::histogram(a + a, c.fractions).counts);
  ADD("histogram_weighted", ramal::histogram(a, c.fractions, c.array<std::int64_t>(1)).counts);
  ADD("histogram_density", ramal::histogram(a, c.fractions).density());
  ADD("ptp", c.numbers.size() > 1 ? named(ramal::ptp(a, ramal::Axes(c.numbers_from(1)), keeping(c)))
                                  : named(ramal::ptp(a)));
  ADD("count_nonzero", c.numbers.size() > 1
                           ? named(ramal::count_nonzero(a, ramal::Axes(c.numbers_from(1)), keeping(c)))
                           : named(ramal::count_nonzero(a)));
  ADD("average", of_all_or_along(
                     c, 0, [&](std::int64_t axis) { return ramal::average(a, c.array<double>(1), axis); },
                     [&] { return ramal::average(a, c.array<double>(1)); }));
  ADD("isclose",
      ramal::isclose(a, c.array<double>(1), {c.fractions.at(0), c.fractions.at(1), c.number(0) != 0}));
  ADD("allclose",
      ramal::allclose(a, c.array<double>(1), {c.fractions.at(0), c.fractions.at(1), c.number(0) != 0}));
  ADD("array_equal", ramal::array_equal(a, c.array<double>(1), c.number(0) != 0));
#undef ADD
  to["bincount"] = of_types<std::int64_t>([](const auto& a, [[maybe_unused]] const Call& c) {
    return ramal::bincount(a % c.number(0), c.number(1));
  });
  to["bincount_weighted"] = of_types<std::int64_t>([](const auto& a, [[maybe_unused]] const Call& c) {
    return ramal::bincount(a % c.number(0), c.number(1), c.array<double>(1));
  });
}

}  // namespace corpus
