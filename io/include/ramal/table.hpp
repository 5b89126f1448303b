// SPDX-License-Identifier: BSD-3-Clause
// Table: rows in named columns, in partitions that tasks make and read on all ranks. Lazy: nothing is read
// before a session computes something.
//
//   const auto flights = ramal::read_parquet("flights-3m.parquet");
//   const auto late = flights.filter("delay > 60").with_column("hours", "delay / 60e0");
//   const auto by_origin = late.groupby({"origin"}).agg({{"n", "count(*)"}, {"mean", "avg(hours)"}});
//   std::cout << session.compute(by_origin);               // Rows, which print as a table
//
// Expressions are SQL, as DuckDB has it. They are checked at the call, against the schema, so that names and
// types of a result are known before anything runs. DuckDB is loaded when it is first needed; see
// docs/tables.md.
//
// What works row by row (select, drop, rename, with_column, filter, fillna, dropna, astype) becomes one query
// a partition, together with the reading. So it costs rank 0 the same however many partitions there are, and
// a table of which two results are computed is read twice, each time no more columns than are needed;
// `session.persist(table)` keeps the partitions where they are made.
//
// Rows keep their order, but where something else is said. Results are the same bits at any number of ranks:
// they depend on how the table is cut into partitions alone.
//
// Errors: std::invalid_argument that names the call, its line, and the expression with a mark under the word;
// what goes wrong in a task is its TaskError. Tables are values that share what they hold; any thread.
#pragma once

#include <ramal/detail/user_aggregate.hpp>
#include <ramal/map.hpp>
#include <ramal/reduce.hpp>
#include <ramal/rows.hpp>
#include <ramal/sql_error.hpp>

#include <memory>
#include <stdexcept>

namespace ramal {

class Grouped;
class Table;

/// In which order groups are. See Table::groupby.
enum class GroupOrder { sorted, first_appearance };
struct GroupByOptions {
  GroupOrder order = GroupOrder::sorted;
};

/// What a join keeps. See Table::join.
enum class Join { inner, left, right, full, semi, anti };

/// Which row of the other table is taken. See Table::asof_join.
enum class AsOf { backward, forward };

namespace detail {
struct TableState;
/// "ramal: CALL: PROBLEM (file:line)", as std::invalid_argument.
[[noreturn]] void refuse_table(std::string_view call, const std::string& problem, std::source_location where);
/// How many rows each partition has, one after the other.
Delayed<std::vector<std::int64_t>> row_counts(const Table& table, std::source_location where);
Table with_counted_rows(const Table& table, std::vector<std::int64_t> rows);
/// How many rows each partition has. Throws std::invalid_argument that tells of `resolve` if that is not
/// known.
const std::vector<std::int64_t>& known_rows(const Table& table, const char* call, std::source_location where);
/// For each partition its groups, and of each the arguments' values as lists.
Family<Rows> listed_arguments(const Grouped& groups, const std::string& name,
                              const std::vector<std::string>& arguments, const std::vector<ColumnType>& types,
                              std::source_location where);
/// The table of what finished_states gives.
Table finished_aggregate(const Grouped& groups, const std::string& name, const Delayed<Rows>& finished,
                         const ColumnType& result, std::source_location where);
}  // namespace detail

/// A file of a table is missing, cannot be read, or is not what it is taken for. what() names it.
class TableError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A named expression: a column to be made, or an aggregate.
struct NamedExpression {
  std::string name;
  std::string expression;
};

/// What the columns are called that Table::melt makes.
struct MeltNames {
  std::string variable = "variable", value = "value";
};

/// How rows are to be cut into partitions: one of these. See Table::repartition.
struct Partitioning {
  std::int64_t rows = 0;        ///< in each but the last
  std::uint64_t bytes = 0;      ///< about, in each but the last, as Table::bytes counts them
  std::int64_t partitions = 0;  ///< so many
  std::string key = {};         ///< by where this expression lies among the divisions
  /// Where partitions begin, rising, as SQL spells it: `{"10", "20"}` makes three.
  std::vector<std::string> divisions = {};
};

/// Which rows a window has beside its own: one of `rows` and `on`. See Table::rolling.
struct Rolling {
  std::int64_t rows = 0;   ///< so many in all, with its own
  std::string on = {};     ///< those before it, of which this expression is above its own value less a range
  std::string range = {};  ///< such as "INTERVAL 1 HOUR", or a number
  std::int64_t min_periods = 1;          ///< with fewer rows the aggregates are null
  std::vector<std::string> within = {};  ///< rows that are the same in these columns alone
};

/// See the top of this file.
class Table {
 public:
  /// For Ramal's own use.
  explicit Table(std::shared_ptr<const detail::TableState> state) : state_(std::move(state)) {}

