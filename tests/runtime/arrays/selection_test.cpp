// SPDX-License-Identifier: BSD-3-Clause
// The greatest and least elements, unique values and searches, compared with sorted elements.
#include "tests/runtime/arrays/random_arrays.hpp"

#include <ramal/array_search.hpp>
#include <ramal/array_selection.hpp>

namespace ramal::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
bool is_less(const T& a, const T& b) {  // NaN last
  return a < b || (b != b && a == a);
}
/// The places of the first `k` in order.
template <class T>
std::vector<std::int64_t> sorted_places(const std::vector<T>& line, std::int64_t k) {
  std::vector<std::int64_t> places(line.size());
  std::iota(places.begin(), places.end(), 0);
  std::stable_sort(places.begin(), places.end(), [&](std::int64_t i, std::int64_t j) {
    const T a = line[static_cast<std::size_t>(i)], b = line[static_cast<std::size_t>(j)];
    return k < 0 ? is_less<T>(a, b) : is_less<T>(b, a);
  });
  places.resize(std::min(places.size(), static_cast<std::size_t>(std::abs(k))));
  return places;
}

TEST(Topk, GivesTheFirstOfSortedLines) {
  on_all_engines([](Session& session) {
    for_real_types([&]<class T>() {
      for (unsigned seed = 0; seed < 3; ++seed) {
        const RandomArray<T> a(seed, seed + 1, true);
        for (std::size_t axis = 0; axis < a.shape.size(); ++axis) {
          for (const std::int64_t k : {3, -4, 100}) {
            const auto along = static_cast<std::int64_t>(axis);
            const auto [values, places] =
                session.compute(topk(a.array(), k, along), argtopk(a.array(), k, along));
            const auto lines = a.lines(axis);
            const std::size_t length = values.shape()[axis];
            EXPECT_EQ(length, std::min<std::size_t>(static_cast<std::size_t>(std::abs(k)), a.shape[axis]));
            EXPECT_EQ(places.shape(), values.shape());
            const detail::Strip strip(values.shape(), along);
            for (std::size_t l = 0; l < lines.size(); ++l) {
              const auto expected = sorted_places(lines[l], k);
              std::vector<T> first;
              std::vector<std::int64_t> at, found;
              const std::size_t begin = l / strip.after * length * strip.after + l % strip.after;
              std::vector<T> expected_values;
              for (std::size_t i = 0; i < length; ++i) {
                first.push_back(values.data()[begin + i * strip.after]);
                at.push_back(places.data()[begin + i * strip.after]);
                expected_values.push_back(lines[l][static_cast<std::size_t>(expected[i])]);
              }
              EXPECT_EQ(at, expected) << about_case(seed, a);
              expect_same(first, expected_values, about_case(seed, a));
            }
          }
        }
      }
    });
  });
}

TEST(Topk, AtTheEdges) {
  on_all_engines([](Session& session) {
    const auto a = array_of<double>({3, nan, 9, 9, -infinity, 1}, {2});
    expect_same(elements(session.compute(topk(a, 3))), {nan, 9, 9}, "greatest");
    EXPECT_EQ(elements(session.compute(argtopk(a, 3))), (std::vector<std::int64_t>{1, 2, 3}));
    EXPECT_EQ(elements(session.compute(argtopk(a * 1, -2))), (std::vector<std::int64_t>{4, 5}));
    EXPECT_EQ(session.compute(topk(a, 0)).size(), 0u);
    EXPECT_EQ(session.compute(topk(zeros<int>({0}), 3)).size(), 0u);
    EXPECT_EQ(session.compute(topk(zeros<int>({0, 5}), 3, 1)).shape(), (Extents{0, 3}));
    EXPECT_EQ(session.compute(topk(arange<int>(10, {3}), std::numeric_limits<std::int64_t>::min())).size(),
              10u);
    // What comes out is an array like any other, also of several blocks.
    const auto matrix =
        from_memory(std::vector<int>{4, 1, 3, 8, 5, 9, 2, 2, 7, 0, 6, 6}.data(), {3, 4}, {2, 3});
    EXPECT_EQ(elements(session.compute(topk(matrix, 2).sum(1))), (std::vector<std::int64_t>{12, 14, 13}));
    EXPECT_EQ(elements(session.compute(topk(matrix, -1, 0)(0) + 1)), (std::vector<int>{5, 1, 3, 3}));
  });
  EXPECT_TRUE(
      contains(message([] { topk(zeros<int>({3}), 2, 1); }), "topk: expected an axis of an array of 1"));
  EXPECT_TRUE(
      contains(message([] { argtopk(zeros<int>({}), 2); }), "argtopk: expected an axis of an array of 0"));
}

