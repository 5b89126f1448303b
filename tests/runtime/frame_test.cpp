// SPDX-License-Identifier: BSD-3-Clause
// A frame is another rank's word: whatever its bytes are, reading it ends well or in a DecodeError.
#include "runtime/transport/frame.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace ramal::test {
namespace {

using namespace ramal::detail;
using Bytes = std::vector<std::byte>;

struct Sent {
  Header header;
  bool large = false;
  Bytes inside;
  bool in_spans = false;
};

void append(Bytes& frame, const Sent& sent) {
  const std::size_t at = frame.size();
  Header header = sent.header;
  header.bytes = sent.inside.size();
  const std::size_t before = sizeof(RecordHead) + (sent.large ? sizeof(std::uint64_t) : 0);
  frame.resize(at + before + padded_record(sent.inside.size()));
  const int flags = (sent.large ? large_flag : 0) | (sent.in_spans ? in_spans_flag : 0);
  std::byte* behind = write_record_head(frame.data() + at, header, static_cast<std::uint8_t>(flags));
  if (sent.large) std::memcpy(behind, &sent.header.bytes, sizeof sent.header.bytes);
  if (!sent.inside.empty()) std::memcpy(frame.data() + at + before, sent.inside.data(), sent.inside.size());
}

std::vector<Sent> some_records() {
  const Bytes five(5, std::byte{7});
  return {{{MessageType::result, false, (RunId{1} << 62) + 3, 9, 5}, false, five},
          {{MessageType::cancel, false, 2, 1, 0}, false, {}},
          {{MessageType::result, true, 4, 5, std::uint64_t{3} << 40}, true, five},
          {{MessageType::member, true, 4, 5, 70000}, true, five, true}};
}

TEST(Frame, WhatIsWrittenIsRead) {
  Bytes frame(sizeof(FrameHead));
  for (const Sent& sent : some_records()) append(frame, sent);
  const FrameHead head{3, static_cast<std::uint32_t>(frame.size() - sizeof(FrameHead))};
  std::memcpy(frame.data(), &head, sizeof head);
  EXPECT_EQ(read_frame_head(frame).credits, 3u);
  std::size_t at = sizeof head;
  for (const Sent& sent : some_records()) {
    const Record record = read_record(frame, at);
    EXPECT_EQ(record.in_spans, sent.in_spans);
    EXPECT_EQ(record.header.type, sent.header.type);
    EXPECT_EQ(record.header.run, sent.header.run);
    EXPECT_EQ(record.header.slot, sent.header.slot);
    EXPECT_EQ(record.header.as_memory, sent.header.as_memory);
    EXPECT_EQ(record.header.bytes, sent.header.bytes);
    EXPECT_EQ(record.large, sent.large);
    EXPECT_TRUE(std::ranges::equal(record.inside, sent.inside));
    at = record.end;
  }
  EXPECT_EQ(at, frame.size());
}

TEST(Frame, OneThatIsCutOrSaysTooMuchIsRefused) {
  EXPECT_THROW(read_frame_head(Bytes(7)), DecodeError);
  Bytes frame(sizeof(FrameHead));
  for (const Sent& sent : some_records()) append(frame, sent);
  FrameHead head{0, static_cast<std::uint32_t>(frame.size() - sizeof(FrameHead) + 1)};
  std::memcpy(frame.data(), &head, sizeof head);
  EXPECT_THROW(read_frame_head(frame), DecodeError);
  const auto whole = [](std::span<const std::byte> bytes) {
    for (std::size_t at = sizeof(FrameHead); at < bytes.size();) at = read_record(bytes, at).end;
  };
  EXPECT_NO_THROW(whole(frame));
  std::size_t refused = 0;
  for (std::size_t size = sizeof(FrameHead); size < frame.size(); ++size) {
    try {
      whole(std::span(frame).first(size));
    } catch (const DecodeError&) {
      ++refused;
    }
  }
  EXPECT_EQ(refused, frame.size() - sizeof(FrameHead) - some_records().size());  // but between two records
  frame[sizeof(FrameHead)] = std::byte{200};
  EXPECT_THROW(whole(frame), DecodeError);  // no such type
}

TEST(Frame, AnyBytesAreReadWithinTheirBounds) {
  std::minstd_rand random(5);
  for (int round = 0; round < 20000; ++round) {
    Bytes frame(random() % 100);
    for (std::byte& byte : frame) byte = static_cast<std::byte>(random() % 3 == 0 ? random() : random() % 24);
    try {
      for (std::size_t at = 0; at < frame.size();) {
        const Record record = read_record(frame, at);
        ASSERT_GT(record.end, at);
        ASSERT_LE(record.end, frame.size());
        ASSERT_TRUE(record.inside.empty() ||
                    (record.inside.data() >= frame.data() &&
                     record.inside.data() + record.inside.size() <= frame.data() + frame.size()));
        at = record.end;
      }
    } catch (const DecodeError&) {
    }
  }
}

}  // namespace
}  // namespace ramal::test
