// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/ranges.hpp"

#include "io/tables/order.hpp"
#include "io/tables/shuffle.hpp"

#include <algorithm>
#include <numeric>

namespace ramal::detail {

namespace {

using Numbers = std::vector<std::int64_t>;

const Column& last_column(const Rows& rows) { return rows.columns().back(); }

/// Rows are cut into as many layers as there are samples, and one of each is taken at random. So that equal
/// distances between samples, which periodic data could follow, do not matter.
Rows sample_keys(const Index& place, const Rows& keyed, std::int64_t most) {
  const std::int64_t count = std::min(keyed.size(), most);
  Numbers rows, widths;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t begin = keyed.size() * i / count, width = keyed.size() * (i + 1) / count - begin;
    KeyHasher random;
    random.add(static_cast<std::uint64_t>(place[0]));
    random.add(static_cast<std::uint64_t>(i));
    rows.push_back(begin + static_cast<std::int64_t>(random.hash() % static_cast<std::uint64_t>(width)));
    widths.push_back(width);
  }
  const Column& keys = last_column(keyed);
  return Rows(Schema{{"key", keys.type()}}, {keys})
      .take(rows)
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

Rows place_rows(const Index& place, const Rows& keyed, const Rows& cuts) {
  const Column& keys = last_column(keyed);
  const Numbers ranges = keys.type().id() == TypeId::int64
                             ? ranges_of<std::int64_t>(place[0], keys, cuts)
                             : ranges_of<std::string_view>(place[0], keys, cuts);
  return keyed.with({keyed.schema().fields().back().name, ranges});
}

}  // namespace

Schema cuts_schema(const ColumnType& key) {
  return {{"key", key}, {"partition", TypeId::int64}, {"row", TypeId::int64}};
}

std::string sort_key_call(const std::vector<SqlOrder>& keys) {
  std::string list;
  for (const SqlOrder& key : keys)
    list += (list.empty() ? "" : ", ") + key.expression + "\n, '" + (key.is_descending ? "DESC" : "ASC") +
            (key.nulls_first ? " NULLS FIRST'" : " NULLS LAST'");
  return "create_sort_key(" + list + ")";
}

Table with_sort_key(const Table& table, const std::vector<SqlOrder>& keys, const char* call,
                    std::source_location where) {
  UserQuery query{"SELECT *, " + sort_key_call(keys) + " AS " + sql_name(free_name(table.schema(), "key"))};
  return queried(table, call, query.add_part(), true, where).evaluated(where);
}

Delayed<Rows> chosen_cuts(const Table& keyed, std::int64_t partitions, std::source_location where) {
  constexpr std::int64_t all_samples = 1 << 18, least = 64, most = 1024;
  const std::int64_t parts = keyed.partitions();
  const std::int64_t of_each =
      std::clamp(all_samples / parts, least, most) * ((partitions + parts - 1) / parts);
  Schema schema = cuts_schema(keyed.schema().fields().back().type);
  TableState samples{.schema = std::move(schema), .partitions = parts, .name = "samples", .where = where};
  samples.parts = map<sample_keys>({keyed.parts(where), where}, of_each);
  const Table together = made_table(std::move(samples)).gather(where);
  return map<choose_cuts>({together.parts(where), where}, partitions)[0];
}

Table cut_into_ranges(const Table& keyed, const Delayed<Rows>& cuts, std::int64_t partitions,
                      std::source_location where) {
  const auto fields = keyed.schema().fields();
  const TableSplitter splitter{Schema(std::vector<Field>(fields.begin(), fields.end() - 1)), {}};
  const auto placed = map<place_rows>({keyed.parts(where), where}, cuts);
  return shuffled_parts(placed, partitions, splitter, where);
}

}  // namespace ramal::detail
