// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/rank/mail.hpp"

#include "runtime/transport/encoded.hpp"

#include <array>
#include <cstring>

namespace ramal::detail {

namespace {

/// Bytes that must live until they have left, in the form of a Value.
struct HeldMemory {
  std::shared_ptr<Buffer> memory;
  template <class Archive>
  void serialize(Archive&, unsigned) {}
};

}  // namespace

std::uint64_t known_bytes(const Value& value) {
  if (value.failed()) return 0;
  if (value.type().contiguous) return value.type().memory(value).bytes();
  try {
    return value.encoded_bytes();
  } catch (...) {  // a user's own codec may throw anything
    return 0;
  }
}

void Mail::lend(int to, const Header& header, std::span<const std::byte> head, Spans payload, Value keep) {
  unsent_ = true;
  if (observer_ != nullptr) observer_->message_sent(to, header);
  transport_.lend(to, header, head, std::move(payload), std::move(keep));
}

void Mail::send_text(int to, const Header& header, std::span<const std::byte> bytes) {
  Header sized = header;
  sized.bytes = bytes.size();
  if (bytes.size() <= small_bytes_) {
    auto* room = write(to, sized);
    if (!bytes.empty()) std::memcpy(room, bytes.data(), bytes.size());
    return;
  }
  auto kept = Value::make<std::vector<std::byte>>(bytes.begin(), bytes.end());
  const auto& memory = kept.get<std::vector<std::byte>>();
  lend(to, sized, {}, Spans(memory), kept);
}

void Mail::send_shared(int to, const Header& header, std::span<const std::byte> bytes,
                       const std::shared_ptr<Buffer>& memory) {
  if (bytes.size() <= small_bytes_) {
    send_text(to, header, bytes);
    return;
  }
  Header sized = header;
  sized.bytes = bytes.size();
  lend(to, sized, {}, bytes, Value::make<HeldMemory>(memory));
}

void Mail::send_value(std::span<const int> to, Header header, std::span<const std::byte> before,
                      const Value& value, std::optional<int> small_by) {
  const Type& type = value.type();
  if (type.contiguous && lend_memory(to, header, before, value)) return;
  header.bytes = value.encoded_bytes();
  if (header.bytes + before.size() <= small_bytes_) {
    write_small(to, header, before, value, small_by);
    return;
  }
  auto encoded = Value::make<std::vector<std::byte>>(header.bytes);
  write_exactly(value, encoded.own<std::vector<std::byte>>());
  const Spans memory(encoded.get<std::vector<std::byte>>());
  for (const int rank : to) lend(rank, header, before, memory, encoded);
}

/// False, and nothing is sent, if it is small or its head too long.
bool Mail::lend_memory(std::span<const int> to, Header header, std::span<const std::byte> before,
                       const Value& value) {
  const Spans memory = value.type().memory(value);
  if (memory.bytes() + before.size() <= small_bytes_) return false;
  Writer count;
  value.type().write_head(count, value);
  std::array<std::byte, Transport::most_head_bytes> head;
  if (before.size() + count.size() > head.size()) return false;
  Writer writer(head.data(), head.size());
  writer.bytes(before.data(), before.size());
  value.type().write_head(writer, value);
  header.as_memory = true;
  header.bytes = memory.bytes();
  for (const int rank : to) lend(rank, header, std::span(head).first(writer.size()), memory, value);
  return true;
}

/// header.bytes: of the value alone.
void Mail::write_small(std::span<const int> to, Header header, std::span<const std::byte> before,
                       const Value& value, std::optional<int> small_by) {
  header.bytes += before.size();
  if (small_by) header.type = MessageType::passed;
  scratch_.resize(header.bytes);
  if (!before.empty()) std::memcpy(scratch_.data(), before.data(), before.size());
  write_exactly(value, std::span(scratch_).subspan(before.size()));
  for (const int rank : to) {
    std::byte* room = write(small_by.value_or(rank), header);
    if (!scratch_.empty()) std::memcpy(room, scratch_.data(), scratch_.size());
  }
}

std::span<std::byte> Landings::prepare(int from, const Header& header, std::span<const std::byte> head,
                                       Reader& shape, const Type* type) {
  Landing& landing = landings_[from];
  landing.head = Buffer::copy_of(head);
  if (type == nullptr || !type->contiguous) {
    landing.bytes = Buffer(header.bytes);
    return {landing.bytes.data(), landing.bytes.size()};
  }
  return make_to_fill(landing.value, *type, shape, header.bytes);
}

std::span<std::byte> make_to_fill(Value& value, const Type& type, Reader& head, std::size_t bytes) {
  if (!type.contiguous) throw DecodeError("memory of a value of a type that is not sent so");
  value = type.allocate(head, bytes);
  return type.memory(value).room(bytes);
}

}  // namespace ramal::detail