  /// Names and types of the columns.
  const Schema& schema() const;
  std::vector<std::string> columns() const;
  /// How many partitions there are; at least 1.
  std::int64_t partitions() const;
  /// About how many bytes all rows take in memory, with 16 for each text; 0 where the number of rows is not
  /// known.
  std::uint64_t bytes() const;
  /// Such as "a table of 3000000 rows in 2 partitions: (delay BIGINT, origin VARCHAR)".
  std::string text() const;

  // --- row by row -----------------------------------------------------------------------------------------

  /// These columns, in this order.
  Table select(const std::vector<std::string>& columns,
               std::source_location where = std::source_location::current()) const;
  /// All but these.
  Table drop(const std::vector<std::string>& columns,
             std::source_location where = std::source_location::current()) const;
  /// Pairs of an old name and a new one.
  Table rename(const std::vector<std::pair<std::string, std::string>>& names,
               std::source_location where = std::source_location::current()) const;
  /// With a column more, at the end, or another in place of the one of this name.
  Table with_column(const std::string& name, const std::string& expression,
                    std::source_location where = std::source_location::current()) const;
  /// The rows for which the condition is true; where it is null, it is not. Of a table as it was read from
  /// Parquet files, row groups in which there can be none are left out; see docs/tables.md.
  Table filter(const std::string& condition,
               std::source_location where = std::source_location::current()) const;
  /// With the value of an expression in place of nulls, as the column's own type. NaN is no null.
  Table fillna(const std::vector<std::string>& columns, const std::string& expression,
               std::source_location where = std::source_location::current()) const;
  /// The rows that have no null in these columns; in any, if none are named. NaN is no null.
  Table dropna(const std::vector<std::string>& columns = {},
               std::source_location where = std::source_location::current()) const;
  /// Pairs of a column and a type, as SQL spells it: `{{"n", "DOUBLE"}}`. A value that does not fit fails.
  Table astype(const std::vector<std::pair<std::string, std::string>>& types,
               std::source_location where = std::source_location::current()) const;
  /// From wide to long: a row for each of these columns of each row, with the `ids`, the column's name and
  /// its value; of all columns that are no ids, if none are named. Row by row, in the order of the columns,
  /// nulls too. Values are of a type that holds those of all, as a list of them is. Throws
  /// std::invalid_argument for columns that are not there, types that have none in common, and two columns of
  /// one name.
  ///
  ///   t.melt({"town"}, {"may", "june"})       town, variable ('may' or 'june'), value
  Table melt(const std::vector<std::string>& ids, const std::vector<std::string>& values = {},
             const MeltNames& names = {}, std::source_location where = std::source_location::current()) const;
  /// f(const Rows&), which gives Rows of that schema, of each partition. A partition with another one fails.
  template <auto f>
  Table map_partitions(const Schema& result,
                       std::source_location where = std::source_location::current()) const;

  // --- over all rows --------------------------------------------------------------------------------------

