// SPDX-License-Identifier: BSD-3-Clause
// Functions of lines and sorting along an axis, beside plain loops and what NumPy gives.
#include "tests/runtime/arrays/said.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/array_along.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

namespace ramal::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
Array<T> array_of(const List<T>& elements, const Extents& shape, const Chunks& chunks = {}) {
  return from_memory(elements.data(), shape, chunks);
}

/// Some numbers without order.
double scattered(const Extents& at) {
  std::uint64_t number = 17;
  for (const std::uint64_t i : at) number = number * 31 + i * 7;
  return static_cast<double>(number * 2654435761 % 1009) - 500;
}
/// How arrays of (7, 5, 6) are cut.
const List<Chunks>& cuts() {
  static const List<Chunks> all{
      {}, {7, 5, 6}, {2, 2, 2}, {1, 5, 6}, {7, 1, 4}, {3, -1, 1}, Chunks({{1, 0, 4, 2}, {2, 3}, {5, 1}})};
  return all;
}
/// `call(line)` for each line of (7, 5, 6) along an axis, as the elements' numbers.
void for_lines(int axis, const std::function<void(const List<std::size_t>&)>& call) {
  const std::size_t lengths[3] = {7, 5, 6}, strides[3] = {30, 6, 1};
  for (std::size_t i = 0; i < 210; ++i) {
    if (i / strides[axis] % lengths[axis] != 0) continue;
    List<std::size_t> line;
    for (std::size_t k = 0; k < lengths[axis]; ++k) line.push_back(i + k * strides[axis]);
    call(line);
  }
}

void backwards_twice(std::span<const double> line, std::span<double> to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = 2 * line[line.size() - 1 - i];
}
void first_and_last(std::span<const double> line, std::span<std::int32_t> to) {
  if (line.empty()) return;
  to[0] = static_cast<std::int32_t>(line.front());
  to[1] = static_cast<std::int32_t>(line.back());
}
double spread(std::span<const double> line) {
  const auto [least, most] = std::ranges::minmax(line);
  return most - least;
}
double refuses_negative(std::span<const double> line) {
  if (line[0] < 0) throw std::runtime_error("a line begins below 0");
  return line[0];
}

TEST(Lines, OfAllAxesAndCutsAreGivenToFunctions) {
  on_all_engines([](Session& session) {
    for (const Chunks& chunks : cuts()) {
      const auto a = from_function<scattered>({7, 5, 6}, chunks);
      const List<double> values = elements(session.compute(a));
      for (int axis = 0; axis < 3; ++axis) {
        List<double> twice(210), spreads;
        List<std::int32_t> ends;
        for_lines(axis, [&](const List<std::size_t>& line) {
          double least = infinity, most = -infinity;
          for (std::size_t k = 0; k < line.size(); ++k) {
            twice[line[k]] = 2 * values[line[line.size() - 1 - k]];
            least = std::min(least, values[line[k]]);
            most = std::max(most, values[line[k]]);
          }
          spreads.push_back(most - least);
          ends.push_back(static_cast<std::int32_t>(values[line.front()]));
          ends.push_back(static_cast<std::int32_t>(values[line.back()]));
        });
        EXPECT_EQ(elements(session.compute(apply_along_axis<backwards_twice>(a, axis))), twice);
        const auto widths = session.compute(apply_along_axis<spread>(a, axis - 3));
        EXPECT_EQ(elements(widths), spreads);
        EXPECT_EQ(widths.dimensions(), 2u);
        const auto both = session.compute(apply_along_axis<first_and_last>(a, axis, 2).moveaxis(axis, -1));
        EXPECT_EQ(elements(both), ends);
      }
    }
  });
}

