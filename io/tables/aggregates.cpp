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
bool is_at_most_64_bits(TypeId id) {
  return (id >= TypeId::int8 && id <= TypeId::uint64) || id == TypeId::float32 || id == TypeId::float64;
}
bool has_hash(TypeId id) { return id != TypeId::list && id != TypeId::structure; }
bool is_nested(TypeId id) { return id == TypeId::list || id == TypeId::structure || id == TypeId::interval; }

/// `how` is what a partial column's name begins with.
struct Simple {
  std::string_view name, how;
};
constexpr std::array simple{
    Simple{"count", "add"},       Simple{"count_star", "add"},  Simple{"count_if", "add"},
    Simple{"countif", "add"},     Simple{"sum", "add"},         Simple{"min", "min"},
    Simple{"max", "max"},         Simple{"bool_and", "min"},    Simple{"bool_or", "max"},
    Simple{"first", "first"},     Simple{"last", "last"},       Simple{"any_value", "any"},
    Simple{"arbitrary", "first"}, Simple{"product", "product"}, Simple{"bit_and", "and"},
    Simple{"bit_or", "or"},       Simple{"bit_xor", "xor"},     Simple{"list", "list"},
    Simple{"array_agg", "list"},  Simple{"fsum", "add"},        Simple{"sumkahan", "add"},
    Simple{"kahan_sum", "add"}};

/// Of n numbers x with mean mx and the sum of squared differences sx, or n pairs of y and x, with the sum c
/// of the products of differences; what there is of too few is null.
struct OfMoments {
  std::string_view name, finish;
};
constexpr std::array of_moments{OfMoments{"var_samp", "CASE WHEN {n} > 1 THEN {sx} / ({n} - 1) END"},
                                OfMoments{"variance", "CASE WHEN {n} > 1 THEN {sx} / ({n} - 1) END"},
                                OfMoments{"var_pop", "CASE WHEN {n} > 0 THEN {sx} / {n} END"},
                                OfMoments{"stddev", "CASE WHEN {n} > 1 THEN sqrt({sx} / ({n} - 1)) END"},
                                OfMoments{"stddev_samp", "CASE WHEN {n} > 1 THEN sqrt({sx} / ({n} - 1)) END"},
                                OfMoments{"stddev_pop", "CASE WHEN {n} > 0 THEN sqrt({sx} / {n}) END"},
                                OfMoments{"sem", "CASE WHEN {n} > 0 THEN sqrt({sx} / {n}) / sqrt({n}) END"}};
constexpr std::array of_pairs{
    OfMoments{"covar_pop", "CASE WHEN {n} > 0 THEN {c} / {n} END"},
    OfMoments{"covar_samp", "CASE WHEN {n} > 1 THEN {c} / ({n} - 1) END"},
    OfMoments{"corr",
              "CASE WHEN {sx} = 0 OR {sy} = 0 THEN 'nan'::DOUBLE ELSE {c} / (sqrt({sx}) * sqrt({sy})) END"},
    OfMoments{"regr_count", "{n}"},
    OfMoments{"regr_avgx", "{mx}"},
    OfMoments{"regr_avgy", "{my}"},
    OfMoments{"regr_sxx", "{sx}"},
    OfMoments{"regr_syy", "{sy}"},
    OfMoments{"regr_sxy", "{c}"},
    OfMoments{"regr_slope", "CASE WHEN {sx} = 0 THEN 'nan'::DOUBLE ELSE {c} / {sx} END"},
    OfMoments{"regr_intercept", "CASE WHEN {sx} <> 0 THEN {my} - {c} / {sx} * {mx} END"},
    OfMoments{"regr_r2",
              "CASE WHEN {sx} = 0 THEN NULL WHEN {sy} = 0 THEN 1 ELSE {c} / {sx} * ({c} / {sy}) END"}};

