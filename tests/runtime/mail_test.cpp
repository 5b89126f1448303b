// SPDX-License-Identifier: BSD-3-Clause
// Mail from one rank to another, over queues: each form that a value takes, and what it becomes.
#include "runtime/rank/mail.hpp"
#include "runtime/transport/inprocess.hpp"
#include "tests/support/sheet.hpp"

#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

namespace ramal::detail {
namespace {

constexpr std::size_t small_bytes = 64;

class MailTest : public ::testing::Test, private Receiver {
 protected:
  struct Letter {
    Header header;
    std::vector<std::byte> payload;
    Value value;  // what came down in its own memory
  };
  /// Sends it and says what came, as a value of `type`.
  Letter sent(const Value& value, std::string_view before = {}, std::optional<int> small_by = {}) {
    type_ = &value.type();
    const int to = 1;
    mail_.send_value(std::span(&to, 1), {.type = MessageType::result, .run = 3, .slot = 4},
                     std::as_bytes(std::span(before)), value, small_by);
    return received();
  }
  Letter received() {
    EXPECT_TRUE(mail_.has_unsent());
    mail_.flush();
    EXPECT_FALSE(mail_.has_unsent());
    while (there_->poll(*this)) {
    }
    EXPECT_EQ(letters_.size(), 1u);
    Letter letter = std::move(letters_.front());
    letters_.clear();
    return letter;
  }
  Value decoded(const Letter& letter) const {
    Reader head({});
    return read_value(*type_, letter.header, head, letter.payload, 1, [] { return 5u; });
  }

  Network network_{2, small_bytes};
  std::unique_ptr<Transport> here_ = network_.connect(0), there_ = network_.connect(1);
  Mail mail_{*here_};

 private:
  void receive(int, const Header& header, std::span<const std::byte> payload) override {
    letters_.push_back({header, {payload.begin(), payload.end()}, {}});
  }
  std::span<std::byte> prepare(int from, const Header& header, std::span<const std::byte> head) override {
    Reader shape(head);
    return landings_.prepare(from, header, head, shape, header.as_memory ? type_ : nullptr);
  }
  void landed(int from, const Header& header) override {
    auto landing = landings_.take(from);
    const auto bytes = landing.bytes.view();
    letters_.push_back({header, {bytes.begin(), bytes.end()}, std::move(landing.value)});
  }

