// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/merge_moments.hpp"

#include "io/tables/merge.hpp"

#include <ramal/rows_builder.hpp>

namespace ramal::detail {

namespace {

using Doubles = ColumnView<double>;

/// How many there are on both sides of each match; where one side has none, the other's sums hold as they
/// are.
class Weights {
 public:
  Weights(const Column& left, const Column& right, const std::vector<Match>& matches) : matches_(matches) {
    const ColumnView<std::int64_t> a(left), b(right);
    for (const Match& match : matches) {
      left_.push_back(match.left == nowhere ? 0 : a[match.left]);
      right_.push_back(match.right == nowhere ? 0 : b[match.right]);
    }
  }

  Column counts() const {
    ColumnBuilder out(TypeId::int64);
    for (std::size_t k = 0; k < matches_.size(); ++k) out.append(left_[k] + right_[k]);
    return out.finish();
  }
  /// `combine(match, n of the left, n of the right)` where both have some.
  template <class Combine>
  Column combined(const Column& left, const Column& right, const Combine& combine) const {
    const Doubles a(left), b(right);
    ColumnBuilder out(TypeId::float64);
    for (std::size_t k = 0; k < matches_.size(); ++k) {
      const Match& match = matches_[k];
      if (left_[k] != 0 && right_[k] != 0) {
        out.append(combine(match, static_cast<double>(left_[k]), static_cast<double>(right_[k])));
      } else {
        const bool is_left = match.right == nowhere || (match.left != nowhere && left_[k] != 0);
        out.append(is_left ? a.get(match.left) : b.get(match.right));
      }
    }
    return out.finish();
  }

 private:
  const std::vector<Match>& matches_;
  std::vector<std::int64_t> left_, right_;
};

/// The means of one variable on both sides.
struct Means {
  Doubles left, right;
  double difference(const Match& match) const { return right[match.right] - left[match.left]; }
};

}  // namespace

void merge_moments(const Rows& left, const Rows& right, std::size_t at, const std::vector<Match>& matches,
                   std::vector<Column>& out) {
  const Weights weights(left.column(at), right.column(at), matches);
  out.push_back(weights.counts());
  std::vector<Means> means;  // of the variables so far
  for (++at; at < left.schema().size(); ++at) {
    const std::string_view how = how_of(left.schema()[at]);
    const Column &of_left = left.column(at), &of_right = right.column(at);
    if (how != "mean" && how != "m2" && how != "co") return;
    const Doubles a(of_left), b(of_right);
    if (how == "mean") {
      means.push_back({a, b});
      out.push_back(weights.combined(of_left, of_right, [&](const Match& match, double n, double m) {
        return a[match.left] + means.back().difference(match) * (m / (n + m));
      }));
    } else {
      const Means &x = how == "co" ? means.front() : means.back(), &y = means.back();
      out.push_back(weights.combined(of_left, of_right, [&](const Match& match, double n, double m) {
        const double product = x.difference(match) * y.difference(match);
        return a[match.left] + b[match.right] + product * (n * m / (n + m));
      }));
    }
  }
}

}  // namespace ramal::detail
