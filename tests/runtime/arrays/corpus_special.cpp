// SPDX-License-Identifier: BSD-3-Clause
// Functions of elements that the tables of special values use alone, with few types: see corpus_special.py.
#include "corpus.hpp"

namespace corpus {

void add_special(Operations& all) {
  auto& to = all.functions;
#define ADD(function, ...) \
  to[#function] = of_types<__VA_ARGS__>([](const auto& a, const Call&) { return ramal::function(a); })
#define ADD_BOTH(function) ADD(function, float, double, Complex)
  ADD_BOTH(sqrt), ADD_BOTH(exp), ADD_BOTH(log), ADD_BOTH(log10);
  ADD_BOTH(sin), ADD_BOTH(cos), ADD_BOTH(tan), ADD_BOTH(asin), ADD_BOTH(acos), ADD_BOTH(atan);
  ADD_BOTH(sinh), ADD_BOTH(cosh), ADD_BOTH(tanh), ADD_BOTH(asinh), ADD_BOTH(acosh), ADD_BOTH(atanh);
#undef ADD_BOTH
#define ADD_REAL(function) ADD(function, float, double)
  ADD_REAL(cbrt), ADD_REAL(exp2), ADD_REAL(expm1), ADD_REAL(log2), ADD_REAL(log1p);
  ADD_REAL(rint), ADD_REAL(floor), ADD_REAL(ceil), ADD_REAL(trunc);
#undef ADD_REAL
#undef ADD
#define ADD(name, expression)                                                            \
  to[name] = of_types<float, double>([](const auto& a, [[maybe_unused]] const Call& c) { \
    using T = typename std::remove_cvref_t<decltype(a)>::value_type;                     \
    const auto& b = c.array<T>(1);                                                       \
    return expression;                                                                   \
  })
  ADD("atan2", ramal::atan2(a, b));
  ADD("hypot", ramal::hypot(a, b));
  ADD("copysign", ramal::copysign(a, b));
  ADD("fmod", ramal::fmod(a, b));
  ADD("nextafter", ramal::nextafter(a, b));
#undef ADD
#define ADD(name, expression)                                            \
  to[name] = of_types<std::uint8_t, std::int64_t, float, double>(        \
      [](const auto& a, [[maybe_unused]] const Call& c) {                \
        using T = typename std::remove_cvref_t<decltype(a)>::value_type; \
        const auto& b = c.array<T>(1);                                   \
        return expression;                                               \
      })
  ADD("pow", ramal::pow(a, b));
  ADD("fmin", ramal::fmin(a, b));
  ADD("not_equal", a != b);
  ADD("less_equal", a <= b);
  ADD("greater", a > b);
  ADD("logical_and", ramal::logical_and(a, b));
  ADD("logical_xor", ramal::logical_xor(a, b));
  ADD("clip_between", ramal::clip(a, b, c.array<T>(2)));
#undef ADD
  to["bitwise_or"] =
      of_types<bool, std::uint8_t, std::int64_t>([](const auto& a, [[maybe_unused]] const Call& c) {
        return a | c.array<typename std::remove_cvref_t<decltype(a)>::value_type>(1);
      });
#define ADD(name)                                \
  to["reduce_" #name] = of_types<float, double>( \
      [](const auto& a, [[maybe_unused]] const Call& c) { return a.name(ramal::Axes(c.numbers)); })
  ADD(nanprod);
  ADD(nanmin);
  ADD(nanstd);
  ADD(nanargmin);
  ADD(nanargmax);
#undef ADD
}

}  // namespace corpus
