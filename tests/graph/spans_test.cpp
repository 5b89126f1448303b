// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/sheet.hpp"

#include <ramal/block.hpp>
#include <ramal/spans.hpp>
#include <ramal/value.hpp>

#include <gtest/gtest.h>

#include <random>

namespace ramal {
namespace {

using test::Sheet;
using Bytes = std::vector<std::byte>;

Bytes numbered(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 256);
  return bytes;
}
Bytes copied(const Spans& spans) {
  Bytes bytes(spans.bytes());
  spans.copy_to(bytes.data());
  return bytes;
}

TEST(Spans, WithoutBytesAreOneEmptySpan) {
  Spans none;
  none.add({});
  EXPECT_EQ(none.bytes(), 0u);
  ASSERT_EQ(none.all().size(), 1u);
  EXPECT_TRUE(none.all().front().empty());
  EXPECT_TRUE(none.room(0).empty());
  none.copy_to(nullptr);
}

TEST(Spans, NeighboursInMemoryAreOne) {
  const Bytes memory = numbered(10);
  const Spans::Span all(memory);
  Spans spans = all.first(4);
  spans.add(all.subspan(4, 0));
  spans.add(all.subspan(4, 2));
  ASSERT_EQ(spans.all().size(), 1u);
  EXPECT_EQ(spans.all().front().data(), memory.data());
  EXPECT_EQ(spans.bytes(), 6u);
  spans.add(all.subspan(7, 1));  // not the next
  spans.add(all.subspan(8, 2));
  EXPECT_EQ(spans.all().size(), 2u);
  EXPECT_EQ(spans.bytes(), 9u);
}

/// Random spans and parts of them, in any order in memory, against a loop over bytes.
TEST(Spans, PartsAreTheBytesInOrder) {
  const Bytes memory = numbered(500);
  std::minstd_rand random(5);
  for (int tries = 0; tries < 300; ++tries) {
    Spans spans;
    Bytes expected;
    for (auto n = random() % 6; n > 0; --n) {
      const std::size_t first = random() % memory.size();
      const std::size_t count =
          random() % 3 == 0 ? 0 : random() % std::min<std::size_t>(60, memory.size() - first);
      spans.add(std::span(memory).subspan(first, count));
      for (std::size_t i = 0; i < count; ++i) expected.push_back(memory[first + i]);
    }
    const Spans copy = spans;
    ASSERT_EQ(copied(copy), expected);
    const std::size_t first = random() % (expected.size() + 1);
    const std::size_t count = random() % (expected.size() - first + 1);
    const Spans part = spans.part(first, count);
    const auto from = expected.begin() + static_cast<std::ptrdiff_t>(first);
    EXPECT_EQ(copied(part), Bytes(from, from + static_cast<std::ptrdiff_t>(count)));
    for (const Spans::Span span : part.all()) EXPECT_EQ(span.empty(), count == 0);
  }
}

TEST(Spans, AreRoomIfTheyAreOneOfThatSize) {
  Bytes memory = numbered(10);
  Spans spans{std::span<const std::byte>(memory)};
  EXPECT_EQ(spans.room(10).data(), memory.data());
  EXPECT_THROW(spans.room(9), DecodeError);
  EXPECT_THROW(spans.room(11), DecodeError);
  const Bytes other = numbered(3);
  spans.add(std::span(other).first(1));
  spans.add(std::span(other).last(1));
  EXPECT_THROW(spans.room(12), DecodeError);
}

// --- values ---------------------------------------------------------------------------------------------

Sheet::Bytes column(std::size_t size, unsigned salt) {
  Sheet::Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(i * 31 + salt);
  return bytes;
}
Sheet sheet_of(std::initializer_list<std::size_t> sizes) {
  Sheet sheet("a sheet");
  unsigned salt = 0;
  for (const std::size_t size : sizes) sheet = sheet.with_column(column(size, ++salt));
  return sheet;
}
Bytes encoding(const Sheet& sheet) {
  Writer count;
  Codec<Sheet>::write(count, sheet);
  Bytes bytes(count.size());
  Writer writer(bytes.data(), bytes.size());
  Codec<Sheet>::write(writer, sheet);
  return bytes;
}
Sheet decoded(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  return Codec<Sheet>::read(reader);
}

TEST(MemoryEncoding, IsReadAsItWasWritten) {
  for (const Sheet& sheet :
       {Sheet(), sheet_of({0}), sheet_of({1}), sheet_of({0, 16, 0}), sheet_of({1, 63, 2048, 0, 5000})}) {
    const Sheet read = decoded(encoding(sheet));
    EXPECT_EQ(read, sheet);
    EXPECT_EQ(encoding(read), encoding(sheet)) << "whatever pieces it lies in";
    const Sheet wider = read.with_column(column(100, 9));
    EXPECT_EQ(decoded(encoding(wider)), wider) << "new columns beside those of one piece";
  }
}

TEST(MemoryEncoding, RefusesWhatIsDamaged) {
  const Sheet sheet = sheet_of({1, 63, 16});
  const Bytes whole = encoding(sheet);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(decoded(std::span(whole).first(size)), DecodeError) << "the first " << size << " bytes";
  const std::size_t head_ends = 8 + 8 + sheet.name().size() + 8 + 3 * 8 + 8;
  for (std::size_t at = 0; at < head_ends; ++at) {  // a length; or the name, which is another name then
    if (at >= 16 && at < 16 + sheet.name().size()) continue;
    Bytes damaged = whole;
    damaged[at] ^= std::byte{0x40};
    EXPECT_THROW(decoded(damaged), DecodeError) << "byte " << at;
  }
}

TEST(MemoryEncoding, ItsTypeIsContiguous) {
  static_assert(Contiguous<Sheet> && Contiguous<Block<double>> && Contiguous<std::vector<int>>);
  const Value value = Value::make<Sheet>(sheet_of({1, 63, 64}));
  ASSERT_TRUE(value.type().contiguous);
  EXPECT_EQ(value.type().memory(value).bytes(), 3u * 64);
  EXPECT_EQ(value.type().memory(value).all().size(), 5u) << "two columns, and zeros behind them";
  const Value block = Value::make<Block<double>>(Extents{3});
  EXPECT_EQ(block.type().memory(block).all().size(), 1u);
  EXPECT_EQ(block.type().memory(block).bytes(), 24u);
}

}  // namespace
}  // namespace ramal