  /// The first, or last, rows: as many, or all if there are fewer. In one partition.
  Table head(std::int64_t rows = 5, std::source_location where = std::source_location::current()) const;
  Table tail(std::int64_t rows = 5, std::source_location where = std::source_location::current()) const;
  /// The first rows in that order, as ORDER BY has it: `top(10, "delay DESC, origin")`; of rows that are the
  /// same in it, those that come first. In one partition, in that order.
  Table top(std::int64_t rows, const std::string& order,
            std::source_location where = std::source_location::current()) const;
  /// All rows in that order, as ORDER BY has it: `sort_by("delay DESC NULLS FIRST, upper(origin)")`. Rows
  /// that are the same in it keep their order. Into as many partitions as before, or as said: the first has
  /// the first rows, and each about as many, however often a key comes; so rows of one key may be in several.
  /// Some may be empty.
  ///
  /// A sample of rows tells where partitions begin; then rows are shuffled, and each partition is sorted.
  /// Throws std::invalid_argument as filter does.
  Table sort_by(const std::string& order, std::int64_t partitions = 0,
                std::source_location where = std::source_location::current()) const;
  /// The number of rows.
  Delayed<std::int64_t> count(std::source_location where = std::source_location::current()) const;
  /// Aggregates of all rows: one row. See Grouped::agg.
  Table agg(const std::vector<NamedExpression>& aggregates,
            std::source_location where = std::source_location::current()) const;
  /// One row with one column of that name: an aggregate of the user's of all rows. See Grouped::aggregate.
  template <class State>
  Table aggregate(const std::string& name, const State& initial, const std::vector<std::string>& arguments,
                  std::source_location where = std::source_location::current()) const;
  /// See Grouped. Throws std::invalid_argument for columns that are not there.
  ///
  ///   flights.groupby({"origin"}, {.order = ramal::GroupOrder::first_appearance})
  Grouped groupby(const std::vector<std::string>& keys, GroupByOptions options = {},
                  std::source_location where = std::source_location::current()) const;
  /// From long to wide: a row for each combination of values of the `index` columns, sorted, and in it a
  /// column for each of these values of a column: an aggregate of the rows that have it. They are stated, as
  /// text that casts to the column's type, since columns are known before anything runs. Rows with other
  /// values count for the index alone. See Grouped::agg for which aggregates are fast; without index there is
  /// one row.
  ///
  ///   t.pivot({"town"}, "year", {"2023", "2024"}, "sum(sales)")         town, "2023", "2024"
  ///
  /// Throws std::invalid_argument as groupby and agg, for texts that are no such values, and for two columns
  /// of one name.
  Table pivot(const std::vector<std::string>& index, const std::string& column,
              const std::vector<std::string>& values, const std::string& aggregate,
              std::source_location where = std::source_location::current()) const;
  /// The same for values in Rows of one column, which is called as the one that is meant. A null's column is
  /// called NULL. So values may be found first:
  ///
  ///   const Rows years = session.compute(t.distinct({"year"}));
  ///   const Table by_year = t.pivot({"town"}, years, "sum(sales)");
  Table pivot(const std::vector<std::string>& index, const Rows& values, const std::string& aggregate,
              std::source_location where = std::source_location::current()) const;
  /// Aggregates of rows in equal stretches of time, as time_bucket has them: a row for each stretch, with its
  /// begin in the column, sorted, from the first that has rows to the last. Those between that have none are
  /// there too, as in pandas, with what the aggregates are of no rows: 0 for a count, else null. Rows with a
  /// null in the column are left out. In one partition.
  ///
  ///   t.resample("time", "INTERVAL 1 DAY", {{"n", "count(*)"}, {"mean", "avg(delay)"}})
  ///
  /// Throws std::invalid_argument as agg, and for a column that is no time. Fails for more than 10^8
  /// stretches.
  Table resample(const std::string& on, const std::string& interval,
                 const std::vector<NamedExpression>& aggregates,
                 std::source_location where = std::source_location::current()) const;
  /// Each combination of values in these columns, of all if none are named, once, sorted.
  Table distinct(const std::vector<std::string>& columns = {},
                 std::source_location where = std::source_location::current()) const;
  /// Each value of a column and how many rows have it, in a column `count`: the most frequent first.
  Table value_counts(const std::string& column,
                     std::source_location where = std::source_location::current()) const;

