// SPDX-License-Identifier: BSD-3-Clause
// Selection of order statistics from the blocks of an array, without sorting or moving them: digit by digit.
//
// Each element has a key, a whole number that is ordered as the elements are. A pass counts, among those
// elements whose first digits are known to be those of an order statistic, how many have each next digit of
// 16 bits; counts are combined in a tree, and tell that digit. So elements of 64 bits take four passes. Their
// results are small: a block's has at most as many counts as elements, and 2^16 for each prefix that is
// looked for. The result is exact, whatever the chunks.
//
//   pass 0      all elements                       counts of 16 bits  ->  the first digit
//   pass 1      those that begin with it           counts of 16 bits  ->  the second digit   …
#pragma once

#include <ramal/detail/quantile_method.hpp>
#include <ramal/detail/statistics.hpp>

#include <bit>

namespace ramal::detail {

/// Keys of elements: unsigned numbers of their size in their order; -0.0 before 0.0.
template <class T>
struct OrderKey {
  static_assert(Number<T> && !is_complex<T> && sizeof(T) <= 8,
                "ramal: quantiles are of arrays of real numbers of at most 64 bits");
  using Key = typename IntegerOf<sizeof(T), false>::type;
  static constexpr int bits = 8 * sizeof(T);
  static constexpr Key sign = Key(Key(1) << (bits - 1));

  /// A NaN has none.
  static std::uint64_t of(const T& element) {
    if constexpr (std::same_as<T, bool>) {
      return element ? 1 : 0;
    } else {
      const Key key = std::bit_cast<Key>(element);
      if constexpr (std::floating_point<T>) {
        return static_cast<Key>((key & sign) != 0 ? ~key : key ^ sign);
      } else {
        return static_cast<Key>(std::signed_integral<T> ? key ^ sign : key);
      }
    }
  }
  static T element(std::uint64_t of) {
    if constexpr (std::same_as<T, bool>) {
      return of != 0;
    } else {
      const auto key = static_cast<Key>(of);
      if constexpr (std::floating_point<T>) {
        return std::bit_cast<T>(static_cast<Key>((key & sign) != 0 ? key ^ sign : ~key));
      } else {
        return std::bit_cast<T>(static_cast<Key>(std::signed_integral<T> ? key ^ sign : key));
      }
    }
  }
};
template <class T>
inline constexpr int digit_bits = sizeof(T) == 1 ? 8 : 16;
template <class T>
inline constexpr int digits_of = OrderKey<T>::bits / digit_bits<T>;

/// How many elements have a digit behind the prefix of that number: `digit + prefix << 16`.
struct DigitCount {
  std::uint64_t digit;
  std::int64_t count;
};
/// That of NaNs.
inline constexpr std::uint64_t nan_digit = ~std::uint64_t{0};

/// What is looked for, and what is known of it after some passes.
struct DigitSelection {
  /// An order statistic: the first digits of its key, and which of the elements with these it is.
  struct Target {
    std::uint64_t prefix;
    std::int64_t at;
  };
  std::vector<double> quantiles;
  QuantileMethod method = QuantileMethod::linear;
  bool skips_nan = false;
  bool is_nan = false;  ///< all results are
  std::int64_t passes = 0;
  std::vector<Target> targets = {};           ///< two for each quantile
  std::vector<double> shares = {};            ///< see QuantilePlace
  std::vector<std::uint64_t> prefixes = {0};  ///< those of the targets, in order; once each

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& quantiles& method& skips_nan& is_nan& passes& targets& shares& prefixes;
  }
};
/// The same with the digits that these counts tell.
DigitSelection with_next_digit(const Block<DigitCount>& counts, DigitSelection selection, int bits);
/// Counts of two parts, in the order of their digits.
Block<DigitCount> merge_digits(Block<DigitCount> a, const Block<DigitCount>& b);

/// Counts digits in numbers from 0 to before `cells`: in cells if there are more values than these, else by
/// sorting.
class DigitCounter {
 public:
  DigitCounter(std::uint64_t cells, std::int64_t values) {
    if (cells <= static_cast<std::uint64_t>(values)) cells_.resize(cells);
  }
  void add(std::uint64_t digit) {
    if (!cells_.empty()) {
      ++cells_[digit];
    } else {
      seen_.push_back(digit);
    }
  }
  /// Those that were seen, and of NaNs so many.
  Block<DigitCount> counts(std::int64_t nans);