TEST(Lines, OfExpressionsViewsAndClosures) {
  on_all_engines([](Session& session) {
    const auto a = from_function<scattered>({9, 8}, {2, 3});
    const auto view = a(slice({}, {}, -2), slice(1, 7)).transpose();
    const double add = 0.5;
    const auto given = apply_along_axis(
        [add](std::span<const double> line, std::span<double> to) {
          for (std::size_t i = 0; i < to.size(); ++i) to[i] = line[i] + add;
        },
        view + view, 0);
    EXPECT_EQ(elements(session.compute(given)), elements(session.compute(view * 2 + 0.5)));
    const auto wide = arange<double>(3, {2}).broadcast_to({5, 3});
    EXPECT_EQ(elements(session.compute(apply_along_axis<spread>(wide, 0))), (List<double>{0, 0, 0}));
    EXPECT_EQ(elements(session.compute(apply_along_axis<spread>(wide, 1))), List<double>(5, 2));
    // A scalar of each line of an array of one axis is an array without axes.
    const auto one = apply_along_axis<spread>(arange<double>(7, {2}), 0);
    EXPECT_EQ(one.dimensions(), 0u);
    EXPECT_EQ(session.compute(one).data()[0], 6);
  });
}

TEST(Lines, MayBeEmptyOrNone) {
  on_all_engines([](Session& session) {
    EXPECT_EQ(session.compute(apply_along_axis<backwards_twice>(zeros<double>({0, 3}), 0)).shape(),
              (Extents{0, 3}));
    const auto none = session.compute(apply_along_axis<first_and_last>(zeros<double>({0, 3}), 0, 2));
    EXPECT_EQ(none.shape(), (Extents{2, 3}));
    EXPECT_EQ(elements(none), List<std::int32_t>(6, 0)) << "which the function leaves as they are";
    EXPECT_EQ(session.compute(apply_along_axis<spread>(zeros<double>({4, 0}), 0)).shape(), (Extents{0}));
    EXPECT_EQ(session.compute(apply_along_axis<backwards_twice>(zeros<double>({4, 2}), 1, 0)).shape(),
              (Extents{4, 0}));
    EXPECT_EQ(session.compute(sort(zeros<double>({4, 0}, {2, 1}), 1)).shape(), (Extents{4, 0}));
  });
}

TEST(Lines, AreCutSoThatBlocksKeepTheirSize) {
  const auto a = zeros<double>({1000, 800}, {100, 800});
  EXPECT_EQ(sort(a, 1).chunks(0), a.chunks(0)) << "as they are";
  EXPECT_EQ(sort(a, 0).grid(), (Extents{1, 10}));
  EXPECT_EQ(sort(a, 0).chunks(1), List<std::int64_t>(10, 80));
  EXPECT_EQ(sort(zeros<double>({100, 10, 70}, {10, 5, 70}), 0).chunks(1), List<std::int64_t>(10, 1));
  EXPECT_EQ(sort(zeros<double>({100, 10, 70}, {10, 5, 70}), 0).chunks(2), (List<std::int64_t>{35, 35}));
  EXPECT_EQ(sort(zeros<double>({9, 100}, {{3, 3, 3}, {40, 50, 10}}), 0).chunks(1),
            (List<std::int64_t>{17, 17, 6, 17, 17, 16, 10}))
      << "blocks do not reach over those before";
  EXPECT_EQ(sort(zeros<double>({100}, {10}), 0).grid(), (Extents{1}));
}

std::uint64_t thread_of(std::span<const double>) {
  return std::hash<std::thread::id>()(std::this_thread::get_id());
}

/// Also where nothing but the first axis was shared out before.
TEST(Lines, AreSharedOutAmongRanks) {
  ThreadedRanks threaded(2, 0);  // one thread each
  for (const Chunks& chunks : {Chunks{4, 64}, Chunks{4, 8}, Chunks{4, 1}, Chunks{64, 8}}) {
    const auto threads = elements(
        threaded.session().compute(apply_along_axis<thread_of>(full<double>({64, 64}, 1, chunks), 0)));
    EXPECT_EQ(std::ranges::count(threads, threads.front()), 32);
    EXPECT_NE(threads.front(), threads.back());
  }
}