  /// A row for each column of numbers: its name in `column`, how many values are not null, their mean,
  /// standard deviation (of a sample), minimum, quantiles under such names as `25%`, and maximum, all but the
  /// count as DOUBLE. Quantiles are exact, interpolated as by pandas and quantile_cont, and found without
  /// moving rows (see array_quantile.hpp), in four passes. NaN is a number above all others, and makes the
  /// mean and the deviation NaN. Throws std::invalid_argument if no column is of numbers, and for quantiles
  /// beyond 0 and 1.
  Table describe(const std::vector<double>& quantiles = {0.25, 0.5, 0.75},
                 std::source_location where = std::source_location::current()) const;

  /// The rows of both whose columns of these names are the same; a null is the same as nothing.
  ///
  ///   inner         pairs of rows, the columns of both
  ///   left, right   these, and the rows of that table that have no partner, with nulls in the other's columns
  ///   full          both
  ///   semi, anti    the rows of this table that have a partner, or have none; its columns alone
  ///
  /// The keys come first, once, then the other columns of this table, then of the other. If the other is one
  /// partition, it goes to where this table's are, and rows keep this table's order (but for right and full).
  /// Else rows of both go by a hash of the keys to as many partitions as the larger has, and are in each in
  /// the order of this table and then of the other. Throws std::invalid_argument for columns that are not
  /// there, keys of types that cannot be the same, and a name that both have but as a key: rename one.
  Table join(const Table& other, const std::vector<std::string>& keys, Join how = Join::inner,
             std::source_location where = std::source_location::current()) const;
  /// Each row of this table beside each of the other, which is to be one partition: it goes to where this
  /// table's are. In the order of this table, and then of the other. Throws std::invalid_argument if the
  /// other has several partitions (gather() makes one), and for a name that both have.
  Table cross(const Table& other, std::source_location where = std::source_location::current()) const;
  /// Each row of this table with one of the other's: the last, in the order of `on`, whose value is not above
  /// its own; or forward the first whose value is not below. Of rows of one value it is the last, forward the
  /// first, in the other's order. Where there is none, or the value is null, the other's columns are null. So
  /// all rows of this table are there once. With `by` both must be the same in these columns too.
  ///
  ///   trades.asof_join(quotes, "time", {"ticker"})
  ///
  /// The columns of this table come first, then the other's without `on` and `by`. If the other is one
  /// partition, it goes to where this table's are. Else with `by` rows of both are shuffled by these columns
  /// to as many partitions as the larger has; and without, both must be sorted by `on`, nulls last, which is
  /// checked where rows are computed, and the other's rows go to the partitions of this table that they may
  /// match. Rows keep this table's order, but for the shuffle by `by`. Throws std::invalid_argument as join,
  /// and unless `on` has the same type in both.
  Table asof_join(const Table& other, const std::string& on, const std::vector<std::string>& by = {},
                  AsOf direction = AsOf::backward,
                  std::source_location where = std::source_location::current()) const;

  // --- neighbouring rows ----------------------------------------------------------------------------------

  /// With columns more, or others in place of those of their names: what expressions come to `rows` rows
  /// before, in the table's order, or after, if that is below 0; null where there is none.
  ///
  ///   t.shift({{"before", "delay"}}, 1).with_column("change", "delay - before")
  ///
  /// Throws std::invalid_argument as with_column. O(log partitions) small tasks for each partition.
  Table shift(const std::vector<NamedExpression>& columns, std::int64_t rows = 1,
              std::source_location where = std::source_location::current()) const;
  /// With columns more, or others in place of those of their names: aggregates of each row's window, which
  /// ends with it, in the table's order. Columns outside of aggregates are the row's own.
  ///
  ///   t.rolling({.rows = 7}, {{"mean", "avg(sales)"}, {"off", "sales - avg(sales)"}})
  ///   t.rolling({.on = "time", .range = "INTERVAL 1 HOUR"}, {{"n", "count(*)"}})
  ///
  /// With a range the table must be sorted by it, rising and without nulls, which is checked where rows are
  /// computed: a row's window has those from behind `its value - range` on, as in pandas, up to it alone, so
  /// not those behind it of the same value. `within` shuffles rows by these columns, to as many partitions;
  /// in each they keep their order, and with a range each group must be sorted. A window of floating-point
  /// numbers has the bits that the engine gives for all rows in one partition, wherever partitions begin, up
  /// to a million rows a window (but for `within`). A partition is computed together with as many rows before
  /// it as a window has, which may be those of several; O(log partitions) small tasks for each bring them.
  /// Throws std::invalid_argument as agg, for an expression without aggregates, and for a window that is
  /// stated wrongly.
  Table rolling(const Rolling& window, const std::vector<NamedExpression>& aggregates,
                std::source_location where = std::source_location::current()) const;
  /// The same of all rows up to each: `t.expanding({{"total", "sum(a)"}, {"n", "count(*)"}})` has pandas'
  /// cumsum and cumcount (from 1 on). Aggregates are those that agg puts together pairwise; of floating-point
  /// numbers what all partitions before come to is put together with what a partition's rows come to. Throws
  /// std::invalid_argument for others, and as agg.
  Table expanding(const std::vector<NamedExpression>& aggregates,
                  std::source_location where = std::source_location::current()) const;

