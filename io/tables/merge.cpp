// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/merge.hpp"

#include "io/tables/order.hpp"

#include <ramal/rows_builder.hpp>

#include <string>

namespace ramal::detail {

namespace {

constexpr std::int64_t nowhere = -1;

/// A row of the result: where it comes from on either side.
struct Match {
  std::int64_t left, right;
  bool is_both() const { return left != nowhere && right != nowhere; }
};

/// What a partial column's name says; "add" of "add 3".
std::string_view how_of(const Field& field) {
  return std::string_view(field.name).substr(0, field.name.find(' '));
}

std::vector<Match> match_rows(const Rows& left, const Rows& right) {
  std::vector<RowOrder> keys;
  for (std::size_t k = 0; k < left.schema().size(); ++k)
    if (how_of(left.schema()[k]) == "key") keys.emplace_back(left.column(k), right.column(k));
  std::vector<Match> matches;
  matches.reserve(static_cast<std::size_t>(std::max(left.size(), right.size())));
  std::int64_t i = 0, j = 0;
  while (i < left.size() || j < right.size()) {
    int order = i == left.size() ? 1 : j == right.size() ? -1 : 0;
    if (i < left.size() && j < right.size())
      for (std::size_t k = 0; k < keys.size() && order == 0; ++k) order = keys[k](i, j);
    matches.push_back({order <= 0 ? i++ : nowhere, order >= 0 ? j++ : nowhere});
  }
  return matches;
}

/// The rows of one side or the other, for columns in which nothing is computed. `chooses_right(i, j)` is
/// asked where both have one.
template <class Choose>
Column chosen(const Column& left, const Column& right, const std::vector<Match>& matches,
              const Choose& chooses_right) {
  const Schema schema({{"x", left.type()}});
  std::vector<std::int64_t> rows;
  rows.reserve(matches.size());
  for (const Match& match : matches) {
    const bool is_right = match.is_both() ? chooses_right(match.left, match.right) : match.left == nowhere;
    rows.push_back(is_right ? left.size() + match.right : match.left);
  }
  const std::array both{Rows(schema, {left}), Rows(schema, {right})};
  return Rows::concat(both).take(rows).column(0);
}

template <class T>
T added(T a, T b) {
  if constexpr (std::integral<T> || std::same_as<T, Int128>) {
    T sum;
    if (__builtin_add_overflow(a, b, &sum))
      throw std::overflow_error("a sum of whole numbers leaves its type");
    return sum;
  } else {
    return a + b;
  }
}
/// The most that 38 digits can say.
Int128 most_decimal() {
  Int128 most = 1;
  for (int digit = 0; digit < 38; ++digit) most *= 10;
  return most - 1;
}

/// Values of T computed where both sides have one; a null counts for nothing.
template <class T, class Combine>
Column combined(const Column& left, const Column& right, const std::vector<Match>& matches,
                const Combine& combine) {
  const ColumnView<T> a(left), b(right);
  ColumnBuilder builder(left.type());
  for (const Match& match : matches) {
    const auto x = match.left == nowhere ? std::nullopt : a.get(match.left);
    const auto y = match.right == nowhere ? std::nullopt : b.get(match.right);
    builder.append(x && y ? std::optional<T>(combine(*x, *y)) : x ? x : y);
  }
  return builder.finish();
}

Column sums(const Column& left, const Column& right, const std::vector<Match>& matches) {
  if (left.type().id() == TypeId::decimal) {
    return combined<Int128>(left, right, matches, [most = most_decimal()](Int128 a, Int128 b) {
      const Int128 sum = added(a, b);
      if (sum > most || sum < -most) throw std::overflow_error("a sum of decimals has more than 38 digits");
      return sum;
    });
  }
  return with_value_type(left.type(), [&]<class T>() -> Column {
    if constexpr (std::same_as<T, std::int64_t> || std::same_as<T, Int128> || std::same_as<T, double>) {
      return combined<T>(left, right, matches, &added<T>);
    } else {
      throw std::invalid_argument("a column of type " + left.type().text() + " cannot be added up");
    }
  });
}

/// Those three columns stand side by side.
void merge_moments(const Rows& left, const Rows& right, std::size_t at, const std::vector<Match>& matches,
                   std::vector<Column>& out) {
  const auto view = [&]<class T>(const Rows& rows, std::size_t k) {
    return ColumnView<T>(rows.column(at + k));
  };
  const auto n1 = view.operator()<std::int64_t>(left, 0), n2 = view.operator()<std::int64_t>(right, 0);
  const auto mean1 = view.operator()<double>(left, 1), mean2 = view.operator()<double>(right, 1);
  const auto m1 = view.operator()<double>(left, 2), m2 = view.operator()<double>(right, 2);
  ColumnBuilder counts(TypeId::int64), means(TypeId::float64), squares(TypeId::float64);
  for (const Match& match : matches) {
    const std::int64_t a = match.left == nowhere ? 0 : n1[match.left];
    const std::int64_t b = match.right == nowhere ? 0 : n2[match.right];
    counts.append(a + b);
    if (a == 0 || b == 0) {
      const bool is_left = b == 0 && match.left != nowhere;
      means.append(is_left ? mean1.get(match.left) : mean2.get(match.right));
      squares.append(is_left ? m1.get(match.left) : m2.get(match.right));
      continue;
    }
    const double x = static_cast<double>(a), y = static_cast<double>(b),
                 delta = mean2[match.right] - mean1[match.left];
    means.append(mean1[match.left] + delta * (y / (x + y)));
    squares.append(m1[match.left] + m2[match.right] + delta * delta * (x * y / (x + y)));
  }
  out.push_back(counts.finish());
  out.push_back(means.finish());
  out.push_back(squares.finish());
}

Column merge_column(std::string_view how, const Column& left, const Column& right,
                    const std::vector<Match>& matches) {
  if (how == "key" || how == "first") return chosen(left, right, matches, [](auto, auto) { return false; });
  if (how == "last") return chosen(left, right, matches, [](auto, auto) { return true; });
  if (how == "any") return chosen(left, right, matches, [&](auto i, auto) { return left.is_null(i); });
  if (how == "min" || how == "max") {
    const int sign = how == "min" ? 1 : -1;
    const RowOrder order(left, right);
    return chosen(left, right, matches, [&](auto i, auto j) {
      return left.is_null(i) || (!right.is_null(j) && sign * order(i, j) > 0);
    });
  }
  if (how == "product")
    return combined<double>(left, right, matches, [](double a, double b) { return a * b; });
  return sums(left, right, matches);
}

}  // namespace

Rows merge_groups(const Rows& left, const Rows& right) {
  const std::vector<Match> matches = match_rows(left, right);
  std::vector<Column> columns;
  while (columns.size() < left.schema().size()) {
    const std::size_t at = columns.size();
    const std::string_view how = how_of(left.schema()[at]);
    if (how == "count") {
      merge_moments(left, right, at, matches, columns);
    } else {
      columns.push_back(merge_column(how, left.column(at), right.column(at), matches));
    }
  }
  return Rows(left.schema(), std::move(columns), static_cast<std::int64_t>(matches.size()));
}

}  // namespace ramal::detail
