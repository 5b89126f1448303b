// SPDX-License-Identifier: BSD-3-Clause
// The splitters behind <ramal/shuffle.hpp>: rows by a key, and pairs of keys and values that are combined.
#pragma once

#include <ramal/detail/key_table.hpp>
#include <ramal/detail/row_parcel.hpp>

namespace ramal {

/// When a key has so many rows that it is worth a word: one result cannot be shared out.
struct HeavyKeys {
  /// From so many rows on, if these are also more than half of all, or 8 times what a result has in the mean.
  std::int64_t rows = std::int64_t{1} << 20;
  /// Then the result fails. Else a warning names the key, unless RAMAL_WARNINGS=off.
  bool refuse = false;
};

namespace detail {

/// What a result is to know of all of them to tell whether one key is heavy.
struct HeavyCheck {
  HeavyKeys keys;
  std::int64_t results = 1;

  bool is_heavy(std::uint64_t rows, std::uint64_t of_all) const;
  /// Says so, or throws std::runtime_error.
  void tell(std::string_view function, const std::string& key, std::uint64_t rows, std::uint64_t of_all,
            std::int64_t result) const;
};

template <class A>
inline constexpr bool is_row_vector = false;
template <class T, class A>
inline constexpr bool is_row_vector<std::vector<T, A>> = !std::same_as<T, bool>;

/// shuffle_by<key>.
template <auto key, class Part>
struct RowsByKey {
  using part = Part;
  using parcel = RowParcel;
  using T = typename Part::value_type;
  static constexpr std::string_view split_name = function_name<key>;
  static constexpr std::string_view join_name = "join_rows";
  HeavyCheck heavy;

  static std::uint64_t hash_of(const T& row) { return key_hash(std::invoke(key, row)); }
  std::vector<RowParcel> split(Inputs<Part> parts, std::int64_t first, const ShuffleGroups& cut) const {
    return split_rows<T>(parts, first, cut, [](const T& row) { return hash_of(row); });
  }
  Part join(std::int64_t result, RowPieces pieces) const {
    Part rows = join_rows<T>(pieces);
    const std::uint64_t of_all = rows_of_parts(pieces);
    if (heavy.is_heavy(rows.size(), of_all)) find_heavy_key(rows, of_all, result);
    return rows;
  }

 private:
  /// Boyer and Moore's vote finds the one key that may have more than half of the rows.
  void find_heavy_key(const Part& rows, std::uint64_t of_all, std::int64_t result) const {
    const T* chosen = nullptr;
    std::uint64_t chosen_hash = 0, votes = 0, count = 0;
    for (const T& row : rows) {
      const std::uint64_t hash = hash_of(row);
      if (votes == 0) chosen = &row, chosen_hash = hash;
      votes += hash == chosen_hash ? 1 : -std::uint64_t{1};
    }
    for (const T& row : rows) count += hash_of(row) == chosen_hash ? 1 : 0;
    if (heavy.is_heavy(count, of_all))
      heavy.tell(split_name, preview(std::invoke(key, *chosen)), count, of_all, result);
  }
};

/// What a range of pairs has: std::vector<std::pair<K, V>>, std::map<K, V> and the like.
template <class P>
struct PairsOf {};
template <class P>
  requires requires {
    typename P::value_type::first_type;
    typename P::value_type::second_type;
  }
struct PairsOf<P> {
  using K = std::remove_const_t<typename P::value_type::first_type>;
  using V = typename P::value_type::second_type;
};

template <class K, class R>
void sort_by_key(std::vector<std::pair<K, R>>& pairs) {
  if constexpr (OrderedKey<K>)
    std::sort(pairs.begin(), pairs.end(),
              [](const auto& a, const auto& b) { return compare_keys(a.first, b.first) < 0; });
}

/// Keys in the order in which they were first seen, and their values, combined from left to right.
template <auto reduce, class K, class V>
struct Folding {
  KeyTable table;
  std::vector<std::pair<K, V>> pairs;