TEST(Lines, WhoseFunctionsFailAreToldOf) {
  SerialRanks serial;
  EXPECT_TRUE(
      contains(message([&] {
                 serial.session().compute(apply_along_axis<refuses_negative>(full<double>({3, 4}, -1), 0));
               }),
               "a line begins below 0"));
  const auto a = zeros<double>({3, 4});
  EXPECT_TRUE(contains(message([&] { apply_along_axis<spread>(a, 2); }),
                       "apply_along_axis: expected an axis of an array of 2, found 2"));
  EXPECT_TRUE(contains(message([&] { apply_along_axis<backwards_twice>(a, 0, -1); }),
                       "expected a length of 0 or more, found -1"));
  EXPECT_TRUE(contains(message([&] { apply_along_axis<spread>(a, 0, 4); }), "has no length, found 4"));
  const double local = 1;
  EXPECT_TRUE(contains(
      message([&] { apply_along_axis([at = &local](std::span<const double>) { return *at; }, a, 0); }),
      "the function of apply_along_axis"));
  EXPECT_TRUE(contains(message([&] { sort(a, -3); }), "sort: expected an axis of an array of 2, found -3"));
  EXPECT_TRUE(contains(message([&] { argsort(full<double>({}, 1)); }), "an axis of an array of 0, found -1"));
}

TEST(Lines, AreSorted) {
  on_all_engines([](Session& session) {
    for (const Chunks& chunks : cuts()) {
      const auto a = floor(from_function<scattered>({7, 5, 6}, chunks) / 100);
      const List<double> values = elements(session.compute(a));
      for (int axis = 0; axis < 3; ++axis) {
        List<double> sorted(210);
        List<std::int64_t> order(210);
        for_lines(axis, [&](const List<std::size_t>& line) {
          List<std::pair<double, std::int64_t>> pairs;
          for (std::size_t k = 0; k < line.size(); ++k)
            pairs.emplace_back(values[line[k]], static_cast<std::int64_t>(k));
          std::sort(pairs.begin(), pairs.end());
          for (std::size_t k = 0; k < line.size(); ++k) {
            sorted[line[k]] = pairs[k].first;
            order[line[k]] = pairs[k].second;
          }
        });
        EXPECT_EQ(elements(session.compute(sort(a, axis))), sorted);
        const auto kept = session.persist(a);
        const auto [of_kept, after] = session.compute(sort(kept, axis), kept);
        EXPECT_EQ(elements(of_kept), sorted);
        EXPECT_EQ(elements(after), values);
        EXPECT_EQ(elements(session.compute(argsort(a, axis))), order);
        EXPECT_EQ(elements(session.compute(sort(a.as<std::int8_t>(), axis).as<double>())), sorted);
      }
    }
  });
}

TEST(Lines, AreSortedAsByNumPy) {
  SerialRanks serial;
  Session& session = serial.session();
  const auto a = array_of<double>({nan, 1, -infinity, 0.0, nan, -0.0, infinity}, {7}, {3});
  EXPECT_EQ(elements(session.compute(argsort(a))), (List<std::int64_t>{2, 3, 5, 1, 6, 0, 4}));
  const auto sorted = session.compute(sort(a));
  EXPECT_FALSE(std::signbit(sorted.data()[1])) << "0 and -0 stay in their order";
  EXPECT_TRUE(std::signbit(sorted.data()[2]));
  EXPECT_TRUE(std::isnan(sorted.data()[5]) && std::isnan(sorted.data()[6]));
  // np.argsort([nan+1j, 1+nan*1j, 2+1j, nan+nan*1j, 2-1j, 0+nan*1j, nan-1j, 1+5j], kind="stable")
  using Complex = std::complex<double>;
  const auto z = array_of<Complex>(
      {{nan, 1}, {1, nan}, {2, 1}, {nan, nan}, {2, -1}, {0, nan}, {nan, -1}, {1, 5}}, {8}, {3});
  EXPECT_EQ(elements(session.compute(argsort(z))), (List<std::int64_t>{7, 4, 2, 5, 1, 6, 0, 3}));
  const auto bits = array_of<double>({1, 0, 1}, {3}) > 0;
  EXPECT_EQ(elements(session.compute(sort(bits))), (List<bool>{false, true, true}));
}

}  // namespace
}  // namespace ramal::test
