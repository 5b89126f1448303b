// SPDX-License-Identifier: BSD-3-Clause
// Aggregates of users: the engine evaluates their arguments and puts the values of a group into lists.
#include "io/tables/groups.hpp"
#include "io/tables/merge.hpp"
#include "io/tables/sql.hpp"

namespace ramal::detail {

namespace {

/// The columns of rows whose names begin so.
template <class Keep>
Rows columns_if(const Rows& rows, const Keep& keep) {
  std::vector<std::string> names;
  for (const Field& field : rows.schema())
    if (keep(how_of(field))) names.push_back(field.name);
  return rows.select(names);
}
bool is_of_group(std::string_view how) { return how == "key" || how == "place"; }

/// An argument as `step` takes it.
std::string converted(const std::string& argument, const ColumnType& found, const ColumnType& wanted) {
  const std::string text = "(" + argument + "\n)";
  return plain_type_of(found.id()) == wanted.id() ? text : "CAST(" + text + " AS " + wanted.text() + ")";
}

}  // namespace

Rows with_states(const Rows& lists, const std::vector<std::string>& states) {
  return columns_if(lists, is_of_group).with({"state 0", TypeId::blob, states});
}
Rows with_result(const Rows& states, NamedColumn result) {
  return columns_if(states, is_of_group).with(result);
}
std::vector<Column> argument_lists(const Rows& lists) {
  const Rows found = columns_if(lists, [](std::string_view how) { return how == "list"; });
  return {found.columns().begin(), found.columns().end()};
}
Column states_in(const Rows& states) { return states.column("state 0"); }

Family<Rows> listed_arguments(const Grouped& groups, const std::string& name,
                              const std::vector<std::string>& arguments, const std::vector<ColumnType>& types,
                              std::source_location where) {
  const Schema& schema = groups.table().schema();
  if (arguments.size() != types.size())
    refuse_table("aggregate",
                 "expected " + std::to_string(types.size()) + " arguments of " + quoted_name(name) +
                     ", as its step takes, found " + std::to_string(arguments.size()),
                 where);
  UserQuery partial{"SELECT " + partial_keys(groups.keys())};
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    expect_row_expression("aggregate", arguments[k], where);
    UserQuery alone{"SELECT "};
    alone.add_user(arguments[k]).add(" AS x").add_part();
    const ColumnType found = described("aggregate", alone, schema, where)[0].type;
    partial.add(k > 0 || !groups.keys().empty() ? ", " : "");
    partial.add("list(" + converted(arguments[k], found, types[k]) + ") AS \"list " + std::to_string(k) +
                '"');
  }
  add_grouping(partial, schema, groups.keys(), groups.order());
  return mapped(groups.table(), partial, described("aggregate", partial, schema, where), "aggregate", where)
      .parts(where);
}

Table finished_aggregate(const Grouped& groups, const std::string& name, const Delayed<Rows>& finished,
                         const ColumnType& result, std::source_location where) {
  std::vector<Field> fields, merged;
  for (std::size_t k = 0; k < groups.keys().size(); ++k) {
    const Schema& schema = groups.table().schema();
    fields.push_back(schema[*schema.find(groups.keys()[k])]);
    merged.push_back({"key " + std::to_string(k), fields.back().type});
  }
  if (groups.order() != GroupOrder::sorted) merged.push_back({"place 0", TypeId::int64});
  merged.push_back({"result", result});
  fields.push_back({name, result});
  UserQuery query{"SELECT " + final_keys(groups.keys())};
  query.add(std::string(groups.keys().empty() ? "" : ", ") + "\"result\" AS " + sql_name(name));
  add_merged(query, groups.order());
  return mapped(one_part(finished, Schema(merged), "aggregate", where), query, Schema(fields), "aggregate",
                where);
}

}  // namespace ramal::detail