  template <class Key, class Given>
  void add(Key&& key, Given&& value) {
    const std::size_t i = table.number_of(
        key_hash<K>(key), [&](std::size_t number) { return same_key<K>(pairs[number].first, key); });
    if (i == pairs.size()) {
      pairs.emplace_back(std::forward<Key>(key), std::forward<Given>(value));
    } else {
      V& so_far = pairs[i].second;
      so_far = std::invoke(reduce, std::move(so_far), std::forward<Given>(value));
    }
  }
};
/// One pair for each key of one input.
template <auto reduce, class Part>
auto fold_part(const Part& pairs) {
  Folding<reduce, typename PairsOf<Part>::K, typename PairsOf<Part>::V> folding;
  for (const auto& [key, value] : pairs) folding.add(key, value);
  return std::move(folding.pairs);
}
template <class K, class V, class Part>
std::vector<RowParcel> split_pairs(Inputs<Part> parts, std::int64_t first, const ShuffleGroups& cut) {
  return split_rows<std::pair<K, V>>(parts, first, cut,
                                     [](const auto& pair) { return key_hash<K>(pair.first); });
}

/// map_shuffle_reduce with V(V, V), of parts in which the values of a key are combined already.
template <auto reduce, class K, class V>
struct PairsFolded {
  using part = std::vector<std::pair<K, V>>;
  using parcel = RowParcel;
  static constexpr std::string_view split_name = "split_pairs";
  static constexpr std::string_view join_name = function_name<reduce>;
  std::uint8_t no_state = 0;

  std::vector<RowParcel> split(Inputs<part> parts, std::int64_t first, const ShuffleGroups& cut) const {
    return split_pairs<K, V>(parts, first, cut);
  }
  part join(std::int64_t, RowPieces pieces) const {
    Folding<reduce, K, V> folding;
    for_each_row<std::pair<K, V>>(pieces, [&folding](std::pair<K, V>&& pair) {
      folding.add(std::move(pair.first), std::move(pair.second));
    });
    sort_by_key(folding.pairs);
    return std::move(folding.pairs);
  }
};

/// map_shuffle_reduce with R(const K&, std::vector<V>): all values of a key at once.
template <auto reduce, class Part, class R>
struct PairsGrouped {
  using part = Part;
  using parcel = RowParcel;
  using K = typename PairsOf<Part>::K;
  using V = typename PairsOf<Part>::V;
  static constexpr std::string_view split_name = "split_pairs";
  static constexpr std::string_view join_name = function_name<reduce>;
  HeavyCheck heavy;

  std::vector<RowParcel> split(Inputs<Part> parts, std::int64_t first, const ShuffleGroups& cut) const {
    return split_pairs<K, V>(parts, first, cut);
  }
  std::vector<std::pair<K, R>> join(std::int64_t result, RowPieces pieces) const {
    KeyTable table;
    std::vector<std::pair<K, std::vector<V>>> groups;
    for_each_row<std::pair<K, V>>(pieces, [&](std::pair<K, V>&& pair) {
      const std::size_t i = table.number_of(key_hash<K>(pair.first), [&](std::size_t number) {
        return same_key<K>(groups[number].first, pair.first);
      });
      if (i == groups.size()) groups.emplace_back(std::move(pair.first), std::vector<V>());
      groups[i].second.push_back(std::move(pair.second));
    });
    sort_by_key(groups);
    const std::uint64_t of_all = rows_of_parts(pieces);
    std::vector<std::pair<K, R>> reduced;
    reduced.reserve(groups.size());
    for (auto& [key, values] : groups) {
      if (heavy.is_heavy(values.size(), of_all))
        heavy.tell(join_name, preview(key), values.size(), of_all, result);
      R made = std::invoke(reduce, std::as_const(key), std::move(values));
      reduced.emplace_back(std::move(key), std::move(made));
    }
    return reduced;
  }
};

/// Whether reduce takes two values, or a key and all its values.
template <class S, class K, class V>
struct ReduceForm {};
template <class R, class A, class B, class K, class V>
struct ReduceForm<Signature<R, A, B>, K, V> {
  using result = R;
  static constexpr bool folds = std::same_as<std::remove_cvref_t<A>, V> &&
                                std::same_as<std::remove_cvref_t<B>, V> && std::convertible_to<R, V>;
  static constexpr bool groups =
      std::same_as<std::remove_cvref_t<A>, K> && std::same_as<std::remove_cvref_t<B>, std::vector<V>>;
};

}  // namespace detail
}  // namespace ramal
