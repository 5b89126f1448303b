// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/shuffle.hpp"

#include "io/tables/hash.hpp"

#include <ramal/rows_builder.hpp>

namespace ramal::detail {

namespace {

/// The result that each row falls to.
std::vector<std::int64_t> results_of(const Rows& rows, const std::vector<std::size_t>& keys,
                                     const ShuffleGroups& cut) {
  if (keys.empty()) {
    const auto told = ColumnView<std::int64_t>(rows.columns().back()).values();
    return {told.begin(), told.end()};
  }
  std::vector<KeyHasher> hashers(static_cast<std::size_t>(rows.size()));
  for (const std::size_t key : keys) hash_column(rows.column(key), hashers);
  std::vector<std::int64_t> of(hashers.size());
  for (std::size_t row = 0; row < of.size(); ++row) of[row] = cut.result_of(hashers[row].hash());
  return of;
}

}  // namespace

std::vector<TableParcel> TableSplitter::split(Inputs<Rows> parts, std::int64_t,
                                              const ShuffleGroups& cut) const {
  const Rows all = Rows::concat(std::vector<Rows>(parts.begin(), parts.end()));
  const std::vector<std::int64_t> of = results_of(all, keys, cut);
  const auto columns = all.columns().first(schema.size());
  const Rows rows(schema, {columns.begin(), columns.end()}, all.size());
  // A counting sort, which keeps the order of rows that fall to the same.
  std::vector<std::int64_t> begins(static_cast<std::size_t>(cut.count) + 1);
  for (const std::int64_t result : of) ++begins[static_cast<std::size_t>(result) + 1];
  for (std::size_t k = 1; k < begins.size(); ++k) begins[k] += begins[k - 1];
  std::vector<std::int64_t> order(of.size()), next(begins.begin(), begins.end() - 1);
  for (std::size_t row = 0; row < of.size(); ++row)
    order[static_cast<std::size_t>(next[static_cast<std::size_t>(of[row])]++)] =
        static_cast<std::int64_t>(row);
  std::vector<TableParcel> parcels(static_cast<std::size_t>(cut.groups));
  for (std::int64_t group = 0; group < cut.groups; ++group) {
    const auto first = static_cast<std::size_t>(cut.begin(group)),
               last = static_cast<std::size_t>(cut.begin(group + 1));
    const std::int64_t begin = begins[first], end = begins[last];
    if (begin == end) continue;
    TableParcel& parcel = parcels[static_cast<std::size_t>(group)];
    parcel.rows = rows.take(
        std::span(order).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
    for (std::size_t result = first; result < last; ++result) {
      if (begins[result] == begins[result + 1]) continue;
      parcel.results.push_back(static_cast<std::int64_t>(result));
      parcel.begins.push_back(begins[result] - begin);
    }
    parcel.begins.push_back(end - begin);
  }
  return parcels;
}

Rows TableSplitter::join(std::int64_t, std::span<const ShufflePiece<TableParcel>> pieces) const {
  RowsBuilder builder(schema);
  for (const auto& [parcel, index] : pieces) {
    const std::int64_t begin = parcel->begins[index], count = parcel->begins[index + 1] - begin;
    for (std::size_t k = 0; k < schema.size(); ++k)
      builder.column(k).append_column(parcel->rows.column(k), begin, count);
  }
  return builder.finish();
}

Table shuffled_parts(const Family<Rows>& parts, std::int64_t partitions, const TableSplitter& splitter,
                     std::source_location where) {
  TableState made{.schema = splitter.schema,
                  .partitions = partitions,
                  .name = "shuffle",
                  .uncounted_since = "a shuffle",
                  .where = where};
  made.parts = shuffle_parts(parts, partitions, splitter, where);
  return made_table(std::move(made));
}

Table shuffled(const Table& table, const std::vector<std::string>& keys, std::source_location where,
               std::int64_t partitions) {
  if (partitions == 0) partitions = table.partitions();
  TableSplitter splitter{table.schema(), {}};
  for (const std::string& key : keys) splitter.keys.push_back(*table.schema().find(key));
  return shuffled_parts(table.parts(where), partitions, splitter, where);
}

}  // namespace ramal::detail
