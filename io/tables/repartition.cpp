// SPDX-License-Identifier: BSD-3-Clause
// The same rows in other partitions, and some of the rows.
#include "io/tables/cut.hpp"
#include "io/tables/engine.hpp"
#include "io/tables/order.hpp"
#include "io/tables/ranges.hpp"

#include <ramal/key.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ramal {

namespace detail {

namespace {

/// Each row by itself, so that which are taken does not hang on how many there are.
Rows sample_rows(const Index& place, const Rows& part, double fraction, std::uint64_t seed) {
  const auto below = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < part.size(); ++row) {
    KeyHasher random;
    random.add(seed);
    random.add(static_cast<std::uint64_t>(place[0]));
    random.add(static_cast<std::uint64_t>(row));
    if (random.hash() >> 11 < below) rows.push_back(row);
  }
  return part.take(rows);
}

/// So many lengths that differ by at most 1, whose sum is that.
std::vector<std::int64_t> even_lengths(std::int64_t sum, std::int64_t count) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < count; ++i)
    lengths.push_back(static_cast<std::int64_t>(Int128{sum} * (i + 1) / count - Int128{sum} * i / count));
  return lengths;
}

/// About how many rows of that schema take so many bytes; at least 1.
std::int64_t rows_of_bytes(const Schema& schema, std::uint64_t bytes) {
  const std::uint64_t row = std::max<std::uint64_t>(1, bytes_a_row(schema));
  constexpr std::uint64_t most = std::uint64_t{1} << 62;
  return static_cast<std::int64_t>(std::clamp<std::uint64_t>(bytes / row, 1, most));
}

Table recut(const Table& table, const Axis& rows, std::source_location where) {
  TableState made{
      .schema = table.schema(), .partitions = rows.count(), .name = "repartition", .where = where};
  made.parts = cut_parts(table, rows, where).annotate({.name = "repartition"}, where);
  return with_counted_rows(made_table(std::move(made)), lengths_of(rows));
}

/// Neighbours become one.
Table merged_parts(const Table& table, std::int64_t partitions, std::source_location where) {
  const Axis chunks = Axis::of(even_lengths(table.partitions(), partitions));
  TableState made{.schema = table.schema(),
                  .partitions = partitions,
                  .name = "repartition",
                  .uncounted_since = table.state().uncounted_since,
                  .where = where};
  made.parts = joined_parts({&table, 1}, chunks, where).annotate({.name = "repartition"}, where);
  return made_table(std::move(made));
}

/// Divisions, as users spell them, as cuts: equal keys come behind them.
Rows cuts_at(const std::vector<std::string>& divisions, const ColumnType& type, std::source_location where) {
  std::string list;
  for (const std::string& division : divisions)
    list += (list.empty() ? "" : ", ") + std::string("CAST((") + division + "\n) AS " + type.text() + ")";
  Rows cuts;
  try {
    cuts = duckdb_engine().run("SELECT " + sort_key_call({SqlOrder{"division"}}) +
                                   " AS key, -1::BIGINT AS \"partition\", -1::BIGINT AS \"row\" FROM (SELECT "
                                   "unnest([" +
                                   list + "]) AS division)",
                               {});
  } catch (const SqlError& error) {
    refuse_table("repartition", "of divisions: " + error.message(), where);
  } catch (const EngineError& error) {
    refuse_table("repartition", std::string("of divisions: ") + error.what(), where);
  }
  const RowOrder order(cuts.column(0), cuts.column(0));
  for (std::size_t i = 1; i < divisions.size(); ++i)
    if (order(static_cast<std::int64_t>(i) - 1, static_cast<std::int64_t>(i)) >= 0)
      refuse_table("repartition",
                   "expected divisions that rise, found " + divisions[i] + " behind " + divisions[i - 1],
                   where);
  return cuts;
}

Table divided(const Table& table, const Partitioning& how, std::source_location where) {
  if (how.divisions.empty())
    refuse_table("repartition", "expected divisions, of which each begins a partition but the first", where);
  expect_row_expression("repartition", how.key, where);
  UserQuery key{"SELECT "};
  key.add_user(how.key).add(" AS key").add_part();
  const ColumnType type = described("repartition", key, table.schema(), where)[0].type;
  const Rows cuts = cuts_at(how.divisions, type, where);
  const KeyedTable keyed = with_sort_keys(table, {SqlOrder{"(" + how.key + "\n)"}}, "repartition", where);
  return cut_into_ranges(keyed, value(cuts, where), cuts.size() + 1, where);
}

}  // namespace
}  // namespace detail

Table Table::repartition(const Partitioning& how, std::source_location where) const {
  const int said = (how.rows != 0) + (how.bytes != 0) + (how.partitions != 0) + !how.key.empty();
  if (said != 1)
    detail::refuse_table("repartition",
                         "expected one of .rows, .bytes, .partitions and .key, found " + std::to_string(said),
                         where);
  if (how.rows < 0 || how.partitions < 0)
    detail::refuse_table("repartition",
                         "expected a number from 1 on, found " + std::to_string(how.rows + how.partitions),
                         where);
  if (!how.key.empty()) return detail::divided(*this, how, where);
  if (!state_->rows && how.partitions > 0 && how.partitions <= partitions())
    return detail::merged_parts(*this, how.partitions, where);
  const std::vector<std::int64_t>& rows = detail::known_rows(*this, "repartition", where);
  const std::int64_t all = std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
  if (how.partitions > 0)
    return detail::recut(*this, detail::Axis::of(detail::even_lengths(all, how.partitions)), where);
  const std::int64_t length = how.rows > 0 ? how.rows : detail::rows_of_bytes(schema(), how.bytes);
  return detail::recut(*this, detail::Axis::regular(all, length), where);
}

Table Table::sample(double fraction, std::uint64_t seed, std::source_location where) const {
  if (!(fraction >= 0 && fraction <= 1))
    detail::refuse_table("sample", "expected a fraction from 0 to 1, found " + std::to_string(fraction),
                         where);
  detail::TableState made{.schema = schema(),
                          .partitions = partitions(),
                          .name = "sample",
                          .uncounted_since = "sample",
                          .where = where};
  made.parts =
      map<detail::sample_rows>({parts(where), where}, fraction, seed).annotate({.name = "sample"}, where);
  return detail::made_table(std::move(made));
}

}  // namespace ramal
