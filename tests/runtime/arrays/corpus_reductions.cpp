// SPDX-License-Identifier: BSD-3-Clause
#include "corpus.hpp"

namespace corpus {

namespace {

struct Any_ {
  template <class T>
  static constexpr bool of = !is_result_only<T>;
};
struct Ordered {
  template <class T>
  static constexpr bool of = Real<T>;
};
struct Floating {
  template <class T>
  static constexpr bool of = std::floating_point<T>;
};

template <class Allows, class Whole, class Along>
Reduce on_each(Allows, Whole whole, Along along) {
  return [=](const Any& any, const ReduceCall& call) {
    return std::visit(
        [&](const auto& array) -> Any {
          using T = typename std::remove_cvref_t<decltype(array)>::value_type;
          if constexpr (Allows::template of<T>) {
            if (call.whole) return named(whole(array));
            ramal::Axes axes(call.axes);
            return named(
                along(array, axes, ramal::ArrayReduceOptions{.keepdims = call.keepdims, .arity = 3}));
          } else {
            throw std::logic_error("a reduction of the corpus is not compiled for this type");
          }
        },
        any);
  };
}

}  // namespace

void add_reductions(Operations& all) {
  auto& to = all.reduce;
#define ADD(name, allows, method)                                                     \
  to[name] = on_each(                                                                 \
      allows{}, [](const auto& a) { return a.method(); },                             \
      [](const auto& a, const ramal::Axes& axes, ramal::ArrayReduceOptions options) { \
        return a.method(axes, options);                                               \
      })
  ADD("sum", Any_, sum);
  ADD("prod", Any_, prod);
  ADD("min", Any_, min);
  ADD("max", Any_, max);
  ADD("any", Any_, any);
  ADD("all", Any_, every);
  ADD("mean", Any_, mean);
  ADD("argmin", Ordered, argmin);
  ADD("argmax", Ordered, argmax);
  ADD("nansum", Floating, nansum);
  ADD("nanmax", Floating, nanmax);
  ADD("nanmean", Floating, nanmean);
#undef ADD
#define ADD(name, allows, method, degrees)                                                              \
  to[name] = on_each(                                                                                   \
      allows{}, [](const auto& a) { return a.method(double{degrees}); },                                \
      [](const auto& a, const ramal::Axes& axes, ramal::ArrayReduceOptions options) {                   \
        return a.method(axes, {.ddof = degrees, .keepdims = options.keepdims, .arity = options.arity}); \
      })
  ADD("var", Any_, var, 0);
  ADD("std", Any_, std, 1);
  ADD("nanvar", Floating, nanvar, 0);
#undef ADD
}

}  // namespace corpus
