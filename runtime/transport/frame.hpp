// SPDX-License-Identifier: BSD-3-Clause
// Frame: the form in which small messages travel together. Pure bytes, no MPI, so that it can be tested, and
// fuzzed, without.
//
//   frame  := credits:u32 length:u32 record*
//   record := type:u8 flags:u8 bytes:u16 slot:u32 run:u64 ( payload | large )    padded to 4 bytes
//   large  := bytes:u64 head   its payload follows as messages of its own
//
// What arrives is another rank's word: every length is held against what is there before it is followed.
#pragma once

#include "runtime/transport/transport.hpp"

#include <cstring>

namespace ramal::detail {

struct FrameHead {
  std::uint32_t credits;
  std::uint32_t length;  ///< of the records
};
struct RecordHead {
  std::uint8_t type;
  std::uint8_t flags;
  std::uint16_t bytes;
  std::uint32_t slot;
  RunId run;
};
static_assert(sizeof(RecordHead) == 16);
constexpr std::uint8_t as_memory_flag = 1;
constexpr std::uint8_t large_flag = 2;
constexpr std::uint8_t in_spans_flag = 4;  ///< large, and the sender has it in several spans
constexpr std::size_t padded_record(std::size_t bytes) { return (bytes + 3) / 4 * 4; }

/// Writes a record's head, and says where what is behind it begins.
inline std::byte* write_record_head(std::byte* at, const Header& header, std::uint8_t flags) {
  const RecordHead head{static_cast<std::uint8_t>(header.type),
                        static_cast<std::uint8_t>(flags | (header.as_memory ? as_memory_flag : 0)),
                        static_cast<std::uint16_t>(header.bytes), header.slot, header.run};
  std::memcpy(at, &head, sizeof head);
  return at + sizeof head;
}

/// The head of the frame that a message is. Throws DecodeError if it is none.
inline FrameHead read_frame_head(std::span<const std::byte> message) {
  FrameHead head{};
  if (message.size() < sizeof head) throw DecodeError("a frame ends within its head");
  std::memcpy(&head, message.data(), sizeof head);
  if (head.length > message.size() - sizeof head) throw DecodeError("a frame is shorter than it says");
  return head;
}

struct Record {
  Header header;  ///< `bytes` are those of the payload, also where that is large
  bool large = false;
  bool in_spans = false;
  std::span<const std::byte> inside;  ///< the payload, or the head of a large one
  std::size_t end = 0;                ///< where the next record begins
};

/// The record that begins at `at`, of a frame that ends with `frame`. Throws DecodeError.
inline Record read_record(std::span<const std::byte> frame, std::size_t at) {
  const auto need = [&](std::size_t bytes) {
    if (bytes > frame.size() - at) throw DecodeError("a record reaches beyond its frame");
  };
  RecordHead head{};
  need(sizeof head);
  std::memcpy(&head, frame.data() + at, sizeof head);
  at += sizeof head;
  if (head.type > static_cast<std::uint8_t>(last_message_type))
    throw DecodeError("a record of unknown type " + std::to_string(head.type));
  Record record{.header = {static_cast<MessageType>(head.type), (head.flags & as_memory_flag) != 0, head.run,
                           head.slot, head.bytes},
                .large = (head.flags & large_flag) != 0,
                .in_spans = (head.flags & in_spans_flag) != 0,
                .inside = {}};
  if (record.large) {
    need(sizeof record.header.bytes);
    std::memcpy(&record.header.bytes, frame.data() + at, sizeof record.header.bytes);
    at += sizeof record.header.bytes;
  }
  need(padded_record(head.bytes));
  record.inside = frame.subspan(at, head.bytes);
  record.end = at + padded_record(head.bytes);
  return record;
}

}  // namespace ramal::detail
