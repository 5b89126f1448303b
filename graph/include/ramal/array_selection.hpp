// SPDX-License-Identifier: BSD-3-Clause
// The greatest and the least elements of arrays, their places, and which values there are.
//
//   const auto best = ramal::topk(scores, 10);                  // the ten greatest, the greatest first
//   const auto where = ramal::argtopk(scores, -3, 0);           // the places of the three least, along axis 0
//   const auto labels = ramal::unique(image);
//   const auto [values, counts] = session.compute(labels.values, labels.counts);
//
// Each block is searched by itself, and what was found is merged pairwise: no rank ever has more than twice
// the result beside its blocks.
#pragma once

#include <ramal/detail/statistics.hpp>

namespace ramal {

namespace detail {

/// An element, and where it is along an axis.
template <class T>
struct Ranked {
  T value;
  std::int64_t at;
};
struct PlaceOfRanked {
  static constexpr std::string_view name = "place";
  template <class T>
  std::int64_t operator()(const Ranked<T>& one) const {
    return one.at;
  }
};
/// The order of results. A NaN is the greatest; of equal ones the first counts.
template <bool least>
struct GoesFirst {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    const bool a_nan = is_nan_value(a), b_nan = is_nan_value(b);
    if (a_nan || b_nan) return least ? !a_nan && b_nan : a_nan && !b_nan;
    return least ? a < b : a > b;
  }
  template <class T>
  bool operator()(const Ranked<T>& a, const Ranked<T>& b) const {
    if ((*this)(a.value, b.value)) return true;
    return !(*this)(b.value, a.value) && a.at < b.at;
  }
};

template <class Entry>
struct EntryMaker {
  static Entry of(const Entry& value, std::uint64_t) { return value; }
};
template <class T>
struct EntryMaker<Ranked<T>> {
  static Ranked<T> of(const T& value, std::uint64_t at) { return {value, static_cast<std::int64_t>(at)}; }
};

/// The first `most` in order, of each of a block's lines along an axis, which lie along it then.
template <class T, class Entry, bool least>
Block<Entry> first_of_block(const Block<T>& block, std::int64_t axis, std::int64_t most) {
  const auto along = static_cast<std::size_t>(axis);
  Extents shape = block.shape(), offset = block.offset();
  const std::uint64_t first = offset[along];
  shape[along] = std::min(shape[along], static_cast<std::uint64_t>(most));
  offset[along] = 0;
  Block<Entry> found(shape, offset);
  const Strip from(block.shape(), axis), to(shape, axis);
  if (found.empty()) return found;
  const std::unique_ptr<Entry[]> line(new Entry[from.length]);  // a vector of bool has no elements
  Entry *const middle = line.get() + to.length, *const end = line.get() + from.length;
  for (std::uint64_t b = 0; b < from.before; ++b) {
    for (std::uint64_t a = 0; a < from.after; ++a) {
      const T* element = block.data() + b * from.length * from.after + a;
      for (std::uint64_t i = 0; i < from.length; ++i)
        line[i] = EntryMaker<Entry>::of(element[i * from.after], first + i);
      if (middle != end) std::nth_element(line.get(), middle - 1, end, GoesFirst<least>());
      std::sort(line.get(), middle, GoesFirst<least>());
      Entry* out = found.data() + b * to.length * to.after + a;
      for (std::uint64_t i = 0; i < to.length; ++i) out[i * to.after] = line[i];
    }
  }
  return found;
}
/// Those of two neighbours along an axis. Parameters: the axis, and how many.
template <class Entry, bool least>
struct MergeFirst {
  static constexpr std::string_view name = "topk";
  static Block<Entry> combine(const Block<Entry>& a, const Block<Entry>& b, Reader parameters) {
    const auto axis = parameters.raw<std::int64_t>();
    const auto most = parameters.raw<std::uint64_t>();
    const Strip x(a.shape(), axis), y(b.shape(), axis);
    Extents shape = a.shape();
    const std::uint64_t length = std::min(x.length + y.length, most);
    shape[static_cast<std::size_t>(axis)] = length;
    Block<Entry> merged(shape, a.offset());
    for (std::uint64_t l = 0; l < x.before; ++l) {
      for (std::uint64_t k = 0; k < x.after; ++k) {
        const Entry* p = a.data() + l * x.length * x.after + k;
        const Entry* q = b.data() + l * y.length * x.after + k;
        Entry* to = merged.data() + l * length * x.after + k;
        std::uint64_t i = 0, j = 0;
        for (; i + j < length; to += x.after) {
          const bool takes_q =
              i == x.length || (j < y.length && GoesFirst<least>()(q[j * x.after], p[i * x.after]));
          *to = takes_q ? q[j++ * x.after] : p[i++ * x.after];
        }
      }
    }
    return merged;
  }
};

template <class Entry, bool least, class T, class Node>
Array<Entry> first_along(const Array<T, Node>& array, std::int64_t most, int along,
                         std::source_location where) {
  std::vector<Axis> axes = array.state().axes;
  const std::int64_t axis = along;
  most = std::min(most, axes[static_cast<std::size_t>(along)].length());
  std::vector<std::byte> parameters;
  append_padded(parameters, &axis, sizeof axis);
  append_padded(parameters, &most, sizeof most);
  const auto found = map<&first_of_block<T, Entry, least>>({array.blocks(where), where}, axis, most);
  FamilyView all =
      combined_along<MergeFirst<Entry, least>, Block<Entry>>(found.view(), along, parameters, where);
  axes[static_cast<std::size_t>(along)] = Axis::whole(most);
  return Array<Entry>(plain_state(std::move(all), std::move(axes), where));
}
template <class Entry, class T, class Node>
Array<Entry> top_entries(const Array<T, Node>& array, std::int64_t k, std::int64_t axis, const char* what,
                         std::source_location where) {
  static_assert(Number<T> && !is_complex<T>, "ramal: topk is for arrays of real numbers");
  const int along = checked_axis(axis, array.dimensions(), what, where);
  if (k == std::numeric_limits<std::int64_t>::min()) ++k;
  return k < 0 ? first_along<Entry, true>(array, -k, along, where)
               : first_along<Entry, false>(array, k, along, where);
}

}  // namespace detail

