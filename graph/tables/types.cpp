// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/column_type.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace ramal {

namespace {

struct TypeFacts {
  std::string_view sql;
  std::size_t bytes;
};
/// In the order of TypeId.
constexpr std::array<TypeFacts, type_ids> type_facts = {{
    {"\"NULL\"", 0},
    {"BOOLEAN", 0},
    {"TINYINT", 1},
    {"SMALLINT", 2},
    {"INTEGER", 4},
    {"BIGINT", 8},
    {"UTINYINT", 1},
    {"USMALLINT", 2},
    {"UINTEGER", 4},
    {"UBIGINT", 8},
    {"HUGEINT", 16},
    {"FLOAT", 4},
    {"DOUBLE", 8},
    {"DECIMAL", 16},
    {"VARCHAR", 0},
    {"BLOB", 0},
    {"DATE", 4},
    {"TIME", 8},
    {"TIMESTAMP_S", 8},
    {"TIMESTAMP_MS", 8},
    {"TIMESTAMP", 8},
    {"TIMESTAMP_NS", 8},
    {"TIMESTAMP WITH TIME ZONE", 8},
    {"INTERVAL", 16},
    {"[]", 0},
    {"STRUCT", 0},
}};
const TypeFacts& facts_of(TypeId id) { return type_facts[static_cast<std::size_t>(id)]; }

char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string in_lower_case(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), lower_case);
  return lower;
}

bool same_but_for_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower_case, lower_case);
}

/// Throws std::invalid_argument if two names are the same but for case. `what` has them.
void require_distinct(std::span<const Field> fields, const char* what) {
  std::vector<std::pair<std::string, const Field*>> names;
  names.reserve(fields.size());
  for (const Field& field : fields) names.emplace_back(in_lower_case(field.name), &field);
  std::ranges::stable_sort(names, {}, &std::pair<std::string, const Field*>::first);
  const auto twice = std::ranges::adjacent_find(names, {}, &std::pair<std::string, const Field*>::first);
  if (twice == names.end()) return;
  const std::string &one = twice->second->name, &other = (twice + 1)->second->name;
  throw std::invalid_argument(
      std::string("ramal: ") + what + " has two columns named " +
      (one == other ? quoted_name(one)
                    : quoted_name(one) + " and " + quoted_name(other) + ", which SQL does not tell apart"));
}

std::string text_of_fields(std::span<const Field> fields) {
  std::string text = "(";
  for (const Field& field : fields)
    text += (text.size() > 1 ? ", " : "") + quoted_name(field.name) + ' ' + field.type.text();
  return text + ')';
}

constexpr std::array<std::string_view, 75> reserved_words = {
    "all",          "analyse",     "analyze", "and",       "any",        "array",      "as",
    "asc",          "asymmetric",  "both",    "case",      "cast",       "check",      "collate",
    "column",       "constraint",  "create",  "default",   "deferrable", "desc",       "describe",
    "distinct",     "do",          "else",    "end",       "except",     "false",      "fetch",
    "for",          "foreign",     "from",    "group",     "having",     "in",         "initially",
    "intersect",    "into",        "lambda",  "lateral",   "leading",    "limit",      "not",
    "null",         "offset",      "on",      "only",      "or",         "order",      "pivot",
    "pivot_longer", "pivot_wider", "placing", "primary",   "qualify",    "references", "returning",
    "select",       "show",        "some",    "summarize", "symmetric",  "table",      "then",
    "to",           "trailing",    "true",    "union",     "unique",     "unpivot",    "using",
    "variadic",     "when",        "where",   "window",    "with"};

