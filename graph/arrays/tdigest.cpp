// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/tdigest.hpp>

#include <algorithm>
#include <numbers>

namespace ramal::detail {

namespace {

/// Of values of which a share q lies below: how far those may reach that one centroid stands for. The scale
/// function is k(q) = compression / (2 pi) asin(2 q - 1), along which a centroid takes at most 1.
double furthest(double q, double compression) {
  const double scale = compression / (2 * std::numbers::pi);
  const double next = std::asin(2 * q - 1) + 1 / scale;
  return next >= std::numbers::pi / 2 ? 1 : (std::sin(next) + 1) / 2;
}
/// The mean of x and y with these weights, never beyond either.
double weighted_mean(double x, double x_weight, double y, double y_weight) {
  const double mean = (x * x_weight + y * y_weight) / (x_weight + y_weight);
  return std::clamp(mean, std::min(x, y), std::max(x, y));
}

}  // namespace

void Digest::add(double value) {
  if (value != value) {
    ++nans_;
  } else if (std::isinf(value)) {
    ++(value < 0 ? below_ : above_);
  } else {
    least_ = std::min(least_, value);
    greatest_ = std::max(greatest_, value);
    buffer_.push_back({value, 1});
    if (static_cast<double>(buffer_.size()) >= 8 * compression_) finish();
  }
}

void Digest::add(const Digest& other) {
  if (compression_ == 0) compression_ = other.compression_;
  least_ = std::min(least_, other.least_);
  greatest_ = std::max(greatest_, other.greatest_);
  below_ += other.below_;
  above_ += other.above_;
  nans_ += other.nans_;
  buffer_.insert(buffer_.end(), other.centroids_.begin(), other.centroids_.end());
}

double Digest::weight() const {
  double total = 0;
  for (const Centroid& one : centroids_) total += one.weight;
  return total;
}

void Digest::finish() {
  if (buffer_.empty()) return;
  buffer_.insert(buffer_.begin(), centroids_.begin(), centroids_.end());
  std::ranges::stable_sort(buffer_, {}, &Centroid::mean);
  double total = 0;
  for (const Centroid& one : buffer_) total += one.weight;
  centroids_.assign(1, buffer_.front());
  double before = 0;  // the weight of all centroids but the last
  double limit = total * furthest(0, compression_);
  for (std::size_t i = 1; i < buffer_.size(); ++i) {
    const Centroid& next = buffer_[i];
    Centroid& last = centroids_.back();
    if (before + last.weight + next.weight <= limit) {
      last.weight += next.weight;
      last.mean += (next.mean - last.mean) * next.weight / last.weight;
    } else {
      before += last.weight;
      limit = total * furthest(before / total, compression_);
      centroids_.push_back(next);
    }
  }
  buffer_.clear();
}

double Digest::quantile(double q) const {
  const double finite = weight();
  const double total = finite + static_cast<double>(below_ + above_);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (nans_ > 0 || total == 0) return std::numeric_limits<double>::quiet_NaN();
  const double index = q * total - static_cast<double>(below_);
  if (below_ > 0 && index <= 0) return -infinity;
  if (above_ > 0 && index >= finite) return infinity;
  return at_index(index, finite);
}

/// A centroid's values lie around its mean, half of them on each side; one value lies at it. The least and
/// the greatest are known.
double Digest::at_index(double index, double total) const {
  if (index < 1) return least_;
  if (index >= total - 1) return greatest_;
  const Centroid &first = centroids_.front(), &last = centroids_.back();
  if (first.weight > 1 && index < first.weight / 2)
    return least_ + (index - 1) / (first.weight / 2 - 1) * (first.mean - least_);
  if (last.weight > 1 && total - index <= last.weight / 2)
    return greatest_ - (total - index - 1) / (last.weight / 2 - 1) * (greatest_ - last.mean);
  double before = first.weight / 2;
  for (std::size_t i = 0; i + 1 < centroids_.size(); ++i) {
    const Centroid &left = centroids_[i], &right = centroids_[i + 1];
    const double between = (left.weight + right.weight) / 2;
    if (before + between <= index) {
      before += between;
      continue;
    }
    double from_left = index - before, from_right = before + between - index;
    if (left.weight == 1) {
      if (from_left < 0.5) return left.mean;
      from_left -= 0.5;
    }
    if (right.weight == 1) {
      if (from_right <= 0.5) return right.mean;
      from_right -= 0.5;
    }
    return weighted_mean(left.mean, from_right, right.mean, from_left);
  }
  return last.mean;
}

Digest merge_digests(Digest a, const Digest& b) {
  a.add(b);
  a.finish();
  return a;
}

Block<double> digest_quantiles(const Digest& digest, const std::vector<double>& quantiles, bool is_single) {
  Block<double> block(is_single ? Extents{} : Extents{quantiles.size()});
  for (std::size_t i = 0; i < quantiles.size(); ++i) block.data()[i] = digest.quantile(quantiles[i]);
  return block;
}

}  // namespace ramal::detail