/// The k greatest elements along an axis, the greatest first; with k below 0 the -k least, the least first.
/// Fewer if the axis is shorter. NaN counts as the greatest. As Dask's. Throws std::invalid_argument for an
/// axis that is not there. O(elements + k log k) for each block and pair of them.
template <class T, class Node>
Array<T> topk(const Array<T, Node>& array, std::int64_t k, std::int64_t axis = -1,
              std::source_location where = std::source_location::current()) {
  return detail::top_entries<T>(array, k, axis, "topk", where);
}
/// The places of these along the axis; of equal elements the first ones.
template <class T, class Node>
Array<std::int64_t> argtopk(const Array<T, Node>& array, std::int64_t k, std::int64_t axis = -1,
                            std::source_location where = std::source_location::current()) {
  return detail::applied<detail::PlaceOfRanked>(
             detail::top_entries<detail::Ranked<T>>(array, k, axis, "argtopk", where))
      .evaluated(where);
}

/// What `unique` gives. How many values there are is known only when they are computed, so that these are
/// handles to blocks, not arrays.
template <class T>
struct Unique {
  Delayed<Block<T>> values;             ///< in rising order, NaN once at the end
  Delayed<Block<std::int64_t>> counts;  ///< how often each stands in the array
};

namespace detail {

template <class T>
struct Tally {
  T value;
  std::int64_t count;
};
/// Puts values in rising order next to each other if they are equal. -0.0 equals 0.0.
template <class T>
Block<Tally<T>> tallied(const std::vector<Tally<T>>& sorted) {
  std::vector<Tally<T>> once;
  for (const Tally<T>& one : sorted) {
    if (!once.empty() && !GoesFirst<true>()(once.back().value, one.value)) {
      once.back().count += one.count;
    } else {
      once.push_back(one);
    }
  }
  Block<Tally<T>> block({once.size()});
  std::copy(once.begin(), once.end(), block.begin());
  return block;
}
template <class T>
Block<Tally<T>> unique_of_block(Block<T> block) {
  std::sort(block.begin(), block.end(), GoesFirst<true>());
  std::vector<Tally<T>> all;
  for (const T& value : block) {
    if (!all.empty() && !GoesFirst<true>()(all.back().value, value)) {
      ++all.back().count;
    } else {
      all.push_back({value, 1});
    }
  }
  return tallied(all);
}
template <class T>
Block<Tally<T>> merge_unique(Block<Tally<T>> a, const Block<Tally<T>>& b) {
  std::vector<Tally<T>> all(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), all.begin(),
             [](const Tally<T>& x, const Tally<T>& y) { return GoesFirst<true>()(x.value, y.value); });
  return tallied(all);
}
template <class T>
Block<T> tally_values(const Block<Tally<T>>& all) {
  Block<T> values({all.size()});
  std::transform(all.begin(), all.end(), values.begin(), [](const Tally<T>& one) { return one.value; });
  return values;
}
template <class T>
Block<std::int64_t> tally_counts(const Block<Tally<T>>& all) {
  Block<std::int64_t> counts({all.size()});
  std::transform(all.begin(), all.end(), counts.begin(), [](const Tally<T>& one) { return one.count; });
  return counts;
}

}  // namespace detail

/// The values that stand in an array, and how often, by sorting each block. What comes out must fit into a
/// rank's memory: of an array whose elements all differ it is as large as that. O(n log b) for n elements in
/// blocks of b, and log(blocks) rounds of merging.
template <class T, class Node>
Unique<T> unique(const Array<T, Node>& array, std::source_location where = std::source_location::current()) {
  static_assert(detail::Number<T> && !detail::is_complex<T>, "ramal: unique is for arrays of real numbers");
  using All = Block<detail::Tally<T>>;
  const auto parts = map<&detail::unique_of_block<T>>({array.blocks(where), where});
  const detail::FamilyView view = detail::combined_all<&detail::merge_unique<T>, All>(parts.view(), where);
  Index first;
  first.dims = view.shape.dims;
  const Delayed<All> all = Family<All>(view)[first];
  return {delayed<&detail::tally_values<T>>(all, where), delayed<&detail::tally_counts<T>>(all, where)};
}

}  // namespace ramal
