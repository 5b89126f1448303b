// SPDX-License-Identifier: BSD-3-Clause
#include "corpus.hpp"

#include <ramal/array_along.hpp>
#include <ramal/array_search.hpp>
#include <ramal/array_selection.hpp>

namespace corpus {

namespace {

ramal::SearchSide side_of(std::int64_t right) {
  return right != 0 ? ramal::SearchSide::right : ramal::SearchSide::left;
}
/// A block that is computed, as an array again, of chunks of a width.
template <class T>
ramal::Array<T> computed(const ramal::Delayed<ramal::Block<T>>& block, const Call& c) {
  return ramal::from_block(c.session.compute(block), {c.number(0)});
}

}  // namespace

void add_orders(Operations& all) {
  auto& to = all.functions;
#define ADD(name, expression, ...) \
  to[name] = of_types<__VA_ARGS__>([](const auto& a, const Call& c) { return expression; })
  ADD("sort", ramal::sort(a, c.number(0)), std::int64_t, float, double);
  ADD("argsort", ramal::argsort(a, c.number(0)), std::int64_t, float, double);
  ADD("sort_complex", ramal::sort(a, c.number(0)), Complex);
  ADD("argsort_complex", ramal::argsort(a, c.number(0)), Complex);
  ADD("cumsum", ramal::cumsum(a, c.number(0)), bool, std::int64_t, float, double);
  ADD("cumprod", ramal::cumprod(a, c.number(0)), std::int64_t, double);
  ADD("sort_fused", ramal::sort(-a, c.number(0)), double);
  ADD("cumsum_fused", ramal::cumsum(a * a, c.number(0)), std::int64_t);
  ADD("diff", ramal::diff(a, c.number(0)), std::int64_t, double);
  ADD("topk", ramal::topk(a, c.number(0), c.number(1)), std::int64_t, double);
  ADD("argtopk", ramal::argtopk(a, c.number(0), c.number(1)), std::int64_t, double);
  ADD("unique_values", computed(ramal::unique(a).values, c), std::int64_t, double);
  ADD("unique_counts", computed(ramal::unique(a).counts, c), std::int64_t, double);
  ADD("searchsorted_double", ramal::searchsorted(c.array<double>(1), a, side_of(c.number(0))), std::int64_t,
      double);
  ADD("searchsorted_integers", ramal::searchsorted(c.array<std::int64_t>(1), a, side_of(c.number(0))),
      std::int64_t);
  ADD("digitize", ramal::digitize(a, c.array<double>(1), c.number(0) != 0), std::int64_t, double);
#undef ADD
}

}  // namespace corpus
