// SPDX-License-Identifier: BSD-3-Clause
// The operations that the corpus is made of, by name. An array of any of a few types is a variant; what takes
// two takes the pairs that `pairs_with` lists, so that not everything is compiled with everything.
#pragma once

#include <ramal/array.hpp>
#include <ramal/ramal.hpp>

#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace corpus {

using Complex = std::complex<double>;
using Any = std::variant<ramal::Array<bool>, ramal::Array<std::uint8_t>, ramal::Array<std::int32_t>,
                         ramal::Array<std::int64_t>, ramal::Array<std::uint64_t>, ramal::Array<float>,
                         ramal::Array<double>, ramal::Array<Complex>>;

template <class A, class B>
inline constexpr bool pairs_with = std::same_as<A, B> || std::same_as<B, double>;
template <>
inline constexpr bool pairs_with<bool, std::int32_t> = true;
template <>
inline constexpr bool pairs_with<std::uint8_t, std::int32_t> = true;
template <>
inline constexpr bool pairs_with<std::int32_t, std::uint8_t> = true;
template <>
inline constexpr bool pairs_with<std::int32_t, std::int64_t> = true;
template <>
inline constexpr bool pairs_with<float, std::int32_t> = true;
template <>
inline constexpr bool pairs_with<std::uint8_t, float> = true;

template <class T>
inline constexpr bool is_result_only = std::same_as<T, std::uint64_t>;
template <class T>
concept Real = !ramal::detail::is_complex<T> && !is_result_only<T>;

using Unary = std::function<Any(const Any&)>;
using Binary = std::function<Any(const Any&, const Any&)>;
/// Over these axes; of an array of all axes, `whole` says whether by the form without axes.
struct ReduceCall {
  std::vector<std::int64_t> axes;
  bool whole, keepdims;
};
using Reduce = std::function<Any(const Any&, const ReduceCall&)>;

struct Operations {
  std::map<std::string, Unary> unary;
  std::map<std::string, Binary> binary;
  /// With a value that is 3 or 2.5, as the array's type allows, on the right (a + v) or on the left (v - a).
  std::map<std::string, Unary> with_value;
  std::map<std::string, Reduce> reduce;
};
void add_unary(Operations& operations);
void add_binary(Operations& operations);
void add_reductions(Operations& operations);

template <class T, class Node>
Any named(const ramal::Array<T, Node>& array) {
  return ramal::Array<T>(array.state().leaves.size() == 1 && std::same_as<Node, ramal::detail::Leaf<T>>
                             ? ramal::Array<T>(array.state())
                             : ramal::Array<T>(array.evaluated().state()));
}
/// What a generic function makes of an array of any type that `allows` it.
template <class Allows, class F>
Unary on_each(Allows, F f) {
  return [f](const Any& any) {
    return std::visit(
        [&](const auto& array) -> Any {
          using T = typename std::remove_cvref_t<decltype(array)>::value_type;
          if constexpr (Allows::template of<T>) {
            return named(f(array));
          } else {
            throw std::logic_error("an operation of the corpus is not compiled for this type");
          }
        },
        any);
  };
}

}  // namespace corpus
