// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/aggregates.hpp"

#include "io/tables/engine.hpp"
#include "io/tables/sql.hpp"

#include <algorithm>
#include <array>

namespace ramal::detail {

namespace {

/// What partial results can be added up; sums of floating-point numbers by the tree.
bool can_be_added(TypeId id) {
  return id == TypeId::int64 || id == TypeId::int128 || id == TypeId::float64 || id == TypeId::decimal;
}
bool is_nested(TypeId id) { return id == TypeId::list || id == TypeId::structure || id == TypeId::interval; }

/// `how` is what a partial column's name begins with.
struct Simple {
  std::string_view name, how;
};
constexpr std::array simple{
    Simple{"count", "add"},       Simple{"count_star", "add"}, Simple{"count_if", "add"},
    Simple{"countif", "add"},     Simple{"sum", "add"},        Simple{"min", "min"},
    Simple{"max", "max"},         Simple{"bool_and", "min"},   Simple{"bool_or", "max"},
    Simple{"first", "first"},     Simple{"last", "last"},      Simple{"any_value", "any"},
    Simple{"arbitrary", "first"}, Simple{"product", "product"}};

/// Of n values with mean m and the sum of squared differences m2; what there is of too few is null.
struct OfMoments {
  std::string_view name, finish;
};
constexpr std::array of_moments{OfMoments{"var_samp", "CASE WHEN {n} > 1 THEN {m2} / ({n} - 1) END"},
                                OfMoments{"variance", "CASE WHEN {n} > 1 THEN {m2} / ({n} - 1) END"},
                                OfMoments{"var_pop", "CASE WHEN {n} > 0 THEN {m2} / {n} END"},
                                OfMoments{"stddev", "CASE WHEN {n} > 1 THEN sqrt({m2} / ({n} - 1)) END"},
                                OfMoments{"stddev_samp", "CASE WHEN {n} > 1 THEN sqrt({m2} / ({n} - 1)) END"},
                                OfMoments{"stddev_pop", "CASE WHEN {n} > 0 THEN sqrt({m2} / {n}) END"},
                                OfMoments{"sem", "CASE WHEN {n} > 0 THEN sqrt({m2} / {n}) / sqrt({n}) END"}};

template <class Table>
auto found(const Table& table, std::string_view name) {
  return std::ranges::find(table, name, [](const auto& row) { return row.name; });
}

class Planner {
 public:
  explicit Planner(const Schema& schema) : schema_(schema) {}

  /// What finishes the expression; nothing if that needs all rows.
  std::optional<std::string> finish(const std::string& expression) {
    std::string made;
    std::size_t at = 0;
    for (const SqlCall& call : aggregate_calls(expression)) {
      const auto finished = finish_call(call);
      if (!finished) return std::nullopt;
      made += expression.substr(at, call.begin - at) + "(" + *finished + ")";
      at = call.behind;
    }
    return made + expression.substr(at);
  }
  AggregatePlan plan;

 private:
  std::optional<std::string> finish_call(const SqlCall& call) {
    const bool is_extreme = call.name == "min" || call.name == "max";
    if (call.has_order || (call.is_distinct && !is_extreme) || has_many_arguments(call)) return std::nullopt;
    if (const auto row = found(simple, call.name); row != simple.end()) return simple_call(call, row->how);
    if (call.name == "avg" || call.name == "mean") return mean(call);
    if (const auto row = found(of_moments, call.name); row != of_moments.end())
      return moments(call, std::string(row->finish));
    return std::nullopt;
  }

  std::optional<std::string> simple_call(const SqlCall& call, std::string_view how) {
    const std::string text = spelt(call, call.name);
    const TypeId type = type_of(text);
    if (how == "add" && !can_be_added(type)) return std::nullopt;
    if ((how == "min" || how == "max") && is_nested(type)) return std::nullopt;
    return column(how, text);
  }
  std::optional<std::string> mean(const SqlCall& call) {
    const std::string sum = spelt(call, "sum");
    if (type_of(spelt(call, "avg")) != TypeId::float64) return std::nullopt;
    if (!can_be_added(type_of(sum))) return std::nullopt;
    const std::string total = column("add", sum), count = column("add", spelt(call, "count"));
    return "CASE WHEN " + count + " > 0 THEN CAST(" + total + " AS DOUBLE) / " + count + " END";
  }
  std::optional<std::string> moments(const SqlCall& call, std::string finish) {
    SqlCall as_double = call;
    as_double.arguments = "CAST((" + call.arguments + "\n) AS DOUBLE)";
    const std::string number = std::to_string(columns_);
    const std::string count = spelt(call, "count");
    plan.partial.push_back(count + " AS \"count " + number + '"');
    // The mean of equal numbers is that number, which their sum divided by their count may miss.
    const std::string least = spelt(as_double, "min");
    plan.partial.push_back("CASE WHEN " + least + " = " + spelt(as_double, "max") + " THEN " + least +
                           " ELSE " + spelt(as_double, "avg") + " END AS \"mean " + number + '"');
    plan.partial.push_back(spelt(as_double, "var_pop") + " * " + count + " AS \"m2 " + number + '"');
    ++columns_;
    for (const auto& [what, name] : {std::pair{"{n}", "\"count "}, std::pair{"{m2}", "\"m2 "}})
      for (std::size_t at = 0; (at = finish.find(what)) != std::string::npos;)
        finish.replace(at, std::string_view(what).size(), name + number + '"');
    return finish;
  }

  static std::string spelt(const SqlCall& call, std::string_view function) {
    return std::string(function) + "(" + call.arguments + "\n) " + call.filter;
  }
  static bool has_many_arguments(const SqlCall& call) { return has_comma(call.arguments); }
  TypeId type_of(const std::string& aggregate) const {
    const NamedSchema part{"part", schema_};
    return duckdb_engine()
        .describe("SELECT " + aggregate + " AS x FROM part", {&part, 1})
        .schema[0]
        .type.id();
  }
  /// A new column of the partial result; its name in quotes.
  std::string column(std::string_view how, const std::string& aggregate) {
    const std::string name = '"' + std::string(how) + ' ' + std::to_string(columns_++) + '"';
    plan.partial.push_back(aggregate + " AS " + name);
    return name;
  }

  const Schema& schema_;
  std::size_t columns_ = 0;
};

}  // namespace

std::optional<AggregatePlan> plan_aggregates(const Schema& schema,
                                             const std::vector<NamedExpression>& aggregates) {
  Planner planner(schema);
  for (const NamedExpression& one : aggregates) {
    auto finish = planner.finish(one.expression);
    if (!finish) return std::nullopt;
    planner.plan.finish.push_back(std::move(*finish));
  }
  return std::move(planner.plan);
}

}  // namespace ramal::detail
