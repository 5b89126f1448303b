// SPDX-License-Identifier: BSD-3-Clause
// The operations that the corpus is made of, by name. An array of any of a few types is a variant; what takes
// two takes the pairs that `pairs_with` lists, so that not everything is compiled with everything. What is
// not element by element is a `Function`, for still fewer types: corpus_calls.py knows which.
#pragma once

#include <ramal/array.hpp>
#include <ramal/ramal.hpp>

#include <functional>
#include <map>
#include <optional>
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
/// What a function is called with: arrays, and numbers in the order in which corpus_calls.py writes them.
struct Call {
  ramal::Session& session;
  std::vector<const Any*> arrays;
  std::vector<std::int64_t> numbers;
  std::vector<double> fractions;
  std::vector<ramal::detail::IndexPart> parts;
  std::string text;

  template <class T>
  const ramal::Array<T>& array(std::size_t k) const {
    return std::get<ramal::Array<T>>(*arrays.at(k));
  }
  std::int64_t number(std::size_t k) const { return numbers.at(k); }
  std::vector<std::int64_t> numbers_from(std::size_t k) const { return {numbers.begin() + k, numbers.end()}; }
};
using Function = std::function<Any(const Call&)>;

struct Operations {
  std::map<std::string, Unary> unary;
  std::map<std::string, Binary> binary;
  /// With a value that is 3 or 2.5, as the array's type allows, on the right (a + v) or on the left (v - a).
  std::map<std::string, Unary> with_value;
  std::map<std::string, Reduce> reduce;
  std::map<std::string, Function> functions;
};
void add_unary(Operations& operations);
void add_binary(Operations& operations);
void add_reductions(Operations& operations);
/// What only the tables of special values use, for floating point alone: see corpus_special.py.
void add_special(Operations& operations);
/// Elements at other places, and some of them.
void add_moves(Operations& operations);
void add_selections(Operations& operations);
/// Sorting, scans, statistics.
void add_orders(Operations& operations);
void add_statistics(Operations& operations);
/// Functions of blocks and their surroundings.
void add_blocks(Operations& operations);
#ifdef CORPUS_LINALG
void add_linalg(Operations& operations);
#endif
#ifdef CORPUS_FFT
void add_fft(Operations& operations);
#endif

template <class T, class Node>
Any named(const ramal::Array<T, Node>& array) {
  return ramal::Array<T>(array.state().leaves.size() == 1 && std::same_as<Node, ramal::detail::Leaf<T>>
                             ? ramal::Array<T>(array.state())
                             : ramal::Array<T>(array.evaluated().state()));
}
inline Any named(const Any& any) { return any; }
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

/// A function of a first array that is of one of these types, and of what else it is called with.
template <class... T, class F>
Function of_types(F f) {
  return [f](const Call& call) {
    std::optional<Any> made;
    const auto try_type = [&]<class U>(std::type_identity<U>) {
      if (const auto* array = std::get_if<ramal::Array<U>>(call.arrays.at(0))) made = named(f(*array, call));
    };
    (try_type(std::type_identity<T>()), ...);
    if (!made) throw std::logic_error("a function of the corpus is not compiled for this type");
    return *made;
  };
}

}  // namespace corpus
