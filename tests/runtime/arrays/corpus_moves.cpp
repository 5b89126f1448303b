// SPDX-License-Identifier: BSD-3-Clause
#include "corpus.hpp"

#include <ramal/array_index.hpp>
#include <ramal/array_shapes.hpp>

namespace corpus {

namespace {

/// Elements of 1, 8 and 16 bytes.
template <class F>
Function moving(F f) {
  return of_types<bool, std::int64_t, double, Complex>(f);
}
std::pair<std::int64_t, std::int64_t> two_of(const Call& c, std::size_t k) {
  return {c.number(k), c.number(k + 1)};
}
template <class T>
ramal::Array<T> meshed(const ramal::Array<T>& a, const ramal::Array<T>& b, bool is_ij, bool is_second) {
  const auto both = is_ij ? ramal::meshgrid<ramal::Indexing::ij>(a, b) : ramal::meshgrid(a, b);
  return is_second ? std::get<1>(both) : std::get<0>(both);
}

}  // namespace

void add_moves(Operations& all) {
  auto& to = all.functions;
#define ADD(name, expression)                                                            \
  to[name] = moving([]([[maybe_unused]] const auto& a, [[maybe_unused]] const Call& c) { \
    using T [[maybe_unused]] = typename std::remove_cvref_t<decltype(a)>::value_type;    \
    return expression;                                                                   \
  })
  ADD("reshape", ramal::reshape(a, c.numbers));
  ADD("reshape_as", ramal::reshape(a, c.array<T>(1).shape()));
  ADD("ravel", ramal::ravel(a));
  ADD("ravel_fused", ramal::ravel(ramal::where(a == a, a, a)));
  ADD("take_list", ramal::take(a, c.numbers_from(1), c.number(0)));
  ADD("take", ramal::take(a, c.array<std::int64_t>(1), c.number(0)));
  ADD("take_along_axis", ramal::take_along_axis(a, c.array<std::int64_t>(1), c.number(0)));
  ADD("assign", ramal::assign(a, c.parts, c.array<T>(1)));
  ADD("tril", ramal::tril(a, c.number(0)));
  ADD("triu", ramal::triu(a, c.number(0)));
  ADD("repeat", ramal::repeat(a, c.number(0), c.number(1)));
  ADD("split", ramal::split(a, c.number(0), c.number(1)).at(c.number(2)));
  ADD("array_split", ramal::array_split(a, c.number(0), c.number(1)).at(c.number(2)));
  ADD("split_at", ramal::split_at(a, c.numbers_from(2), c.number(0)).at(c.number(1)));
  ADD("swapaxes", ramal::swapaxes(a, c.number(0), c.number(1)));
  ADD("moveaxis", a.moveaxis(c.number(0), c.number(1)));
  ADD("rot90", ramal::rot90(a, c.number(0), two_of(c, 1)));
  ADD("flip", a.flip(ramal::Axes(c.numbers)));
  ADD("squeeze", c.numbers.empty() ? a.squeeze() : a.squeeze(ramal::Axes(c.numbers)));
  ADD("broadcast_to", a.broadcast_to(c.array<T>(1).shape()));
  ADD("roll", ramal::roll(a, c.number(0), c.number(1)));
  ADD("tile", ramal::tile(a, c.number(0), c.number(1)));
  ADD("pad", ramal::pad(a, c.number(0), c.number(1), c.number(2), T(c.number(3))));
  ADD("stack", ramal::stack<T>({a, c.array<T>(1)}, c.number(0)));
  ADD("concatenate3", ramal::concatenate<T>({a, c.array<T>(1), a}, c.number(0)));
  ADD("meshgrid", meshed(a, c.array<T>(1), c.number(0) != 0, c.number(1) != 0));
#undef ADD
  to["assign_value"] = of_types<std::int64_t, double>(
      [](const auto& a, const Call& c) { return ramal::assign(a, c.parts, c.number(0)); });
  to["assign_integers"] = of_types<double>(
      [](const auto& a, const Call& c) { return ramal::assign(a, c.parts, c.array<std::int64_t>(1)); });
}

}  // namespace corpus
