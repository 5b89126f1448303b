// SPDX-License-Identifier: BSD-3-Clause
// All rows in an order: ranges of keys go to partitions, and each of these is sorted by the engine.
#include "io/tables/ranges.hpp"

#include <algorithm>
#include <optional>

namespace ramal {

namespace {

/// What an ORDER BY counts as a column's number, or nothing.
std::optional<std::size_t> column_number(const std::string& expression) {
  std::string digits = expression;
  std::erase_if(digits,
                [](char c) { return std::string_view("() \t\r\n").find(c) != std::string_view::npos; });
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return static_cast<std::size_t>(std::stoull(digits));
}

/// The keys, with columns in place of their numbers and of ALL. The engine has accepted the order.
std::vector<detail::SqlOrder> spelt_out(const std::string& order, const Schema& schema) {
  std::vector<detail::SqlOrder> keys = detail::order_keys(order);
  if (keys.size() == 1 && detail::has_word(keys[0].expression, "all") && keys[0].expression.size() == 3) {
    std::vector<detail::SqlOrder> all(schema.size(), keys[0]);
    for (std::size_t k = 0; k < all.size(); ++k) all[k].expression = detail::sql_name(schema[k].name);
    return all;
  }
  for (detail::SqlOrder& key : keys)
    if (const auto number = column_number(key.expression))
      key.expression = detail::sql_name(schema[*number - 1].name);
  return keys;
}

/// Equal rows stay in their order.
detail::UserQuery sorting(const Schema& schema, const std::vector<detail::SqlOrder>& keys) {
  const std::string number = detail::sql_name(detail::free_name(schema, "row"));
  detail::UserQuery query = detail::numbered_rows(schema, number);
  query.add(") AS part ORDER BY ");
  for (const detail::SqlOrder& key : keys)
    query.add("(" + key.expression + "\n)" + (key.is_descending ? " DESC" : " ASC") +
              (key.nulls_first ? " NULLS FIRST, " : " NULLS LAST, "));
  return query.add(number);
}

}  // namespace

Table Table::sort_by(const std::string& order, std::int64_t partitions, std::source_location where) const {
  if (partitions < 0)
    detail::refuse_table(
        "sort_by", "expected a number of partitions from 0 on, found " + std::to_string(partitions), where);
  if (partitions == 0) partitions = this->partitions();
  detail::expect_row_expression("sort_by", order, where);
  if (detail::has_call(order, "columns"))
    detail::refuse_table(
        "sort_by", "expected keys of one column each, found COLUMNS(…); name them, or say ALL: " + order,
        where);
  detail::UserQuery as_said{"SELECT *"};
  detail::described("sort_by", as_said.add_part().add(" ORDER BY ").add_user_words(order), schema(), where);
  const std::vector<detail::SqlOrder> keys = spelt_out(order, schema());
  if (partitions == 1) return detail::queried(gather(where), "sort_by", sorting(schema(), keys), true, where);
  const detail::KeyedTable keyed = detail::with_sort_keys(*this, keys, "sort_by", where);
  const Table cut =
      detail::cut_into_ranges(keyed, detail::chosen_cuts(keyed, partitions, where), partitions, where);
  return detail::queried(cut, "sort_by", sorting(schema(), keys), true, where);
}

}  // namespace ramal
