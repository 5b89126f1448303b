// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/merge.hpp"

#include "io/tables/merge_moments.hpp"
#include "io/tables/order.hpp"
#include "io/tables/sketches.hpp"

#include <ramal/rows_builder.hpp>

#include <string>

namespace ramal::detail {

namespace {

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

/// The elements of both, in one list.
Column joined_lists(const Column& left, const Column& right, const std::vector<Match>& matches) {
  ColumnBuilder out(left.type());
  const auto append = [&](const Column& lists, std::int64_t row) {
    if (row == nowhere || lists.is_null(row)) return false;
    const std::int32_t* offsets = lists.offsets().data() + row;
    out.child().append_column(lists.child(), offsets[0], offsets[1] - offsets[0]);
    return true;
  };
  for (const Match& match : matches) {
    const bool has_left = append(left, match.left), has_right = append(right, match.right);
    has_left || has_right ? out.end_list() : out.append_null();
  }
  return out.finish();
}

Column merged_states(const Column& left, const Column& right, const std::vector<Match>& matches,
                     MergeBytes merge) {
  const ColumnView<std::string_view> a(left), b(right);
  ColumnBuilder out(left.type());
  for (const Match& match : matches)
    out.append_text(match.is_both()         ? merge(a[match.left], b[match.right])
                    : match.left != nowhere ? a[match.left]
                                            : b[match.right]);
  return out.finish();
}

Column merged_bits(std::string_view how, const Column& left, const Column& right,
                   const std::vector<Match>& matches) {
  return with_value_type(left.type(), [&]<class T>() -> Column {
    if constexpr ((std::integral<T> && !std::same_as<T, bool>) || std::same_as<T, Int128>) {
      return combined<T>(left, right, matches, [how](T a, T b) {
        return static_cast<T>(how == "and" ? a & b : how == "or" ? a | b : a ^ b);
      });
    } else {
      throw std::invalid_argument("a column of type " + left.type().text() + " has no bits");
    }
  });
}

/// In which order groups appear first.
Column places(const Column& left, const Column& right, const std::vector<Match>& matches) {
  const ColumnView<std::int64_t> a(left), b(right);
  std::int64_t behind = 0;
  for (const std::int64_t place : a.values()) behind = std::max(behind, place + 1);
  ColumnBuilder out(TypeId::int64);
  for (const Match& match : matches)
    out.append(match.left != nowhere ? a[match.left] : behind + b[match.right]);
  return out.finish();
}

bool is_extreme(std::string_view how) { return how == "min" || how == "max"; }

/// The rows of either that have the lesser or greater value in a column of extremes.
Column of_extremes(std::string_view how, const Column& left, const Column& right, const Column& left_extremes,
                   const Column& right_extremes, const std::vector<Match>& matches) {
  const int sign = how == "min" ? 1 : -1;
  const RowOrder order(left_extremes, right_extremes);
  return chosen(left, right, matches, [&](auto i, auto j) {
    return left_extremes.is_null(i) || (!right_extremes.is_null(j) && sign * order(i, j) > 0);
  });
}

Column merge_column(std::string_view how, const Column& left, const Column& right,
                    const std::vector<Match>& matches) {
  if (how == "key") return chosen(left, right, matches, [](auto, auto) { return false; });
  if (how == "any") return chosen(left, right, matches, [&](auto i, auto) { return left.is_null(i); });
  if (is_extreme(how)) return of_extremes(how, left, right, left, right, matches);
  if (how == "place") return places(left, right, matches);
  if (how == "list") return joined_lists(left, right, matches);
  if (how == "and" || how == "or" || how == "xor") return merged_bits(how, left, right, matches);
  if (how == "product")
    return combined<double>(left, right, matches, [](double a, double b) { return a * b; });
  return sums(left, right, matches);
}

}  // namespace

Rows merge_groups(const Rows& left, const Rows& right) { return merge_groups(left, right, nullptr); }

Rows merge_groups(const Rows& left, const Rows& right, MergeBytes merge_state) {
  const std::vector<Match> matches = match_rows(left, right);
  std::vector<Column> columns;
  while (columns.size() < left.schema().size()) {
    const std::size_t at = columns.size();
    const std::string_view how = how_of(left.schema()[at]);
    const Column &of_left = left.column(at), &of_right = right.column(at);
    const MergeBytes merge = how == "state" ? merge_state : merge_of_sketches(how);
    if (how == "count") {
      merge_moments(left, right, at, matches, columns);
    } else if (merge != nullptr) {
      columns.push_back(merged_states(of_left, of_right, matches, merge));
    } else if (how == "argmin" || how == "argmax") {
      columns.push_back(
          of_extremes(how.substr(3), of_left, of_right, left.column(at + 1), right.column(at + 1), matches));
    } else if (how == "first" || how == "last") {
      const ColumnView<std::int64_t> left_rows(left.column(at + 1)), right_rows(right.column(at + 1));
      columns.push_back(chosen(of_left, of_right, matches, [&](auto i, auto j) {
        return how == "first" ? left_rows[i] == 0 : right_rows[j] != 0;
      }));
    } else {
      columns.push_back(merge_column(how, of_left, of_right, matches));
    }
  }
  return Rows(left.schema(), std::move(columns), static_cast<std::int64_t>(matches.size()));
}

}  // namespace ramal::detail
