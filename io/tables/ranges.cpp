// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/ranges.hpp"

#include "io/tables/order.hpp"
#include "io/tables/shuffle.hpp"

#include <algorithm>
#include <numeric>

namespace ramal::detail {

namespace {

using Numbers = std::vector<std::int64_t>;

/// Rows are cut into as many layers as there are samples, and one of each is taken at random. So that equal
/// distances between samples, which periodic data could follow, do not matter.
Rows sample_keys(const Index& place, const Rows& keys, std::int64_t most) {
  const std::int64_t count = std::min(keys.size(), most);
  Numbers rows, widths;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t begin = keys.size() * i / count, width = keys.size() * (i + 1) / count - begin;
    KeyHasher random;
    random.add(static_cast<std::uint64_t>(place[0]));
    random.add(static_cast<std::uint64_t>(i));
    rows.push_back(begin + static_cast<std::int64_t>(random.hash() % static_cast<std::uint64_t>(width)));
    widths.push_back(width);
  }
  return keys.take(rows)
      .with({"partition", Numbers(rows.size(), place[0])})
      .with({"row", rows})
      .with({"stands for", widths});
}

/// The first sample of each range but the first. Samples come in the order of partitions and of rows.
Rows choose_cuts(const Rows& samples, std::int64_t partitions) {
  Numbers order(static_cast<std::size_t>(samples.size()));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const RowOrder by_key(samples.column(0), samples.column(0));
  std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) { return by_key(a, b) < 0; });
  const auto widths = samples.column<std::int64_t>("stands for");
  const std::int64_t all = std::accumulate(widths.values().begin(), widths.values().end(), std::int64_t{0});
  Numbers cuts;
  std::int64_t before = 0, next = 1;
  for (const std::int64_t sample : order) {
    for (; next < partitions && Int128{all} * next <= Int128{before} * partitions; ++next)
      cuts.push_back(sample);
    before += widths[sample];
  }
  return samples.select({"key", "partition", "row"}).take(cuts);
}

/// The range of each row: how many cuts do not come after it.
template <class Key>
Numbers ranges_of(std::int64_t partition, const Column& of, const Rows& cuts) {
  const ColumnView<Key> keys(of), cut_keys(cuts.column(0));
  const ColumnView<std::int64_t> cut_partitions(cuts.column(1)), cut_rows(cuts.column(2));
  Numbers ranges;
  ranges.reserve(static_cast<std::size_t>(keys.size()));
  for (std::int64_t row = 0; row < keys.size(); ++row) {
    const Key key = keys[row];
    std::int64_t low = 0, high = cuts.size();
    while (low < high) {
      const std::int64_t middle = (low + high) / 2;
      auto order = cut_keys[middle] <=> key;
      if (order == 0) order = cut_partitions[middle] <=> partition;
      if (order == 0) order = cut_rows[middle] <=> row;
      (order > 0 ? high : low) = order > 0 ? middle : middle + 1;
    }
    ranges.push_back(low);
  }
  return ranges;
}

Rows place_rows(const Index& place, const Rows& part, const Rows& keys, const Rows& cuts) {
  const Column& key = keys.column(0);
  const Numbers ranges = key.type().id() == TypeId::int64 ? ranges_of<std::int64_t>(place[0], key, cuts)
                                                          : ranges_of<std::string_view>(place[0], key, cuts);
  return part.with({free_name(part.schema(), "range"), ranges});
}

}  // namespace

std::string sort_key_call(const std::vector<SqlOrder>& keys) {
  std::string list;
  for (const SqlOrder& key : keys)
    list += (list.empty() ? "" : ", ") + key.expression + "\n, '" + (key.is_descending ? "DESC" : "ASC") +
            (key.nulls_first ? " NULLS FIRST'" : " NULLS LAST'");
  return "create_sort_key(" + list + ")";
}

KeyedTable with_sort_keys(const Table& table, const std::vector<SqlOrder>& keys, const char* call,
                          std::source_location where) {
  const Table made = table.evaluated(where);
  UserQuery query{"SELECT " + sort_key_call(keys) + " AS key"};
  const Table beside = queried(made, call, query.add_part(), true, where);
  return {made, beside.parts(where)};
}

Delayed<Rows> chosen_cuts(const KeyedTable& keyed, std::int64_t partitions, std::source_location where) {
  constexpr std::int64_t all_samples = 1 << 18, least = 64, most = 1024;
  const std::int64_t parts = keyed.keys.size();
  const std::int64_t of_each =
      std::clamp(all_samples / parts, least, most) * ((partitions + parts - 1) / parts);
  const auto samples = map<sample_keys>({keyed.keys, where}, of_each);
  const auto together = coarsen<all_rows>(samples, parts, where);
  return map<choose_cuts>({together, where}, partitions)[0];
}

Table cut_into_ranges(const KeyedTable& keyed, const Delayed<Rows>& cuts, std::int64_t partitions,
                      std::source_location where) {
  const auto placed = map<place_rows>({keyed.table.parts(where), where}, keyed.keys, cuts);
  return shuffled_parts(placed, partitions, {keyed.table.schema(), {}}, where);
}

}  // namespace ramal::detail
