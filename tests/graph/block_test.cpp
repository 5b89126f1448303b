// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/block.hpp>
#include <ramal/delayed.hpp>

#include <gtest/gtest.h>

#include <numeric>

namespace ramal::test {
namespace {

template <class T>
Block<T> counted(const Extents& shape, const Extents& offset = {}) {
  Block<T> block(shape, offset);
  std::iota(block.begin(), block.end(), T{});
  return block;
}
template <class T>
std::vector<std::byte> encoded(const Block<T>& block) {
  Writer count;
  Codec<Block<T>>::write(count, block);
  std::vector<std::byte> bytes(count.size());
  Writer writer(bytes.data(), bytes.size());
  Codec<Block<T>>::write(writer, block);
  return bytes;
}
template <class T>
Block<T> decoded(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  auto block = Codec<Block<T>>::read(reader);
  EXPECT_EQ(reader.left(), 0u);
  return block;
}

TEST(Extents, AreUpToEightNumbers) {
  const Extents shape{2, 3, 4};
  EXPECT_EQ(shape.size(), 3u);
  EXPECT_EQ(shape[2], 4u);
  EXPECT_EQ(shape.product(), 24u);
  EXPECT_EQ(shape.text(), "(2, 3, 4)");
  EXPECT_NE(shape, (Extents{2, 3}));
  EXPECT_EQ(Extents{}.product(), 1u) << "a scalar";
  EXPECT_EQ((Extents{1, 2, 3, 4, 5, 6, 7, 8}).product(), 40320u);
  EXPECT_THROW((Extents{1, 2, 3, 4, 5, 6, 7, 8, 9}), std::invalid_argument);
  EXPECT_THROW((Extents{1ul << 40, 1ul << 40}).product(), std::length_error);
  EXPECT_EQ((Extents{1ul << 40, 0, 1ul << 40}).product(), 0u);
}

TEST(Block, IsRowMajorWithAnOffsetInTheWhole) {
  const auto block = counted<int>({2, 3}, {4, 0});
  EXPECT_EQ(block(0, 0), 0);
  EXPECT_EQ(block(0, 2), 2);
  EXPECT_EQ(block(1, 0), 3);
  EXPECT_EQ(block.offset(), (Extents{4, 0}));
  EXPECT_EQ(block.strides(), (Extents{3, 1}));
  EXPECT_EQ((Block<char>({2, 3, 5, 7}).strides()), (Extents{105, 35, 7, 1}));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.data()) % 64, 0u);
}

TEST(Block, OfNoDimensionsIsAScalar) {
  auto block = Block<double>::filled({}, 2.5);
  EXPECT_EQ(block.size(), 1u);
  EXPECT_EQ(block(), 2.5);
  EXPECT_TRUE(block.strides().empty());
}

TEST(Block, MayBeEmpty) {
  EXPECT_TRUE(Block<double>().empty());
  EXPECT_TRUE(Block<double>({5, 0, 3}).empty());
  EXPECT_EQ((Block<double>({5, 0, 3}).shape()), (Extents{5, 0, 3}));
}

TEST(Block, CopiesElementsAndMovesMemory) {
  auto one = counted<long>({4});
  const long* memory = one.data();
  auto copy = one;
  copy(0) = 100;
  EXPECT_EQ(one(0), 0);
  const auto moved = std::move(one);
  EXPECT_EQ(moved.data(), memory);
  EXPECT_TRUE(one.empty());  // NOLINT(bugprone-use-after-move)
  copy = moved;
  EXPECT_EQ(copy, moved);
}

TEST(Block, WrapsMemoryWithoutCopying) {
  std::vector<double> numbers{1, 2, 3, 4, 5, 6};
  auto block = Block<double>::wrap(numbers.data(), {3, 2});
  block(2, 1) = 60;
  EXPECT_EQ(numbers[5], 60);
  const auto copy = block;
  EXPECT_NE(copy.data(), numbers.data()) << "a copy has memory of its own";
  const auto owner = std::make_shared<std::vector<double>>(4, 1.0);
  {
    const auto kept = Block<double>::wrap(owner->data(), {4}, {}, owner);
    EXPECT_EQ(owner.use_count(), 2);
  }
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(Block, TakesAnotherShapeOfAsManyElements) {
  auto block = counted<int>({6});
  const int* memory = block.data();
  const auto matrix = std::move(block).reshaped({2, 3});
  EXPECT_EQ(matrix.data(), memory);
  EXPECT_EQ(matrix(1, 2), 5);
  EXPECT_THROW(counted<int>({6}).reshaped({4}), std::invalid_argument);
}

TEST(Block, RefusesAnOffsetOfOtherDimensions) {
  EXPECT_THROW(Block<int>({2, 3}, {1}), std::invalid_argument);
  EXPECT_THROW(Block<int>({1ul << 62}), std::length_error);
}

TEST(BlockCodec, KeepsShapeOffsetAndElements) {
  for (const auto& block :
       {counted<int>({}), counted<int>({0}), counted<int>({7}, {70}), counted<int>({2, 0, 3}),
        counted<int>({2, 3, 4}, {1, 2, 3}), counted<int>({1, 2, 1, 2, 1, 2, 1, 2})}) {
    EXPECT_EQ(decoded<int>(encoded(block)), block);
  }
}

TEST(BlockCodec, OffersItsMemory) {
  EXPECT_TRUE(Contiguous<Block<double>>);
  const auto block = counted<double>({3, 5}, {6, 0});
  EXPECT_EQ(Codec<Block<double>>::memory(block).data(), reinterpret_cast<const std::byte*>(block.data()));
  std::byte head[512];
  Writer writer(head, sizeof head);
  Codec<Block<double>>::write_head(writer, block);
  Reader reader{std::span(head).first(writer.size())};
  const auto room = Codec<Block<double>>::allocate(reader, 15 * sizeof(double));
  EXPECT_EQ(room.shape(), block.shape());
  EXPECT_EQ(room.offset(), block.offset());
}

TEST(BlockCodec, DamagedBytesAreRefused) {
  const auto whole = encoded(counted<int>({2, 3}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Reader reader{std::span(whole).first(size)};
    EXPECT_THROW(Codec<Block<int>>::read(reader), DecodeError) << size;
  }
  auto many = whole;
  many[0] = std::byte{9};
  EXPECT_THROW(decoded<int>(many), DecodeError);
  auto huge = whole;
  huge[8] = std::byte{0xff};  // the first extent's highest byte
  EXPECT_THROW(decoded<int>(huge), DecodeError) << "before memory is asked for";
}

TEST(Block, HasAPreview) { EXPECT_EQ(preview(counted<int>({2, 3})), "[0, 1, 2, … 6 in all]"); }

}  // namespace
}  // namespace ramal::test
