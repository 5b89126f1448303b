// SPDX-License-Identifier: BSD-3-Clause
// Mail: what one rank sends over its transport, and the forms values take on their way. A value of a
// contiguous type that is large goes as its memory, without a copy, unless its head is too long. Any other
// goes as its codec's bytes, in a frame with others if they are few. Landings are where large messages come
// down on the other side, read_value what they become.
//
// Nothing leaves before `flush`, or before a frame is full. Used under the pump's lock.
#pragma once

#include "runtime/executor/failure.hpp"
#include "runtime/executor/observer.hpp"
#include "runtime/transport/transport.hpp"

#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

namespace ramal::detail {

/// What sending the value would take; 0 if that cannot be told.
std::uint64_t known_bytes(const Value& value);

class Mail {
 public:
  /// The transport outlives it.
  explicit Mail(Transport& transport) : transport_(transport), small_bytes_(transport.small_bytes()) {}

  /// Before anything is sent; null: nobody. It outlives this, and hears of messages.
  void set_observer(Observer* observer) { observer_ = observer; }

  int rank() const { return transport_.rank(); }
  int ranks() const { return transport_.ranks(); }
  std::size_t small_bytes() const { return small_bytes_; }

  /// Room for a message of header.bytes <= small_bytes(), to be filled before the next call.
  std::byte* write(int to, const Header& header) {
    unsent_ = true;
    if (observer_ != nullptr) observer_->message_sent(to, header);
    return transport_.write(to, header);
  }
  /// A message with these bytes, however many.
  void send_text(int to, const Header& header, std::span<const std::byte> bytes);
  /// The same for bytes within `memory`, which lives until they have left.
  void send_shared(int to, const Header& header, std::span<const std::byte> bytes,
                   const std::shared_ptr<Buffer>& memory);
  /// A value behind what the message says beside it, to each of these ranks. A small one goes to rank
  /// `small_by`, as a message to be passed on. Encodes once, and before anything is begun: a user's codec may
  /// throw at any time, and then nobody has got anything, so that a failure can be sent in the value's place.
  void send_value(std::span<const int> to, Header header, std::span<const std::byte> before,
                  const Value& value, std::optional<int> small_by = {});

  /// Lets go of what waits for company.
  void flush() {
    transport_.flush();
    unsent_ = false;
  }
  /// Something was handed over since the last flush.
  bool has_unsent() const { return unsent_; }
  /// Something is to be taken for that.
  void note_unsent() { unsent_ = true; }

 private:
  void lend(int to, const Header& header, std::span<const std::byte> head, Spans payload, Value keep);
  bool lend_memory(std::span<const int> to, Header header, std::span<const std::byte> before,
                   const Value& value);
  void write_small(std::span<const int> to, Header header, std::span<const std::byte> before,
                   const Value& value, std::optional<int> small_by);

  Transport& transport_;
  const std::size_t small_bytes_;
  std::vector<std::byte> scratch_;  // for what is encoded before it goes into a frame
  bool unsent_ = false;
  Observer* observer_ = nullptr;
};

/// Large messages that are under way to this rank: at most one from each other.
class Landings {
 public:
  /// Where one comes down: a value's own memory, or bytes.
  struct Landing {
    Value value;
    Buffer head;
    Buffer bytes;
  };
  /// Memory for header.bytes. `type`: of the value that comes as its memory; null: as bytes. `shape` reads
  /// its head from there on; the whole of it stays for `take`. Throws DecodeError if head and size do not
  /// agree.
  std::span<std::byte> prepare(int from, const Header& header, std::span<const std::byte> head, Reader& shape,
                               const Type* type);
  /// It is there.
  Landing take(int from) { return std::move(landings_.extract(from).mapped()); }

 private:
  std::unordered_map<int, Landing> landings_;
};

/// Makes an empty Value hold an object of that type, whose memory of so many bytes is returned to be filled.
/// Throws DecodeError if the type has no memory, or if head and size do not agree.
std::span<std::byte> make_to_fill(Value& value, const Type& type, Reader& head, std::size_t bytes);

/// What a message carries; `head` tells its shape, if it comes as memory. If it cannot be read: a failure, on
/// this rank, of the task of the message's run that `plan()` names.
template <class Plan>
Value read_value(const Type& type, const Header& header, Reader& head, std::span<const std::byte> payload,
                 int rank, const Plan& plan) {
  if (header.as_memory) {
    Value value;
    const auto room = make_to_fill(value, type, head, payload.size());
    if (!room.empty()) std::memcpy(room.data(), payload.data(), room.size());
    return value;
  }
  Reader reader(payload);
  try {
    return type.read(reader);
  } catch (...) {  // a user's own codec may throw anything
    return Value::make<Failure>(Failure::caught(header.run, plan(), rank, not_decoded));
  }
}

/// Messages that overtook what they are about, by run, in the order of arrival.
class EarlyMail {
 public:
  struct Letter {
    int from;  // if that matters
    Header header;
    Buffer head;
    Buffer payload;
  };
  void hold(Letter letter) { letters_[letter.header.run].push_back(std::move(letter)); }
  std::vector<Letter> take(RunId run) {
    auto held = letters_.extract(run);
    return held.empty() ? std::vector<Letter>() : std::move(held.mapped());
  }

 private:
  std::unordered_map<RunId, std::vector<Letter>> letters_;
};

}  // namespace ramal::detail