TEST(Unique, CountsEachValueOnce) {
  on_all_engines([](Session& session) {
    for_real_types([&]<class T>() {
      for (unsigned seed = 20; seed < 24; ++seed) {
        const RandomArray<T> a(seed, seed % 3 + 1, true);
        std::vector<T> sorted = a.values, values;
        std::sort(sorted.begin(), sorted.end(), [](const T& x, const T& y) { return is_less<T>(x, y); });
        std::vector<std::int64_t> counts;
        for (const T& one : sorted) {
          if (values.empty() || !is_same<T>(values.back(), one)) {
            values.push_back(one);
            counts.push_back(0);
          }
          ++counts.back();
        }
        const auto found = unique(a.array());
        const auto [found_values, found_counts] = session.compute(found.values, found.counts);
        expect_same(elements(found_values), values, about_case(seed, a));
        EXPECT_EQ(elements(found_counts), counts) << about_case(seed, a);
      }
    });
    EXPECT_EQ(session.compute(unique(zeros<double>({0})).values).size(), 0u);
    EXPECT_EQ(elements(session.compute(unique(arange<int>(20, {3}) % 3).counts)),
              (std::vector<std::int64_t>{7, 7, 6}));
  });
}

TEST(Searches, CountWhatIsBelow) {
  on_all_engines([](Session& session) {
    for_real_types([&]<class T>() {
      for (unsigned seed = 30; seed < 33; ++seed) {
        RandomArray<T> sorted(seed, 1, true);
        std::sort(sorted.values.begin(), sorted.values.end(),
                  [](const T& x, const T& y) { return is_less<T>(x, y); });
        const RandomArray<T> values(seed + 100, seed % 3 + 1, true);
        for (const SearchSide side : {SearchSide::left, SearchSide::right}) {
          std::vector<std::int64_t> expected;
          for (const T& value : values.values)
            expected.push_back(std::count_if(sorted.values.begin(), sorted.values.end(), [&](const T& one) {
              return side == SearchSide::left ? is_less<T>(one, value) : !is_less<T>(value, one);
            }));
          const auto found = session.compute(searchsorted(sorted.array(), values.array(), side));
          EXPECT_EQ(elements(found), expected) << about_case(seed, values);
          EXPECT_EQ(found.shape(), values.shape);
        }
      }
    });
    const auto sorted = arange<int>(0, 10, 2, {2});
    EXPECT_EQ(session.compute(searchsorted(sorted, 4)), 2);
    EXPECT_EQ(session.compute(searchsorted(sorted, 4.5, SearchSide::right)), 3);
    EXPECT_EQ(elements(session.compute(searchsorted(sorted, sorted.flip() + 1) * 2)),
              (std::vector<std::int64_t>{10, 8, 6, 4, 2}));
    EXPECT_EQ(session.compute(searchsorted(zeros<int>({0}), 4)), 0);
    EXPECT_EQ(session.compute(searchsorted(sorted, zeros<int>({0, 2}))).shape(), (Extents{0, 2}));
  });
  EXPECT_TRUE(contains(message([] {
                         searchsorted(zeros<int>({2, 2}), 1);
                       }),
                       "searchsorted: expected sorted elements of one axis, found shape (2, 2)"));
}

/// As NumPy 1.24's digitize.
TEST(Searches, FindTheBinOfEachValue) {
  on_all_engines([](Session& session) {
    const auto x = array_of<double>({0.2, 6.4, 3.0, 1.6, 0, 10, -1, 1, nan, infinity}, {3});
    const auto at = [&](const auto& array) { return elements(session.compute(array)); };
    using Places = std::vector<std::int64_t>;
    EXPECT_EQ(at(digitize(x, {0, 1, 2.5, 4, 10})), (Places{1, 4, 3, 2, 1, 5, 0, 2, 5, 5}));
    EXPECT_EQ(at(digitize(x, {0, 1, 2.5, 4, 10}, true)), (Places{1, 4, 3, 2, 0, 4, 0, 1, 5, 5}));
    EXPECT_EQ(at(digitize(x, {10, 4, 2.5, 1, 0})), (Places{4, 1, 2, 3, 4, 0, 5, 3, 0, 0}));
    EXPECT_EQ(at(digitize(x, {10, 4, 2.5, 1, 0}, true)), (Places{4, 1, 2, 3, 5, 1, 5, 4, 0, 0}));
    EXPECT_EQ(at(digitize(x, array_of<int>({1, 1, 1}, {2}))), (Places{0, 3, 3, 3, 0, 3, 0, 3, 3, 3}));
    EXPECT_EQ(at(digitize(x(slice(3)), std::vector<double>())), (Places{0, 0, 0}));
    EXPECT_EQ(session.compute(digitize(zeros<int>({0}), {1, 2})).size(), 0u);
    EXPECT_TRUE(contains(message([&] {
                           session.compute(digitize(x, {0, 2, 1}));
                         }),
                         "digitize: expected bins that rise or fall monotonically"));
  });
}

}  // namespace
}  // namespace ramal::test
