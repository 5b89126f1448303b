// SPDX-License-Identifier: BSD-3-Clause
// What other ranks' bytes go through: frames and their records, bundles, a rank's messages, and the decoders
// of values. Whatever the bytes are, they are taken or refused by an exception, and what is written is read.
#include "runtime/rank/rank.hpp"
#include "runtime/transport/bundle.hpp"
#include "runtime/transport/encoded.hpp"
#include "runtime/transport/frame.hpp"
#include "runtime/watch/status.hpp"
#include "tests/fuzz/choices.hpp"
#include "tests/support/sheet.hpp"

#include <ramal/block.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <variant>

namespace ramal::test {
namespace {

using namespace ramal::detail;
using Memory = std::vector<std::byte>;

bool is_inside(Bytes part, Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// --- frames and bundles
// --------------------------------------------------------------------------------------

void read_frame(Bytes bytes) {
  // Memory of its own, so that reading beyond it is seen.
  const Memory frame(bytes.begin(), bytes.end());
  try {
    const FrameHead head = read_frame_head(frame);
    const std::size_t end = sizeof head + head.length;
    require(end <= frame.size(), "a frame's records are in it");
    for (std::size_t at = sizeof head; at < end;) {
      const Record record = read_record(std::span(frame).first(end), at);
      require(is_inside(record.inside, frame), "a record's payload is in its frame");
      require(record.large || record.inside.size() == record.header.bytes, "a record's length");
      require(record.end > at && record.end <= end, "a record ends in its frame");
      at = record.end;
    }
  } catch (const DecodeError&) {
  }
}

void write_and_read_frame(Choices& choices) {
  struct Sent {
    Header header;
    bool large;
    Bytes inside;
  };
  std::vector<Sent> all;
  Memory frame(sizeof(FrameHead));
  while (choices.more() && all.size() < 50) {
    Sent sent{.header = {.type = static_cast<MessageType>(
                             choices.below(static_cast<std::size_t>(last_message_type) + 1)),
                         .as_memory = choices.below(2) == 1,
                         .run = choices.below(2) == 0 ? choices.byte() : choices.word(),
                         .slot = static_cast<Slot>(choices.below(2) == 0 ? choices.byte() : choices.word())},
              .large = choices.below(4) == 3,
              .inside = choices.take(choices.byte())};
    Header head = sent.header;
    head.bytes = sent.inside.size();
    sent.header.bytes = sent.large ? choices.word() : head.bytes;
    const std::size_t at = frame.size();
    const std::size_t before = sizeof(RecordHead) + (sent.large ? sizeof sent.header.bytes : 0);
    frame.resize(at + before + padded_record(sent.inside.size()));
    std::byte* behind = write_record_head(frame.data() + at, head, sent.large ? large_flag : 0);
    if (sent.large) std::memcpy(behind, &sent.header.bytes, sizeof sent.header.bytes);
    std::ranges::copy(sent.inside, frame.begin() + static_cast<std::ptrdiff_t>(at + before));
    all.push_back(sent);
  }
  std::size_t at = sizeof(FrameHead);
  for (const Sent& sent : all) {
    const Record record = read_record(frame, at);
    require(record.header.type == sent.header.type && record.header.as_memory == sent.header.as_memory &&
                record.header.run == sent.header.run && record.header.slot == sent.header.slot &&
                record.header.bytes == sent.header.bytes && record.large == sent.large,
            "a record's head is read as it was written");
    require(std::ranges::equal(record.inside, sent.inside), "a record's payload is read as it was written");
    at = record.end;
  }
  require(at == frame.size(), "records are read to the end");
}

void read_bundle(Bytes bytes) {
  const Memory bundle(bytes.begin(), bytes.end());
  try {
    for (std::size_t at = 0; at < bundle.size();) {
      const std::size_t begin = at;
      const BundleEntry entry = next_entry(bundle, at);
      require(at > begin && at <= bundle.size(), "an entry ends in its bundle");
      require(entry.bytes <= at - begin - sizeof entry, "its subgraph is in it");
    }
  } catch (const DecodeError&) {
  }
}

// --- a rank's messages
// ---------------------------------------------------------------------------------------

/// A rank ends all with a message, by what it throws.
struct Ended : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Letter {
  int from;
  Header header;
  bool large;
  Memory head, payload;
};
/// Rank `rank` of four, of which the others are bytes.
class Script final : public Transport {
 public:
  Script(int rank, std::deque<Letter>& letters) : rank_(rank), letters_(letters) {}
  int rank() const override { return rank_; }
  int ranks() const override { return 4; }
  std::size_t small_bytes() const override { return 64; }
  std::byte* write(int to, const Header& header) override {
    require(to != rank_ && to >= 0 && to < 4, "messages go to other ranks");
    require(header.bytes <= small_bytes(), "small messages are small");
    room_.assign(header.bytes, std::byte{0});
    room_.reserve(1);
    return room_.data();
  }
  void lend(int to, const Header& header, std::span<const std::byte> head, Spans payload, Value) override {
    require(to != rank_ && to >= 0 && to < 4, "messages go to other ranks");
    require(head.size() <= most_head_bytes && payload.bytes() == header.bytes,
            "large messages have their size");
  }
  void flush() override {}
  bool poll(Receiver& receiver) override {
    if (letters_.empty()) return false;
    Letter letter = std::move(letters_.front());
    letters_.pop_front();
    try {
      deliver(receiver, letter);
    } catch (const std::exception&) {  // the rank would end with its message
      letters_.clear();
    }
    return true;
  }
  void close(Receiver&) override {}
  Communicator& communicator(const std::vector<std::uint32_t>&) override {
    throw DecodeError("no collective tasks");
  }
  void abort(int) override { throw Ended("all ranks end"); }

 private:
  static void deliver(Receiver& receiver, Letter& letter) {
    letter.header.bytes = letter.payload.size();
    if (!letter.large) {
      receiver.receive(letter.from, letter.header, letter.payload);
      return;
    }
    if (!receiver.takes(letter.from, letter.header)) return;
    const auto room = receiver.prepare(letter.from, letter.header, letter.head);
    require(room.size() == letter.payload.size(), "room for a large payload");
    std::ranges::copy(letter.payload, room.begin());
    receiver.landed(letter.from, letter.header);
  }

  int rank_;
  std::deque<Letter>& letters_;
  Memory room_;
};

class Listener final : public Control {
 public:
  void made(ValueId, const Value&) override {}
  void ready(ValueId, std::uint64_t, const Failure*) override {}
  void report(int, std::span<const std::byte> text) override {
    Reader reader(text);
    Codec<RankInfo>::read(reader);
  }
  void learn(const Kind&, const DurationSum&) override {}
  void status(int, std::span<const std::byte> text) override {
    Reader reader(text);
    Codec<RankStatus>::read(reader);
  }
};

Memory memory_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

void receive(Choices& choices) {
  static const Images images = Images::loaded();
  const int rank = static_cast<int>(choices.below(4));
  Listener listener;
  std::deque<Letter> letters;
  while (choices.more() && letters.size() < 30) {
    const auto type =
        static_cast<MessageType>(choices.below(static_cast<std::size_t>(last_message_type) + 1));
    const std::size_t how = choices.byte();
    letters.push_back(
        {.from = (rank + 1 + static_cast<int>(choices.below(3))) % 4,
         .header = {.type = type,
                    .as_memory = (how & 1) != 0,
                    .run = (how & 2) != 0 ? choices.word() : choices.below(4),
                    .slot = static_cast<Slot>((how & 4) != 0 ? choices.word() : choices.below(4))},
         .large = (how & 8) != 0,
         .head = memory_of(choices.take((how & 8) != 0 ? choices.below(24) : 0)),
         .payload = memory_of(choices.take(choices.byte()))});
  }
  const std::size_t rounds = letters.size();
  RankInfo about;
  about.rank = rank;
  about.memory_bytes = std::uint64_t{1} << 40;
  Rank receiver(std::make_unique<Script>(rank, letters), images, 0, rank == 0 ? &listener : nullptr, about,
                StealMode::on);
  try {
    for (std::size_t round = 0; round <= rounds; ++round) receiver.progress();
    require(letters.empty(), "all that comes is taken or refused");
  } catch (const Ended&) {
  }
}

// --- decoders
// ------------------------------------------------------------------------------------------------

struct Inside {
  std::string text;
  std::vector<double> values;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& text& values;
  }
};

/// What is read of any bytes is a value: written and read again it has the same bytes.
template <class T>
void decode(Bytes bytes) {
  const Memory memory(bytes.begin(), bytes.end());
  try {
    Reader reader(memory);
    const T value = Codec<T>::read(reader);
    const Memory first = encoded(value);
    Reader again(first);
    const T second = Codec<T>::read(again);
    require(again.left() == 0, "a value is read to its end");
    require(encoded(second) == first, "a value is read as it was written");
  } catch (const DecodeError&) {
  } catch (const std::length_error&) {
  } catch (const std::invalid_argument&) {
  }
}

/// Whatever a head says, there is memory in one piece for what comes, or it is refused.
template <class T>
void make_room(Choices& choices) {
  const std::size_t bytes = choices.below(1 << 16);
  const Bytes rest = choices.rest();
  const Memory head(rest.begin(), rest.end());
  Reader reader(head);
  try {
    Value value;
    const auto room = make_to_fill(value, TypeOf<T>::type, reader, bytes);
    require(room.size() == bytes, "there is room for what comes");
    std::ranges::fill(room, std::byte{1});
    const Memory first = encoded(value.get<T>());
    Reader again(first);
    require(encoded(Codec<T>::read(again)) == first, "what was filled is written and read");
  } catch (const DecodeError&) {
  } catch (const std::length_error&) {
  } catch (const std::invalid_argument&) {
  }
}

void decode_some(Choices& choices) {
  const std::size_t which = choices.below(14);
  if (which == 10) return make_room<Sheet>(choices);
  if (which == 11) return make_room<Block<double>>(choices);
  const Bytes bytes = choices.rest();
  switch (which) {
    case 0:
      return decode<std::string>(bytes);
    case 1:
      return decode<std::vector<std::string>>(bytes);
    case 2:
      return decode<std::map<std::string, std::vector<long>>>(bytes);
    case 3:
      return decode<std::optional<std::pair<int, std::string>>>(bytes);
    case 4:
      return decode<std::variant<int, std::string, std::vector<double>>>(bytes);
    case 5:
      return decode<Block<double>>(bytes);
    case 6:
      return decode<Failure>(bytes);
    case 7:
      return decode<RankInfo>(bytes);
    case 8:
      return decode<std::vector<Inside>>(bytes);
    case 9:
      return decode<Sheet>(bytes);
    case 13:
      return decode<RankStatus>(bytes);
    default:
      return decode<std::vector<bool>>(bytes);
  }
}

}  // namespace

void fuzz_frames(Bytes bytes) {
  Choices choices(bytes);
  switch (choices.below(5)) {
    case 0:
      return read_frame(choices.rest());
    case 1:
      return write_and_read_frame(choices);
    case 2:
      return read_bundle(choices.rest());
    case 3:
      return receive(choices);
    default:
      return decode_some(choices);
  }
}

}  // namespace ramal::test
