// SPDX-License-Identifier: BSD-3-Clause
// How a dataset is divided, for shapes that no test would write.
#include <ramal/hdf5.hpp>

#include <gtest/gtest.h>

namespace ramal::detail {
namespace {

Hdf5Plan plan(const Extents& shape, const Extents& chunk) {
  return {.file = "f", .dataset = "d", .shape = shape, .chunk = chunk};
}
Extents shape_of(const Extents& shape, const Extents& chunk, std::uint64_t bytes, std::size_t element = 8) {
  return hdf5_block_shape(plan(shape, chunk), element, {.block_bytes = bytes});
}

TEST(Hdf5Blocks, AreWholeChunksOfAboutTheSize) {
  EXPECT_EQ(shape_of({1000, 1000}, {100, 100}, 1), (Extents{100, 100}));
  EXPECT_EQ(shape_of({1000, 1000}, {100, 100}, 80000), (Extents{100, 100}));
  EXPECT_EQ(shape_of({1000, 1000}, {100, 100}, 5 * 80000), (Extents{100, 500}));
  EXPECT_EQ(shape_of({1000, 1000}, {100, 100}, 20 * 80000), (Extents{200, 1000}));
  EXPECT_EQ(shape_of({1000, 1000}, {100, 100}, 1 << 30), (Extents{1000, 1000}));
  EXPECT_EQ(shape_of({1000, 1000}, {100, 100}, 9 * 80000), (Extents{100, 500})) << "equal shares";
  EXPECT_EQ(shape_of({1050, 70}, {100, 100}, 3 * 80000), (Extents{300, 70}));
}

TEST(Hdf5Blocks, AreWholeRowsWhereThereAreNoChunks) {
  EXPECT_EQ(shape_of({1000, 1000}, {1, 1}, 80000), (Extents{10, 1000}));
  EXPECT_EQ(shape_of({1000, 1000}, {1, 1}, 800), (Extents{1, 100}));
  EXPECT_EQ(shape_of({std::uint64_t{1} << 40}, {1}, 1 << 23), (Extents{1 << 20}));
  EXPECT_EQ(shape_of({}, {}, 1), Extents{});
}

/// What lies within a page is read with its neighbours.
TEST(Hdf5Blocks, AreReadByChunksOrPages) {
  using Lengths = std::vector<std::int64_t>;
  const auto together = [](const Extents& shape, const Extents& chunk, std::uint64_t element) {
    Hdf5Plan made = plan(shape, chunk);
    made.element.bytes = element;
    return read_together(made);
  };
  EXPECT_EQ(together({1000, 1000}, {100, 20}, 8), (Lengths{100, 20}));
  EXPECT_EQ(together({1000, 1000}, {1, 1}, 8), (Lengths{1, 512}));
  EXPECT_EQ(together({1000, 100}, {1, 1}, 4), (Lengths{10, 1024}));
  EXPECT_EQ(together({7, 10, 10}, {1, 1, 1}, 4), (Lengths{10, 102, 1024}));
  EXPECT_EQ(together({std::uint64_t{1} << 62, 3}, {1, 1}, 8), (Lengths{170, 512}));
  EXPECT_EQ(together({3, std::uint64_t{1} << 62}, {1, 1}, 8192), (Lengths{1, 1}));
  EXPECT_EQ(together({0, 3}, {1, 1}, 8), (Lengths{170, 512}));
  EXPECT_EQ(together({}, {}, 8), Lengths{});
}

TEST(Hdf5Blocks, ShareChunksThatTheySplit) {
  const auto shared = [](const Extents& shape, const Extents& chunk, const Extents& block,
                         double bytes = 100) {
    Hdf5Plan made = plan(shape, chunk);
    made.chunk_bytes = bytes;
    return shared_chunk_bytes(made, block);
  };
  EXPECT_EQ(shared({1000, 1000}, {10, 10}, {20, 50}), 0) << "whole chunks";
  EXPECT_EQ(shared({1000, 1000}, {10, 10}, {1000, 10}), 0);
  EXPECT_EQ(shared({1000, 1000}, {10, 10}, {5, 1000}), 100 * 100) << "a row of chunks";
  EXPECT_EQ(shared({1000, 1000}, {10, 10}, {7, 10}), 2 * 100 * 100) << "two, as blocks reach into the next";
  EXPECT_EQ(shared({1000, 1000}, {10, 10}, {1000, 5}), 100 * 100) << "a column of chunks";
  EXPECT_EQ(shared({1000, 1000}, {10, 10}, {20, 5}), 2 * 100) << "the chunks of a block";
  EXPECT_EQ(shared({8, 90, 90}, {8, 10, 10}, {1, 90, 90}), 81 * 100);
  EXPECT_EQ(shared({7, 90}, {8, 10}, {7, 10}), 0) << "the only block of a dimension splits nothing";
  EXPECT_EQ(shared({1000, 1000}, {10, 10}, {5, 1000}, 0), 0) << "nothing to decode";
  EXPECT_EQ(shared({}, {}, {}), 0);
}

TEST(Hdf5Blocks, MakeAGrid) {
  EXPECT_EQ(hdf5_grid(plan({10, 7}, {4, 7}), {4, 7}), (Extents{3, 1}));
  EXPECT_EQ(hdf5_grid(plan({0, 7}, {4, 7}), {1, 7}), (Extents{0, 1}));
  EXPECT_EQ(hdf5_grid(plan({}, {}), {}).product(), 1u);
  EXPECT_THROW(hdf5_grid(plan({1 << 20, 1 << 20}, {1, 1}), {1, 1}), std::invalid_argument);
  EXPECT_EQ(shape_of({0, 5}, {3, 5}, 1), (Extents{1, 5}));
}

}  // namespace
}  // namespace ramal::detail