 private:
  std::vector<std::int64_t> cells_;
  std::vector<std::uint64_t> seen_;
};

/// The counts of a block in one pass.
template <class T>
class DigitStatistic {
 public:
  static constexpr std::string_view name = "count digits";
  using Result = Block<DigitCount>;

  explicit DigitStatistic(const StatisticCall& call)
      : selection_(call.input<DigitSelection>(0)),
        shift_(OrderKey<T>::bits - digit_bits<T> * (static_cast<int>(selection_.passes) + 1)),
        counter_(selection_.prefixes.size() << digit_bits<T>, is_done() ? 0 : call.elements()) {}
  bool is_done() const { return selection_.prefixes.empty(); }

  void take(const T* values, std::int64_t count) {
    const std::vector<std::uint64_t>& prefixes = selection_.prefixes;
    for (std::int64_t i = 0; i < count; ++i) {
      if (is_nan_value(values[i])) {
        ++nans_;
        continue;
      }
      const std::uint64_t known = OrderKey<T>::of(values[i]) >> shift_;
      const std::uint64_t prefix = known >> digit_bits<T>, digit = known & mask;
      if (prefixes.size() == 1) {
        if (prefix == prefixes[0]) counter_.add(digit);
        continue;
      }
      const auto found = std::lower_bound(prefixes.begin(), prefixes.end(), prefix);
      if (found == prefixes.end() || *found != prefix) continue;
      counter_.add(static_cast<std::uint64_t>(found - prefixes.begin()) << digit_bits<T> | digit);
    }
  }
  Result result() && { return counter_.counts(nans_); }

 private:
  static constexpr std::uint64_t mask = (std::uint64_t{1} << digit_bits<T>)-1;
  const DigitSelection& selection_;
  int shift_;
  DigitCounter counter_;
  std::int64_t nans_ = 0;
};

template <class T>
DigitSelection find_next_digit(const Block<DigitCount>& counts, DigitSelection selection) {
  return with_next_digit(counts, std::move(selection), digit_bits<T>);
}
template <class T>
Block<Inexact<T>> selected_quantiles(const DigitSelection& selection, bool is_single) {
  using R = Inexact<T>;
  const std::size_t count = selection.quantiles.size();
  Block<R> block(is_single ? Extents{} : Extents{count});
  for (std::size_t i = 0; i < count; ++i) {
    if (selection.is_nan) {
      block.data()[i] = std::numeric_limits<R>::quiet_NaN();
      continue;
    }
    block.data()[i] = between(OrderKey<T>::element(selection.targets[2 * i].prefix),
                              OrderKey<T>::element(selection.targets[2 * i + 1].prefix), selection.shares[i],
                              selection.method);
  }
  return block;
}

/// Quantiles of all elements.
template <bool is_single, class T, class Node>
Array<Inexact<T>, Leaf<Inexact<T>, is_single>> quantiles_of_all(const Array<T, Node>& array,
                                                                DigitSelection selection,
                                                                std::source_location where) {
  Extents shape;
  if constexpr (!is_single) shape = {selection.quantiles.size()};
  FamilySource known = single_source(value(std::move(selection), where).task_handle());
  for (int pass = 0; pass < digits_of<T>; ++pass) {
    FamilyView counts = combined_all<&merge_digits, Block<DigitCount>>(
        statistic_family<DigitStatistic<T>>(array, {for_all(known)}, {}, where), where);
    known = {
        map_families<&find_next_digit<T>, DigitSelection>({{std::move(counts), {}}, known}, where).view(),
        {}};
  }
  const FamilySource shaped = single_source(value(is_single).task_handle());
  const auto quantiles = map_families<&selected_quantiles<T>, Block<Inexact<T>>>({known, shaped}, where);
  return placed_once<Inexact<T>, is_single>({quantiles.view(), {}}, shape, where);
}

}  // namespace ramal::detail
