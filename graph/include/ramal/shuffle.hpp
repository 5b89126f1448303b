// SPDX-License-Identifier: BSD-3-Clause
// Shuffles: rows that have the same key come together, whichever part they were in.
//
//   std::vector<Flight> read_flights(long part);
//   std::string carrier_of(const Flight& flight);
//
//   const auto flights = ramal::family<read_flights>(1000);                 // Family<std::vector<Flight>>
//   const auto by_carrier = ramal::shuffle_by<carrier_of>(flights, 64);     // 64 parts; a carrier is in one
//
//   std::vector<std::pair<std::string, long>> words_of(const std::string& text);
//   long add(long a, long b);
//   const auto counts = ramal::map_shuffle_reduce<words_of, add>(texts, 16);   // {{"and", 3}, {"the", 7}, …}
//
//   call                                       result k of n
//   shuffle_by<key>(parts, n)                  all rows whose keys fall to k
//   map_shuffle_reduce<map, reduce>(in, n)     each key that falls to k, with what its values are reduced to
//   shuffle_parts(parts, n, splitter)          what your own splitter joins: for parts of any type
//
// Which result a key falls to is told by key_hash (<ramal/key.hpp>) and n alone. Rows of a result stand in
// the order of parts, and of rows in them. So all bits are the same on any number of ranks.
//
// What a rank's parts have for another rank leaves in at most 128 messages, whatever n is; rows of plain
// types as they lie in memory. Nothing is sent twice, and no table of size parts x n exists anywhere. No
// result can be made before all parts are split, so the ranks together must hold all rows that travel. A rank
// beyond its bound on memory puts off loading parts, and making results, as it does all that states its bytes
// (annotate the parts with .result_bytes), and goes beyond the bound where it would have to wait for ever.
// Nothing is spilled to disk yet. Results are made group by group, a quarter of a rank's at a time, and the
// rows they are made of freed with each.
//
// All calls cost rank 0 the same whatever the number of parts. They throw std::invalid_argument, naming the
// line, for a family of other than one dimension and a number of results below 0 or above 2^32. With 0 there
// are as many results as parts. What key, map or reduce throw is a TaskError that names the function, and
// the row and its part, the input, or the result. Within `iterate` a shuffle is made in 64 groups at most.
#pragma once

#include <ramal/detail/shuffle_rows.hpp>
#include <ramal/map.hpp>