/// Of the row in which something is least or greatest.
struct OfExtreme {
  std::string_view name, extreme;
};
constexpr std::array of_extremes_of{OfExtreme{"arg_min", "min"}, OfExtreme{"argmin", "min"},
                                    OfExtreme{"min_by", "min"},  OfExtreme{"arg_max", "max"},
                                    OfExtreme{"argmax", "max"},  OfExtreme{"max_by", "max"}};

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
    if (call.has_order || (call.is_distinct && !is_extreme)) return std::nullopt;
    const std::vector<std::string> arguments = split_at_commas(call.arguments);
    if (call.name == "string_agg" || call.name == "group_concat" || call.name == "listagg")
      return joined_text(call, arguments);
    if (arguments.size() == 1) return finish_of_one(call);
    return arguments.size() == 2 ? finish_of_two(call, arguments) : std::nullopt;
  }
  std::optional<std::string> finish_of_one(const SqlCall& call) {
    if (const auto row = found(simple, call.name); row != simple.end()) return simple_call(call, row->how);
    if (call.name == "avg" || call.name == "mean") return mean(call);
    if (const auto row = found(of_moments, call.name); row != of_moments.end())
      return moments(call, {as_double(call.arguments)}, std::string(row->finish));
    if (call.name == "approx_count_distinct" && has_hash(type_of(spelt(call, "any_value")).id()))
      return column("distinct", spelt(call, "list"));
    return std::nullopt;
  }
  std::optional<std::string> finish_of_two(const SqlCall& call, const std::vector<std::string>& arguments) {
    const auto &y = arguments[0], &x = arguments[1];
    if (const auto row = found(of_pairs, call.name); row != of_pairs.end())
      return moments(call, {with(x, as_double(y)), with(y, as_double(x))}, std::string(row->finish));
    if (const auto row = found(of_extremes_of, call.name); row != of_extremes_of.end())
      return of_extreme(call, x, y, row->extreme);
    if (call.name == "approx_quantile") return quantile(call, x);
    return std::nullopt;
  }

  std::optional<std::string> simple_call(const SqlCall& call, std::string_view how) {
    const std::string text = spelt(call, call.name);
    const TypeId type = type_of(text).id();
    if (how == "add" && !can_be_added(type)) return std::nullopt;
    if ((how == "min" || how == "max") && is_nested(type)) return std::nullopt;
    const std::string name = column(how, text);
    // A null may be what stands in the first row, or there is none.
    if (how == "first" || how == "last") column("add", "count(*) " + call.filter);
    return name;
  }
  std::optional<std::string> mean(const SqlCall& call) {
    const std::string sum = spelt(call, "sum");
    if (type_of(spelt(call, "avg")).id() != TypeId::float64) return std::nullopt;
    if (!can_be_added(type_of(sum).id())) return std::nullopt;
    const std::string total = column("add", sum), count = column("add", spelt(call, "count"));
    return "CASE WHEN " + count + " > 0 THEN CAST(" + total + " AS DOUBLE) / " + count + " END";
  }

  /// Of one variable, x, or of y and x; columns for as many of their moments as `finish` asks for.
  std::string moments(const SqlCall& call, const std::vector<std::string>& variables, std::string finish) {
    const std::string number = std::to_string(columns_++);
    const bool is_pair = variables.size() == 2;
    const auto of = [&](std::string_view function, const std::string& arguments) {
      return spelt({.arguments = arguments, .filter = call.filter}, function);
    };
    const auto has = [&](std::string_view what) { return finish.find(what) != std::string::npos; };
    const std::string count = of("count", variables[0]);
    std::vector<std::pair<std::string, std::string>> names{{"{n}", "\"count " + number + '"'}};
    plan.partial.push_back(count + " AS " + names.back().second);
    for (std::size_t k = 0; k < variables.size(); ++k) {
      const std::string& variable = variables[k];
      const std::string letter = is_pair && k == 0 ? "y" : "x";
      const std::string squares = "{s" + letter + "}", name = number + ' ' + letter + '"';
      // The mean of equal numbers is that number, which their sum divided by their count may miss. Of these,
      // and of no others but by underflow, the variance is exactly 0: Welford's steps add nothing. It is
      // there for nothing where it is asked for, and refuses infinite numbers.
      const std::string variance = of("var_pop", variable);
      const std::string one = of(has(squares) ? "any_value" : "min", variable);
      const std::string are_equal = has(squares) ? variance + " = 0" : one + " = " + of("max", variable);
      names.push_back({"{m" + letter + "}", "\"mean " + name});
      plan.partial.push_back("CASE WHEN " + are_equal + " THEN " + one + " ELSE " + of("avg", variable) +
                             " END AS " + names.back().second);
      if (!has(squares)) continue;
      names.push_back({squares, "\"m2 " + name});
      plan.partial.push_back(variance + " * " + count + " AS " + names.back().second);
    }
    if (has("{c}")) {
      names.push_back({"{c}", "\"co " + number + '"'});
      plan.partial.push_back(of("covar_pop", variables[0] + "\n, " + variables.back()) + " * " + count +
                             " AS " + names.back().second);
    }
    for (const auto& [what, name] : names)
      for (std::size_t at = 0; (at = finish.find(what)) != std::string::npos;)
        finish.replace(at, what.size(), name);
    return finish;
  }

  std::optional<std::string> of_extreme(const SqlCall& call, const std::string& x, const std::string& y,
                                        std::string_view extreme) {
    const std::string extremes = spelt({.arguments = with(y, x), .filter = call.filter}, extreme);
    if (is_nested(type_of(extremes).id())) return std::nullopt;
    const std::string chosen = column("arg" + std::string(extreme), spelt(call, call.name));
    column(extreme, extremes);
    return chosen;
  }
  /// By a list of texts.
  std::optional<std::string> joined_text(const SqlCall& call, const std::vector<std::string>& arguments) {
    const SqlCall texts{.arguments = "CAST((" + arguments[0] + "\n) AS VARCHAR)", .filter = call.filter};
    const std::string separator = arguments.size() > 1 ? arguments[1] : "','";
    return with(separator, "list_aggregate(" + column("list", spelt(texts, "list")) + ", 'string_agg', " +
                               separator + "\n)");
  }
  /// By a digest of numbers, with the shares that are asked for in the column behind it.
  std::optional<std::string> quantile(const SqlCall& call, const std::string& shares) {
    const ColumnType type = type_of(spelt(call, call.name));
    const bool is_list = type.id() == TypeId::list;
    const TypeId id = is_list ? type.element().id() : type.id();
    if (!is_at_most_64_bits(id)) return std::nullopt;
    std::string number = as_double(split_at_commas(call.arguments)[0]);
    // The greatest numbers that are below 2^63 and 2^64 also as doubles.
    if (id == TypeId::int64) number = "least(" + number + ", 9223372036854774784e0)";
    if (id == TypeId::uint64) number = "least(" + number + ", 18446744073709549568e0)";
    const std::string digest = column("digest", spelt({.arguments = number, .filter = call.filter}, "list"));
    column("any", "any_value(CAST(" + (is_list ? shares : "[" + shares + "\n]") + "\n AS DOUBLE[]))");
    return is_list ? digest : digest + "[1]";
  }

  static std::string as_double(const std::string& expression) {
    return "CAST((" + expression + "\n) AS DOUBLE)";
  }
  /// The value, where something else is not null.
  static std::string with(const std::string& other, const std::string& value) {
    return "CASE WHEN (" + other + "\n) IS NOT NULL THEN (" + value + "\n) END";
  }
  static std::string spelt(const SqlCall& call, std::string_view function) {
    return std::string(function) + "(" + call.arguments + "\n) " + call.filter;
  }
  ColumnType type_of(const std::string& aggregate) const {
    const NamedSchema part{"part", schema_};
    return duckdb_engine().describe("SELECT " + aggregate + " AS x FROM part", {&part, 1}).schema[0].type;
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