  // --- partitions -----------------------------------------------------------------------------------------

  /// The partitions, to be used like any family. What this call makes is its own: two calls read twice.
  Family<Rows> parts(std::source_location where = std::source_location::current()) const;
  /// The same rows in other partitions: `repartition({.rows = 1'000'000})`.
  ///
  ///   rows, bytes   as many in each, in the order that there is. How many rows each partition has must be
  ///                 known: it is of files, and of what keeps all of their rows; else `resolve` counts them
  ///   partitions    about as many rows in each, in the order that there is; where their numbers are not
  ///                 known, and there are to be fewer partitions, neighbours are put together
  ///   key           partition i has the rows whose key is at least division i - 1 and below division i, in
  ///                 the order that there is; nulls are in the last one. Rows are shuffled
  ///
  /// Throws std::invalid_argument for none of them or several, for numbers below 0, and for divisions that do
  /// not rise or are not of the key's type.
  Table repartition(const Partitioning& how,
                    std::source_location where = std::source_location::current()) const;
  /// A row for each partition: its number in `partition`, how many `rows` it has, and the `min` and `max` of
  /// an expression in them, as the aggregates of these names have them.
  Table partition_ranges(const std::string& key,
                         std::source_location where = std::source_location::current()) const;
  /// About that fraction of the rows, each by itself: by a hash of the seed, of its partition's number and of
  /// its own. In their order and partitions.
  Table sample(double fraction, std::uint64_t seed = 0,
               std::source_location where = std::source_location::current()) const;
  /// All rows in one partition, on one rank.
  Table gather(std::source_location where = std::source_location::current()) const;

  /// For Ramal's own use: what session.compute and session.persist ask of what they are given.
  Delayed<Rows> gathered(std::source_location where = std::source_location::current()) const;
  /// Where it is not known how many rows there are, and they turn out to take more bytes than `room`, they
  /// stay where they are: the error of the task is a std::length_error.
  Delayed<Rows> gathered(std::uint64_t room,
                         std::source_location where = std::source_location::current()) const;
  Table evaluated(std::source_location where = std::source_location::current()) const;
  Family<Rows> blocks() const;
  const detail::TableState& state() const { return *state_; }

 private:
  std::shared_ptr<const detail::TableState> state_;
};

/// A table whose rows are put together by their keys.
class Grouped {
 public:
  /// For Ramal's own use.
  Grouped(Table table, std::vector<std::string> keys, GroupByOptions options)
      : table_(std::move(table)), keys_(std::move(keys)), options_(options) {}
  const Table& table() const { return table_; }
  const std::vector<std::string>& keys() const { return keys_; }
  GroupOrder order() const { return options_.order; }

