// SPDX-License-Identifier: BSD-3-Clause
#include "corpus.hpp"

#include <ramal/array_index.hpp>

namespace corpus {

void add_selections(Operations& all) {
  auto& to = all.functions;
#define ADD(name, expression)                      \
  to[name] = of_types<bool, std::int64_t, double>( \
      [](const auto& a, [[maybe_unused]] const Call& c) { return ramal::resolve(c.session, expression); })
  ADD("select", ramal::select(a, c.array<bool>(1)));
  ADD("select_fused", ramal::select(ramal::where(a == a, a, a), a != 0));
  ADD("compress", ramal::compress(c.array<bool>(1), a));
  ADD("flatnonzero", ramal::flatnonzero(a));
  ADD("nonzero", ramal::nonzero(a).at(static_cast<std::size_t>(c.number(0))));
  ADD("argwhere", ramal::argwhere(a));
#undef ADD
#define ADD(name, expression)                                                                   \
  to[name] = of_types<std::int64_t, double>([](const auto& a, [[maybe_unused]] const Call& c) { \
    const auto selected = ramal::select(a, c.array<bool>(1));                                   \
    return expression;                                                                          \
  })
  ADD("selected_count", selected.count());
  ADD("selected_sum", selected.sum());
  ADD("selected_prod", selected.prod());
  ADD("selected_min", selected.min());
  ADD("selected_max", selected.max());
  ADD("selected_any", selected.any());
  ADD("selected_every", selected.every());
  ADD("selected_mean", selected.mean());
  ADD("selected_var", selected.var());
  ADD("selected_std", selected.std(1));
#undef ADD
}

}  // namespace corpus