  const Type* type_ = nullptr;
  Landings landings_;
  std::vector<Letter> letters_;
};

TEST_F(MailTest, ASmallValueIsEncoded) {
  const auto letter = sent(Value::make<std::string>("few"));
  EXPECT_EQ(letter.header.type, MessageType::result);
  EXPECT_EQ(letter.header.run, 3u);
  EXPECT_EQ(letter.header.slot, 4u);
  EXPECT_FALSE(letter.header.as_memory);
  EXPECT_EQ(decoded(letter).get<std::string>(), "few");
}

TEST_F(MailTest, ALargeVectorComesDownInItsOwnMemory) {
  const std::vector<double> values(1000, 1.5);
  const auto letter = sent(Value::make<std::vector<double>>(values));
  EXPECT_TRUE(letter.header.as_memory);
  EXPECT_TRUE(letter.payload.empty());
  EXPECT_EQ(letter.value.get<std::vector<double>>(), values);
}

test::Sheet sheet_of(std::initializer_list<std::size_t> sizes) {
  test::Sheet sheet("a sheet");
  for (const std::size_t size : sizes) {
    test::Sheet::Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(i * 31 + size);
    sheet = sheet.with_column(std::move(bytes));
  }
  return sheet;
}

TEST_F(MailTest, SeveralPiecesOfMemoryComeDownAsOne) {
  for (const auto& sheet : {sheet_of({100}), sheet_of({0, 1, 63, 2048, 0, 10000}), sheet_of({64, 64})}) {
    const auto letter = sent(Value::make<test::Sheet>(sheet));
    EXPECT_TRUE(letter.header.as_memory);
    ASSERT_TRUE(letter.payload.empty());
    const auto& there = letter.value.get<test::Sheet>();
    EXPECT_EQ(there, sheet);
    EXPECT_TRUE(there.is_slab());
    for (std::size_t i = 0; i < there.columns(); ++i)
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(there.column(i).data()) % test::Sheet::alignment, 0u);
    EXPECT_EQ(sent(letter.value).value.get<test::Sheet>(), sheet) << "passed on";
  }
}

TEST_F(MailTest, FewBytesInSeveralPiecesAreEncoded) {
  const auto letter = sent(Value::make<test::Sheet>(sheet_of({0, 1})));
  EXPECT_FALSE(letter.header.as_memory);
  EXPECT_EQ(decoded(letter).get<test::Sheet>(), sheet_of({0, 1}));
}

TEST_F(MailTest, AHeadThatIsTooLongIsEncodedWithItsMemory) {
  test::Sheet sheet("of many columns");
  for (unsigned i = 0; i < 500; ++i) {
    const std::size_t head_bytes = 8 + sheet.name().size() + 8 + 8 * sheet.columns();
    if (i > 8 && i % 10 == 0) {
      const auto letter = sent(Value::make<test::Sheet>(sheet));
      EXPECT_EQ(letter.header.as_memory, head_bytes <= Transport::most_head_bytes) << i << " columns";
      EXPECT_EQ((letter.header.as_memory ? letter.value : decoded(letter)).get<test::Sheet>(), sheet);
    }
    sheet = sheet.with_column({static_cast<unsigned char>(i)});
  }
}

TEST_F(MailTest, AHeadThatDoesNotFitItsMemoryIsRefused) {
  const Value value = Value::make<test::Sheet>(sheet_of({0, 1, 63, 200}));
  const Type& type = value.type();
  std::array<std::byte, 100> room;
  Writer writer(room.data(), room.size());
  type.write_head(writer, value);
  const std::span<const std::byte> head = std::span(room).first(writer.size());
  const std::size_t bytes = type.memory(value).bytes();
  const auto prepare = [](const Type& of, std::span<const std::byte> by, std::size_t size) {
    Landings landings;
    Reader shape(by);
    return landings
        .prepare(1, {.type = MessageType::result, .as_memory = true, .bytes = size}, by, shape, &of)
        .size();
  };
  EXPECT_EQ(prepare(type, head, bytes), bytes);
  for (const std::size_t other : {std::size_t{0}, bytes - 1, bytes + 1, bytes + 16, std::size_t{1} << 62})
    EXPECT_THROW(prepare(type, head, other), DecodeError) << other << " bytes";
  for (std::size_t size = 0; size < head.size(); ++size)
    EXPECT_THROW(prepare(type, head.first(size), bytes), DecodeError) << size << " bytes of the head";
  Reader shape(head);
  Value other;
  EXPECT_THROW(make_to_fill(other, TypeOf<Failure>::type, shape, bytes), DecodeError) << "it is not sent so";
}

TEST_F(MailTest, ALargeOneOfAnotherTypeAsBytes) {
  const std::vector<std::string> words(100, "a word");
  const auto letter = sent(Value::make<std::vector<std::string>>(words));
  EXPECT_FALSE(letter.header.as_memory);
  EXPECT_GT(letter.payload.size(), small_bytes);
  EXPECT_EQ(decoded(letter).get<std::vector<std::string>>(), words);
}

TEST_F(MailTest, WhatStandsBeforeASmallValueIsPartOfIt) {
  const auto letter = sent(Value::make<long>(7), "name");
  ASSERT_EQ(letter.payload.size(), 4 + sizeof(long));
  EXPECT_EQ(std::memcmp(letter.payload.data(), "name", 4), 0);
}

TEST_F(MailTest, ASmallOneMayGoByAnotherRank) {
  EXPECT_EQ(sent(Value::make<long>(7), {}, 1).header.type, MessageType::passed);
  EXPECT_EQ(sent(Value::make<std::vector<double>>(1000, 1.5), {}, 1).header.type, MessageType::result);
}

TEST_F(MailTest, ATextOfAnyLength) {
  for (const std::size_t size : {0u, 1u, 64u, 65u, 5000u}) {
    const std::vector<std::byte> text(size, std::byte{7});
    mail_.send_text(1, {.type = MessageType::report}, text);
    EXPECT_EQ(received().payload, text);
    const auto memory = std::make_shared<Buffer>(Buffer::copy_of(text));
    mail_.send_shared(1, {.type = MessageType::bundle}, memory->view(), memory);
    EXPECT_EQ(received().payload, text);
  }
}

TEST_F(MailTest, WhatCannotBeReadBecomesAFailure) {
  auto letter = sent(Value::make<std::string>("few"));
  letter.payload.resize(letter.payload.size() - 1);
  const Value value = decoded(letter);
  ASSERT_TRUE(value.failed());
  EXPECT_EQ(value.get<Failure>().run, 3u);
  EXPECT_EQ(value.get<Failure>().plan, 5u);
  EXPECT_EQ(value.get<Failure>().rank, 1);
}

TEST(EarlyMail, IsKeptByRunInTheOrderOfArrival) {
  EarlyMail early;
  for (const Slot slot : {1u, 2u, 3u}) {
    early.hold({0, {.type = MessageType::result, .run = 1, .slot = slot}, {}, {}});
    early.hold({0, {.type = MessageType::result, .run = 2, .slot = 10 * slot}, {}, {}});
  }
  EXPECT_TRUE(early.take(3).empty());
  const auto letters = early.take(1);
  ASSERT_EQ(letters.size(), 3u);
  for (Slot i = 0; i < 3; ++i) EXPECT_EQ(letters[i].header.slot, i + 1);
  EXPECT_TRUE(early.take(1).empty());
  EXPECT_EQ(early.take(2).size(), 3u);
}

}  // namespace
}  // namespace ramal::detail