bool is_plain_name(std::string_view name) {
  const auto letter = [](char c) { return (lower_case(c) >= 'a' && lower_case(c) <= 'z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && !digit(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || digit(c); }) &&
         !std::ranges::binary_search(reserved_words, std::string_view(in_lower_case(name)));
}

}  // namespace

std::string quoted_name(std::string_view name) {
  if (is_plain_name(name)) return std::string(name);
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

ColumnType::ColumnType(TypeId id) : id_(id) {
  if (static_cast<std::size_t>(id) >= type_ids) throw std::invalid_argument("ramal: no type has this TypeId");
  if (id == TypeId::decimal || id == TypeId::list || id == TypeId::structure)
    throw std::invalid_argument(
        "ramal: a decimal, list or structure needs more than its TypeId: see ColumnType::" +
        std::string(id == TypeId::decimal ? "decimal"
                    : id == TypeId::list  ? "list"
                                          : "structure"));
}

ColumnType ColumnType::decimal(int width, int scale) {
  if (width < 1 || width > 38 || scale < 0 || scale > width) {
    throw std::invalid_argument("ramal: DECIMAL(" + std::to_string(width) + ',' + std::to_string(scale) +
                                "): the width is 1 to 38 digits, and the scale 0 to the width");
  }
  ColumnType type;
  type.id_ = TypeId::decimal;
  type.width_ = static_cast<std::uint8_t>(width);
  type.scale_ = static_cast<std::uint8_t>(scale);
  return type;
}

ColumnType ColumnType::list(const ColumnType& element) {
  ColumnType type;
  type.id_ = TypeId::list;
  type.fields_ = std::make_shared<const std::vector<Field>>(1, Field{"element", element});
  return type;
}

ColumnType ColumnType::structure(std::vector<Field> fields) {
  if (fields.empty()) throw std::invalid_argument("ramal: a structure has at least one field");
  require_distinct(fields, "a structure");
  ColumnType type;
  type.id_ = TypeId::structure;
  type.fields_ = std::make_shared<const std::vector<Field>>(std::move(fields));
  return type;
}

std::span<const Field> ColumnType::fields() const {
  return fields_ ? std::span<const Field>(*fields_) : std::span<const Field>();
}

const ColumnType& ColumnType::element() const { return fields_->front().type; }

std::size_t ColumnType::value_bytes() const { return facts_of(id_).bytes; }

std::string ColumnType::text() const {
  const std::string sql(facts_of(id_).sql);
  if (id_ == TypeId::decimal) return sql + '(' + std::to_string(width_) + ',' + std::to_string(scale_) + ')';
  if (id_ == TypeId::list) return element().text() + sql;
  if (id_ == TypeId::structure) return sql + text_of_fields(fields());
  return sql;
}

bool ColumnType::operator==(const ColumnType& other) const {
  return id_ == other.id_ && width_ == other.width_ && scale_ == other.scale_ &&
         (fields_ == other.fields_ || std::ranges::equal(fields(), other.fields()));
}

Schema::Schema(std::vector<Field> fields) {
  require_distinct(fields, "a schema");
  if (!fields.empty()) fields_ = std::make_shared<const std::vector<Field>>(std::move(fields));
}

Schema::Schema(std::initializer_list<Field> fields) : Schema(std::vector<Field>(fields)) {}

std::span<const Field> Schema::fields() const {
  return fields_ ? std::span<const Field>(*fields_) : std::span<const Field>();
}

std::optional<std::size_t> Schema::find(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i)
    if (same_but_for_case((*this)[i].name, name)) return i;
  return std::nullopt;
}

std::size_t Schema::position(std::string_view name) const {
  if (const auto found = find(name)) return *found;
  constexpr std::size_t most = 20;
  std::string names;
  for (std::size_t i = 0; i < std::min(size(), most); ++i)
    names += (i == 0 ? "" : ", ") + quoted_name((*this)[i].name);
  if (size() > most) names += ", … " + std::to_string(size()) + " in all";
  throw std::invalid_argument("ramal: there is no column " + quoted_name(name) +
                              (empty() ? ", and no other" : "; there are " + names));
}

std::string Schema::text() const { return text_of_fields(fields()); }

bool Schema::operator==(const Schema& other) const {
  return fields_ == other.fields_ || std::ranges::equal(fields(), other.fields());
}

}  // namespace ramal