  /// A row for each combination of the keys' values: the keys, then the aggregates, which are expressions
  /// with calls of DuckDB's aggregate functions in them: `{{"mean", "avg(delay)"}, {"share", "sum(late) /
  /// count(*)"}}`. A null is a value of a key. Sorted by the keys: rising, nulls last, NaN above all numbers,
  /// text by bytes; or in the order in which they first appear among the rows. In one partition.
  ///
  /// Each partition is aggregated by itself, then the results are put together pairwise, neighbours first
  /// (count, sum, avg, min, max, arg_min, arg_max, first, last, any_value, var, stddev, corr, covar, regr and
  /// their kin, bool_and, bool_or, bit_and, bit_or, bit_xor, product, list, string_agg, and sketches:
  /// approx_count_distinct and approx_quantile; see docs/tables.md for their errors). So sums of
  /// floating-point numbers are trees over partitions in the table's order, and each partition's is in the
  /// order of its rows. Where another aggregate is asked for (median, quantile, mode, count(DISTINCT), …), or
  /// one has DISTINCT or an ORDER BY of its own, rows go by a hash of their keys to where all of a group are.
  Table agg(const std::vector<NamedExpression>& aggregates,
            std::source_location where = std::source_location::current()) const;

  /// The keys and an aggregate of the user's, in a column of that name. A State takes one row after the other
  /// of a group, is put together with that of rows further on, and says what it comes to:
  ///
  ///   struct Spread {                                              // the range of what is late
  ///     double low = INFINITY, high = -INFINITY;
  ///     void step(double delay) { low = std::min(low, delay), high = std::max(high, delay); }
  ///     void merge(const Spread& more) { low = std::min(low, more.low), high = std::max(high, more.high); }
  ///     double finish() const { return high - low; }
  ///   };
  ///   flights.groupby({"origin"}).aggregate("spread", Spread{}, {"delay"})
  ///
  /// `step` takes one value for each argument, which is an SQL expression of a row: what ColumnValue lists,
  /// of the column's type or converted by a CAST, or std::optional of that. Rows with a null for what is no
  /// optional are passed over. Each group of each partition begins with a copy of `initial`, sees its rows in
  /// their order, and is merged pairwise, neighbours first; so `merge` should not change what is merged with
  /// an `initial`. A State travels as Codec has it. `finish` gives a ColumnValue or std::string, or
  /// std::optional of that. Throws as `agg`. O(rows) steps.
  template <class State>
  Table aggregate(const std::string& name, const State& initial, const std::vector<std::string>& arguments,
                  std::source_location where = std::source_location::current()) const;

 private:
  Table table_;
  std::vector<std::string> keys_;
  GroupByOptions options_;
};

/// A table of Rows that there are, in one partition.
Table from_rows(const Rows& rows, std::source_location where = std::source_location::current());
/// A table of partitions that tasks make, each of that schema: another one fails.
Table from_parts(const Family<Rows>& parts, const Schema& schema,
                 std::source_location where = std::source_location::current());

/// The rows of the first table, then of the second and so on, in the partitions that they are in. Columns are
/// found by their names and stand as in the first table. Throws std::invalid_argument, naming the column and
/// both types, unless all have the same names and types, or if there is no table. Partitions are made, and
/// may travel, before anything else is done with them: filter and select first.
Table concat(const std::vector<Table>& tables, std::source_location where = std::source_location::current());

template <class State>
Table Grouped::aggregate(const std::string& name, const State& initial,
                         const std::vector<std::string>& arguments, std::source_location where) const {
  const Family<Rows> lists =
      detail::listed_arguments(*this, name, arguments, detail::StepsOf<State>::types(), where);
  const Delayed<Rows> all = reduce<&detail::merge_states<State>>(
      map<&detail::states_of<State>>({lists, where}, initial), {}, where);
  const ColumnType result = detail::plain_type<detail::FinishedValue<State>>;
  return detail::finished_aggregate(*this, name, delayed<&detail::finished_states<State>>(all, where), result,
                                    where);
}
template <class State>
Table Table::aggregate(const std::string& name, const State& initial,
                       const std::vector<std::string>& arguments, std::source_location where) const {
  return Grouped(*this, {}, {}).aggregate(name, initial, arguments, where);
}

template <auto f>
Table Table::map_partitions(const Schema& result, std::source_location where) const {
  return from_parts(map<f>({parts(where), where}), result, where);
}

}  // namespace ramal
