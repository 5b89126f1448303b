// SPDX-License-Identifier: BSD-3-Clause
#include "corpus.hpp"

#include <ramal/linalg.hpp>

namespace corpus {

void add_linalg(Operations& all) {
  auto& to = all.functions;
#define ADD(name, expression)                                                                   \
  to[name] = of_types<std::int64_t, double>([](const auto& a, [[maybe_unused]] const Call& c) { \
    using T = typename std::remove_cvref_t<decltype(a)>::value_type;                            \
    [[maybe_unused]] const auto b = [&c] { return c.array<T>(1); };                             \
    return expression;                                                                          \
  })
  ADD("matmul", ramal::matmul(a, b()));
  ADD("matmul_fused", ramal::matmul(a + a, b()));
  ADD("dot", ramal::dot(a, b()));
  ADD("vdot", ramal::vdot(a, b()));
  ADD("outer", ramal::outer(a, b()));
  ADD("tensordot", ramal::tensordot(a, b(), c.number(0)));
  ADD("tensordot_axes", ramal::tensordot(a, b(), c.numbers_from(c.numbers.size() / 2),
                                         std::vector<std::int64_t>(
                                             c.numbers.begin(), c.numbers.begin() + c.numbers.size() / 2)));
  ADD("einsum", ramal::einsum(c.text, a));
  ADD("einsum2", ramal::einsum(c.text, a, b()));
  ADD("trace", ramal::trace(a, c.number(0)));
  ADD("diagonal", ramal::diagonal(a, c.number(0), c.number(1), c.number(2)));
  ADD("norm", c.numbers.empty() ? named(ramal::norm(a)) : named(ramal::norm(a, ramal::Axes(c.numbers))));
#undef ADD
}

}  // namespace corpus
