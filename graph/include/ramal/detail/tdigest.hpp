// SPDX-License-Identifier: BSD-3-Clause
// The t-digest: a sketch of a distribution that knows its tails well (T. Dunning, O. Ertl: Computing
// extremely accurate quantiles using t-digests. arXiv:1902.04023, 2019). This is the merging variant with the
// scale function k_1.
#pragma once

#include <ramal/detail/statistics.hpp>

namespace ramal::detail {

/// Some values that lie beside each other: their mean, and how many they are.
struct Centroid {
  double mean, weight;
};

/// Values are sorted in a buffer and then merged into the centroids, which are at most about `compression`.
/// What comes out hangs on the values and their order alone.
class Digest {
 public:
  Digest() = default;
  explicit Digest(double compression) : compression_(compression) {}
  void add(double value);
  /// Adds what another has seen.
  void add(const Digest& other);
  /// Merges what is in the buffer.
  void finish();
  /// That of all that was added, NaN if one of these was or there was none. Requires finish().
  double quantile(double q) const;

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& compression_& centroids_& least_& greatest_& below_& above_& nans_;
  }

 private:
  double weight() const;
  /// The quantile of the finite values, where `index` of them lie below.
  double at_index(double index, double total) const;

  double compression_ = 0;
  std::vector<Centroid> centroids_ = {};  ///< in the order of their means
  std::vector<Centroid> buffer_ = {};
  double least_ = std::numeric_limits<double>::infinity();
  double greatest_ = -std::numeric_limits<double>::infinity();
  std::int64_t below_ = 0, above_ = 0, nans_ = 0;  ///< infinities, and NaNs
};

template <class T>
class DigestStatistic {
 public:
  static constexpr std::string_view name = "t-digest";
  using Result = Digest;
  explicit DigestStatistic(const StatisticCall& call) : digest_(call.parameters().raw<double>()) {}
  void take(const T* values, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) digest_.add(static_cast<double>(values[i]));
  }
  Result result() && {
    digest_.finish();
    return std::move(digest_);
  }

 private:
  Digest digest_;
};
Digest merge_digests(Digest a, const Digest& b);
Block<double> digest_quantiles(const Digest& digest, const std::vector<double>& quantiles, bool is_single);

template <bool is_single, class T, class Node>
Array<double, Leaf<double, is_single>> sketched_quantiles(const Array<T, Node>& array,
                                                          const std::vector<double>& quantiles,
                                                          double compression, std::source_location where) {
  static_assert(Number<T> && !is_complex<T>, "ramal: quantiles are of arrays of real numbers");
  std::vector<std::byte> parameters;
  append_padded(parameters, &compression, sizeof compression);
  const Family<Digest> all(combined_all<&merge_digests, Digest>(
      statistic_family<DigestStatistic<T>>(array, {}, parameters, where), where));
  const auto made = map<&digest_quantiles>({all, where}, quantiles, is_single);
  return placed_once<double, is_single>({made.view(), {}}, is_single ? Extents{} : Extents{quantiles.size()},
                                        where);
}

}  // namespace ramal::detail