namespace ramal {

/// `key(row)` of each row says where it goes: member k of the result has all rows whose keys fall to k of
/// `results`, in the order of parts and of rows in them. A key is what <ramal/key.hpp> lists: numbers, texts,
/// pairs, tuples, classes of yours. If one key has `heavy.rows` rows or more, and far more than its share, a
/// warning names it, or its result fails. key is called once for each row, and twice more for those of a
/// result that may have such a key. O(rows + results) for a group of parts, O(rows) for each result. It
/// throws std::length_error, inside the task, for 2^32 rows in a group of parts.
///
///   ramal::shuffle_by<carrier_of>(flights, 64, {.rows = 10'000'000, .refuse = true});
template <auto key, class Part>
Family<Part> shuffle_by(const Family<Part>& parts, std::int64_t results = 0, HeavyKeys heavy = {},
                        std::source_location where = std::source_location::current()) {
  static_assert(
      detail::is_row_vector<Part>,
      "ramal: shuffle_by takes a family of std::vector of rows, not of bool; for parts of another type "
      "give shuffle_parts a splitter");
  static_assert(std::invocable<decltype(key), const typename Part::value_type&>,
                "ramal: the key of shuffle_by is a function of one row, as `std::string key(const Row&)`");
  const std::int64_t made = detail::shuffle_closure(parts.extent(), results, where).results.count;
  return detail::make_shuffle(parts.view(), results, detail::RowsByKey<key, Part>{{heavy, made}}, where);
}

namespace detail {

template <auto reduce, class Part>
auto shuffle_reduce(const Family<Part>& pairs, std::int64_t results, HeavyKeys heavy,
                    std::source_location where) {
  constexpr bool has_pairs = requires { typename PairsOf<Part>::K; };
  static_assert(
      has_pairs,
      "ramal: the map of map_shuffle_reduce returns a vector of pairs of a key and a value, or a map");
  if constexpr (has_pairs) {
    using K = typename PairsOf<Part>::K;
    using V = typename PairsOf<Part>::V;
    using Form = ReduceForm<SignatureOf<decltype(reduce)>, K, V>;
    constexpr bool is_known = requires { requires Form::folds || Form::groups; };
    static_assert(
        is_known,
        "ramal: the reduce of map_shuffle_reduce takes two values and returns one, V(V, V), or it takes "
        "a key and all its values, R(const K&, std::vector<V>)");
    if constexpr (!is_known) {
      return pairs;
    } else if constexpr (Form::folds) {
      const auto folded = ramal::map<&fold_part<reduce, Part>>({pairs, where})
                              .annotate({.name = std::string(function_name<reduce>)}, where);
      return make_shuffle(folded.view(), results, PairsFolded<reduce, K, V>{}, where);
    } else {
      using R = Stored<typename Form::result>;
      const std::int64_t made = shuffle_closure(pairs.extent(), results, where).results.count;
      return make_shuffle(pairs.view(), results, PairsGrouped<reduce, Part, R>{{heavy, made}}, where);
    }
  }
}

}  // namespace detail

/// `map(input)` makes pairs of a key and a value, as a std::vector<std::pair<K, V>>, a std::map<K, V> or the
/// like; `reduce` makes one of all values of a key. Member k of the result is a std::vector<std::pair<K, R>>
/// with the keys that fall to k of `results`, sorted if they have an order, else in that in which they come
/// first.
///
///   V reduce(V, V)                     combines two values, from left to right in the order of inputs: within
///                                      each input before anything travels, so that a frequent key costs no
///                                      more than a rare one. It must be associative.
///   R reduce(const K&, std::vector<V>) is given all values of a key, in the order of inputs. A key with very
///                                      many is told of as by shuffle_by.
///
/// Each input is a task of its own, and so is each result. O(pairs) for each input, O(keys * log(keys)) or
/// O(pairs) for each result.
template <auto map, auto reduce, class In>
auto map_shuffle_reduce(const Family<In>& inputs, std::int64_t results = 0, HeavyKeys heavy = {},
                        std::source_location where = std::source_location::current()) {
  return detail::shuffle_reduce<reduce>(ramal::map<map>({inputs, where}), results, heavy, where);
}
/// The same for a range of values or of handles, such as names of files. O(inputs) on rank 0.
///
///   std::vector<std::string> files = …;
///   auto counts = ramal::map_shuffle_reduce<words_of_file, add>(files, 16);
template <auto map, auto reduce, std::ranges::range Range>
auto map_shuffle_reduce(const Range& inputs, std::int64_t results = 0, HeavyKeys heavy = {},
                        std::source_location where = std::source_location::current()) {
  return detail::shuffle_reduce<reduce>(as_family(ramal::map<map>({inputs, where}), where), results, heavy,
                                        where);
}

/// What shuffle_parts takes: how parts of a type of yours are split and joined. It is encoded into each task,
/// so it should be small, and all its functions are called on any rank, several at once.
///
///   struct BySign {                                         // of numbers: the negative ones, and the others
///     using part = Numbers;                                 // a member of the family that is given
///     using parcel = NumberParcel;                          // what travels; encodable, and best contiguous
///     static constexpr std::string_view split_name = "split_by_sign", join_name = "join_by_sign";
///
///     // Of parts that lie side by side, counted from `first` on: a parcel for each group of results, which
///     // may be empty. A parcel has `pieces()`, one for each result that it has rows for, and `result(i)`,
///     // which result the i-th is for, rising.
///     std::vector<NumberParcel> split(ramal::Inputs<Numbers> parts, std::int64_t first,
///                                     const ramal::ShuffleGroups& cut) const;
///     // One result of its pieces, in the order of parts: the type is what the family's members give.
///     Numbers join(std::int64_t result, std::span<const ramal::ShufflePiece<NumberParcel>> pieces) const;
///   };
///
/// A piece names its parcel and which of that parcel's pieces it is. What a parcel's Codec tells of its
/// memory counts while it waits. Results must not depend on which parts are split together, nor on how
/// results are cut into groups: both are others for each number of ranks.
template <class S>
concept Splitter = Encodable<S> &&
    requires(const S& splitter, Inputs<typename S::part> parts, const typename S::parcel& parcel,
             const ShuffleGroups& cut, std::span<const ShufflePiece<typename S::parcel>> pieces) {
  requires Encodable<typename S::parcel>;
  { splitter.split(parts, std::int64_t{}, cut) } -> std::same_as<std::vector<typename S::parcel>>;
  { parcel.pieces() } -> std::convertible_to<std::size_t>;
  { parcel.result(std::size_t{}) } -> std::convertible_to<std::int64_t>;
  splitter.join(std::int64_t{}, pieces);
  { S::split_name } -> std::convertible_to<std::string_view>;
  { S::join_name } -> std::convertible_to<std::string_view>;
};

/// Parts of any type, by a splitter: what shuffle_by is made of.
template <class Part, Splitter S>
  requires std::same_as<Part, typename S::part>
auto shuffle_parts(const Family<Part>& parts, std::int64_t results, const S& splitter,
                   std::source_location where = std::source_location::current()) {
  return detail::make_shuffle(parts.view(), results, splitter, where);
}

}  // namespace ramal
