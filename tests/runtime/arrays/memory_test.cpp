// SPDX-License-Identifier: BSD-3-Clause
// Arrays much larger than the memory that ranks may take for results.
#include "tests/runtime/arrays/said.hpp"
#include "tests/support/one_process.hpp"

#include <ramal/array.hpp>

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

constexpr std::uint64_t bound = std::uint64_t{2} << 20;
constexpr std::uint64_t size = 10 * bound / sizeof(double);  // elements

/// Small, so that sums are exact.
double element(const Extents& at) {
  std::uint64_t sum = 0;
  for (const std::uint64_t one : at) sum = (3 * sum + one) % 101;
  return static_cast<double>(sum);
}
using Array1 = Array<double>;
Array1 source(std::int64_t width) { return from_function<&element>({size}, {width}); }

double at(std::uint64_t place) { return element(Extents{place}); }
/// The sum of what `value` gives for the numbers below a count.
template <class Value>
double summed(std::uint64_t count, const Value& value) {
  double sum = 0;
  for (std::uint64_t i = 0; i < count; ++i) sum += value(i);
  return sum;
}

struct Cost {
  double most_bytes = 0, messages = 0, tasks = 0;
};
Cost cost(Session& session) {
  Cost all;
  for (const RankInfo& rank : session.info()) {
    all.most_bytes = std::max(all.most_bytes, static_cast<double>(rank.most_bytes_held));
    all.messages += static_cast<double>(rank.messages_sent);
    all.tasks += static_cast<double>(rank.tasks_run);
  }
  return all;
}
/// The sum is right, and no rank has held more than it may.
void expect_within(const Array1& array, double expected, const char* what) {
  for (const unsigned workers : {0u, 2u}) {
    for (const int count : {1, 2, 3}) {
      ThreadedRanks ranks(count, workers, std::nullopt, 1024, bound);
      EXPECT_EQ(ranks.session().compute(array.sum()), expected) << what << " on " << count;
      const Cost found = cost(ranks.session());
      EXPECT_LE(found.most_bytes, static_cast<double>(bound)) << what << " on " << count;
      EXPECT_LE(found.messages, 2 * found.tasks) << what << " on " << count;
    }
  }
}

TEST(BoundedArrayThreads, OfOtherChunksAreHeldInPart) {
  const Array1 a = source(9000), b = source(12345);
  expect_within(a * b, summed(size, [](auto i) { return at(i) * at(i); }), "a product");
  expect_within(a.rechunk({10001}) + 1.0, summed(size, [](auto i) { return at(i) + 1; }), "a rechunk");
}

TEST(BoundedArrayThreads, ThatAreMovedAreHeldInPart) {
  const Array1 a = source(9000), b = source(9000);
  expect_within(a(slice(3, {})) * b(slice({}, -3)),
                summed(size - 3, [](auto i) { return at(i + 3) * at(i); }), "moved by elements");
  expect_within(a(slice(18000, {})) * b(slice({}, -18000)),
                summed(size - 18000, [](auto i) { return at(i + 18000) * at(i); }), "by chunks");
}

TEST(BoundedArrayThreads, ThatArePutTogetherAreHeldInPart) {
  const Array1 both = concatenate<double>({source(9000), source(12345)});
  expect_within(both + 1.0, summed(2 * size, [](auto i) { return at(i % size) + 1; }), "two");
}

constexpr std::uint64_t rows = 1600, columns = size / rows;
Array1 matrix(std::int64_t height, std::int64_t width) {
  return from_function<&element>({rows, columns}, {height, width});
}
template <class Value>
double summed_matrix(const Value& value) {
  return summed(rows * columns, [&](std::uint64_t i) {
    return value(element(Extents{i / columns, i % columns}));
  });
}

TEST(BoundedArrayThreads, OfTwoAxesAreHeldInPart) {
  expect_within(matrix(10, -1) * matrix(13, 900), summed_matrix([](double one) { return one * one; }),
                "rows");
}

/// Columns of an array of rows, where it can be made again.
TEST(BoundedArrayThreads, AreMadeAgainWithOtherChunks) {
  const Array1 doubled = matrix(10, -1) * 2.0;
  const Array1 both = doubled + matrix(13, 900)(all, slice({}, {}, 1));
  expect_within(both.rechunk({-1, 8}, {.again = true}), summed_matrix([](double one) { return 3 * one; }),
                "columns");
}

TEST(BoundedArrays, AreMadeAgainWithTheSameElements) {
  const Array1 a = matrix(40, -1);
  const Array1 part = a(slice(5, 105), slice(3, {}));
  const Array1 b = part + part(slice({}, {}, -1)).mean(1, {.keepdims = true});
  const Array1 c = b * part - 2.0;
  on_all_engines([&](Session& session) {
    for (const Chunks& chunks : {Chunks{7, 50}, Chunks{-1, 300}, Chunks{33, -1}}) {
      const Array1 again = c.rechunk(chunks, {.again = true}), cut = c.rechunk(chunks);
      EXPECT_EQ(again.grid(), cut.grid());
      EXPECT_EQ(elements(session.compute(again)), elements(session.compute(cut)));
    }
  });
}

Block<double> same(Block<double> block) { return block; }

TEST(BoundedArrays, SayWhatCannotBeMadeAgain) {
  on_all_engines([](Session& session) {
    const Array1 a = matrix(400, -1), blocks = map_blocks<same>(a);
    const auto again = [](const Array1& array) { return array.rechunk({-1, 400}, {.again = true}); };
    contains(message([&] { again(blocks + 1.0); }),
             "expected what can be made or read again with other chunks, found "
             "blocks of map_blocks (");
    contains(message([&] { again(cumsum(a)); }), "found blocks of ");
    const Array1 kept = session.persist(a * 2.0);
    contains(message([&] { again(kept + 1.0); }), "which are persisted");
    EXPECT_EQ(session.compute(again(a).sum()), session.compute(blocks.sum()));
  });
}

/// What has to be there as a whole is: with few questions to the other ranks.
TEST(BoundedArrayThreads, ThatAreReadBackwardsAreHeldWithoutMuchAsking) {
  const Array1 backwards = source(9000)(slice({}, {}, -1));
  for (const unsigned workers : {0u, 2u}) {
    ThreadedRanks ranks(2, workers, std::nullopt, 1024, bound);
    EXPECT_EQ(ranks.session().compute((source(12345) * backwards).sum()),
              summed(size, [](auto i) { return at(i) * at(size - 1 - i); }));
    const Cost found = cost(ranks.session());
    EXPECT_LE(found.messages, 10 * found.tasks);
  }
}

}  // namespace
}  // namespace ramal::test
