// SPDX-License-Identifier: BSD-3-Clause
// A table's partitions as families: what their tasks do, and how they are put together.
#include "io/tables/engine.hpp"
#include "io/tables/scan.hpp"
#include "io/tables/state.hpp"

namespace ramal {

namespace detail {

namespace {

Rows query_part(const Rows& part, const std::string& query, const std::vector<Rows>& small) {
  return duckdb_engine().run(query, with_small(NamedRows{"part", part}, small));
}
std::vector<Rows> small_tables(const Inputs<Rows>& tables) { return {tables.begin(), tables.end()}; }
std::int64_t own_number(std::int64_t number) { return number; }

std::uint64_t bytes_of(const Rows& part) { return part.bytes(); }
std::uint64_t sum_of_bytes(std::uint64_t a, std::uint64_t b) { return a + b; }

/// A partition, if all of them together fit.
Rows expect_room(Rows part, std::uint64_t all, std::uint64_t room) {
  if (all <= room) return part;
  throw std::length_error("ramal: session.compute: the memory of rank 0, " + std::to_string(room >> 20) +
                          " MiB, does not hold all of a table of " + std::to_string(all >> 20) +
                          " MiB. Compute a part of it, as t.head(1000), or "
                          "aggregate it; to keep it on all ranks, use session.persist; to have it in a file, "
                          "write_parquet");
}

Rows expect_schema(Rows part, const Schema& schema) {
  if (part.schema() == schema) return part;
  throw std::invalid_argument("expected rows of " + schema.text() + ", found " + part.schema().text());
}

Annotation wishes_of(const TableState& state) {
  Annotation wishes;
  wishes.name = state.name;
  // What it is filtered or computed to is not known; what it is made of is at most that.
  if (state.scan && state.query.empty()) wishes.result_bytes = state.partition_bytes;
  return wishes;
}

}  // namespace

Rows all_rows(const Inputs<Rows>& parts) {
  return Rows::concat(std::vector<Rows>(parts.begin(), parts.end()));
}
}  // namespace detail

Family<Rows> Table::parts(std::source_location where) const {
  const detail::TableState& state = *state_;
  if (!state.scan && state.query.empty()) return *state.parts;
  const auto made_with = [&](const auto& small) {
    if (!state.scan) return map<detail::query_part>({*state.parts, where}, state.query, small);
    const auto numbers = family<detail::own_number>({Index(state.partitions), where});
    return map<detail::read_part>({numbers, where}, *state.scan, state.query, small);
  };
  return (state.small.empty() ? made_with(std::vector<Rows>())
                              : made_with(delayed<detail::small_tables>(state.small)))
      .annotate(detail::wishes_of(state), where);
}

Table Table::evaluated(std::source_location where) const {
  detail::TableState made = *state_;
  made.parts = parts(where);
  made.scan.reset();
  made.groups = nullptr;
  made.has_joined_files = false;
  made.query.clear();
  made.unordered.clear();
  made.small.clear();
  return detail::made_table(std::move(made));
}
Family<Rows> Table::blocks() const { return parts(state_->where); }

Table Table::gather(std::source_location where) const {
  if (partitions() == 1) return *this;
  detail::TableState made{.schema = schema(), .name = "gather", .uncounted_since = "gather", .where = where};
  made.parts =
      coarsen<detail::all_rows>(parts(where), partitions(), where).annotate({.name = "gather"}, where);
  return detail::made_table(std::move(made));
}

Delayed<Rows> Table::gathered(std::source_location where) const { return gather(where).parts(where)[0]; }

Delayed<Rows> Table::gathered(std::uint64_t room, std::source_location where) const {
  if (state_->rows || partitions() == 1) return gathered(where);
  const Family<Rows> all = parts(where);
  const auto bytes = reduce<detail::sum_of_bytes>(map<detail::bytes_of>({all, where}), {}, where);
  detail::TableState made{.schema = schema(), .partitions = partitions(), .name = "gather", .where = where};
  made.parts = map<detail::expect_room>({all, where}, bytes, room);
  return detail::made_table(std::move(made)).gathered(where);
}

Table from_parts(const Family<Rows>& parts, const Schema& schema, std::source_location where) {
  if (parts.extent().dims != 1)
    detail::refuse_table("from_parts", "expected a family of one dimension, found " + parts.extent().text(),
                         where);
  if (parts.size() == 0) detail::refuse_table("from_parts", "expected at least one partition", where);
  detail::TableState made{.schema = schema,
                          .partitions = parts.size(),
                          .name = "from_parts",
                          .uncounted_since = "from_parts",
                          .where = where};
  made.parts = map<detail::expect_schema>({parts, where}, schema).annotate({.name = "from_parts"}, where);
  return detail::made_table(std::move(made));
}

Table from_rows(const Rows& rows, std::source_location where) {
  detail::TableState made{.schema = rows.schema(), .name = "from_rows", .where = where};
  made.parts = as_family(std::vector{value(rows, where)}, where);
  made.rows = std::make_shared<const std::vector<std::int64_t>>(1, rows.size());
  return detail::made_table(std::move(made));
}

}  // namespace ramal
