// SPDX-License-Identifier: BSD-3-Clause
// What a rank sends, and what becomes of what arrives.
#include "runtime/executor/exceptions.hpp"
#include "runtime/rank/rank.hpp"
#include "runtime/transport/encoded.hpp"

#include <array>

namespace ramal::detail {

namespace {

struct ToldDuration {
  KindRef kind;
  DurationSum sum;
};

bool is_for_all(MessageType type) {
  return type == MessageType::member_for_all || type == MessageType::member_failure_for_all;
}
bool is_of_member(MessageType type) {
  return type == MessageType::member || type == MessageType::member_failure || is_for_all(type);
}
/// Not an error in the place of one.
bool brings_value(MessageType type) {
  return type == MessageType::result || type == MessageType::member || type == MessageType::member_for_all;
}

template <class T>
std::span<const std::byte> bytes_of(std::span<const T> items) {
  return std::as_bytes(items);
}
/// The rest of a message behind its first `head` bytes, which it must have.
std::span<const std::byte> behind(std::size_t head, std::span<const std::byte> payload) {
  if (payload.size() < head) throw DecodeError("a message is shorter than its head");
  return payload.subspan(head);
}
/// Ranks of one program send none of these the wrong way, but who sends is another rank's word.
bool is_for_rank_0_alone(MessageType type) {
  return type == MessageType::ready || type == MessageType::report || type == MessageType::learnt ||
         type == MessageType::starved || type == MessageType::answer || type == MessageType::status ||
         type == MessageType::standing;
}
bool is_from_rank_0_alone(MessageType type) {
  return type == MessageType::census || type == MessageType::overdraw || type == MessageType::query ||
         type == MessageType::inquiry;
}
template <class T>
std::vector<T> items_of(std::span<const std::byte> bytes) {
  std::vector<T> items(bytes.size() / sizeof(T));
  if (!items.empty()) std::memcpy(items.data(), bytes.data(), items.size() * sizeof(T));
  return items;
}

}  // namespace

// --- sending --------------------------------------------------------------------------------------------

void Rank::send(std::uint32_t to, RunId run, Slot slot, const Value& value) {
  const Type& type = value.type();
  const bool relays = to == 0 && shipping_.relays(run);
  if (type.plain && type.bytes <= mail_.small_bytes() && !relays) [[likely]] {
    value.write_plain(mail_.write(static_cast<int>(to), {MessageType::result, false, run, slot, type.bytes}));
  } else {
    send_encoded(static_cast<int>(to), run, slot, value, relays);
  }
}

void Rank::return_home(std::uint32_t to, RunId run, Slot slot, const Value& value) {
  exchange_.note_returned(known_bytes(value));
  send_encoded(static_cast<int>(to), run, slot, value, false);
}

void Rank::send_encoded(int to, RunId run, Slot slot, const Value& value, bool relays) {
  const MessageType type = value.failed() ? MessageType::failure : MessageType::result;
  std::optional<int> small_by;
  if (relays && !value.failed())
    small_by = static_cast<int>(tree_parent(static_cast<std::uint32_t>(transport_->rank())));
  mail_.send_value(std::span(&to, 1), {.type = type, .run = run, .slot = slot}, {}, value, small_by);
}

void Rank::send_member(std::uint32_t to, RunId program, MemberName name, const Value& value) {
  if (static_cast<int>(to) == transport_->rank()) {
    programs_.take(program, name, value);
    return;
  }
  if (to == all_others) {
    pass_member_on(static_cast<std::uint32_t>(transport_->rank()), program, name, value);
    return;
  }
  const auto rank = static_cast<int>(to);
  const Type& type = value.type();
  Header header{value.failed() ? MessageType::member_failure : MessageType::member, false, program, 0, 0};
  if (type.plain && type.bytes + sizeof name <= mail_.small_bytes()) [[likely]] {
    header.bytes = type.bytes + sizeof name;
    std::byte* room = mail_.write(rank, header);
    std::memcpy(room, &name, sizeof name);
    value.write_plain(room + sizeof name);
    return;
  }
  mail_.send_value(std::span(&rank, 1), header, std::as_bytes(std::span(&name, 1)), value);
}

/// Sends a member that all ranks read to the children of this rank, in the tree of ranks whose root is the
/// owner.
void Rank::pass_member_on(std::uint32_t owner, RunId program, MemberName name, const Value& value) {
  const auto ranks = static_cast<std::uint32_t>(transport_->ranks());
  const std::uint32_t place = (static_cast<std::uint32_t>(transport_->rank()) + ranks - owner) % ranks;
  const MessageType type = value.failed() ? MessageType::member_failure_for_all : MessageType::member_for_all;
  std::vector<int> children;
  for (std::uint32_t bit = (place == 0 ? std::bit_ceil(ranks) : place & (~place + 1)) / 2; bit > 0;
       bit /= 2) {
    if (place + bit < ranks) children.push_back(static_cast<int>((place + bit + owner) % ranks));
  }
  if (children.empty()) return;  // half of all ranks, which would encode it for nobody
  mail_.send_value(children, {.type = type, .run = program, .slot = owner},
                   std::as_bytes(std::span(&name, 1)), value);
}

void Rank::announce(ValueId id, const Value& value) {
  if (control_ != nullptr) {
    workers_.note_news();
    control_->made(id, value);
    return;
  }
  const std::uint64_t bytes = known_bytes(value);
  const Failure* failure = value.failed() ? &value.get<Failure>() : nullptr;
  const auto write = [&](Writer& writer) {
    writer& id& bytes;
    if (failure != nullptr) writer&* failure;
  };
  Writer count;
  write(count);
  std::vector<std::byte> text(count.size());
  Writer writer(text.data(), text.size());
  write(writer);
  mail_.send_text(0, {.type = MessageType::ready}, text);
}

void Rank::tell_durations() {
  const auto news = executor_.durations().take_news();
  std::vector<std::byte> text(news.size() * sizeof(ToldDuration));
  for (std::size_t i = 0; i < news.size(); ++i) {
    const ToldDuration told{images_.refer(*news[i].kind), news[i].sum};
    std::memcpy(text.data() + i * sizeof told, &told, sizeof told);
  }
  mail_.send_text(0, {.type = MessageType::learnt}, text);
}

void Rank::ship(std::vector<Subgraph> subgraphs, bool alone, std::size_t fetched,
                const std::set<std::uint32_t>& with_participants) {
  last_pump_ = now_seconds();  // the time since went into planning
  const RunId run = with_participants.empty() ? 0 : subgraphs[*with_participants.begin()].run;
  // Others first: they start while rank 0 prepares its own share.
  const std::vector<bool> by_tree = shipping_.ship_to_others(subgraphs, alone, fetched);
  mail_.flush();
  for (const std::uint32_t to : with_participants) {
    if (to != 0) turns_.note_shipped(run, static_cast<int>(by_tree[to] ? tree_child(0, to) : to));
  }
  if (subgraphs[0].bytes.size() > 0) start(std::move(subgraphs[0]));
}

void Rank::ship(int to, Subgraph subgraph) {
  to == 0 ? start(std::move(subgraph)) : shipping_.ship(to, std::move(subgraph));
}

void Rank::ship_program(RunId run, const std::vector<std::byte>& encoded, bool alone) {
  last_pump_ = now_seconds();  // the time since went into planning
  shipping_.ship_program(run, encoded, alone);
}

void Rank::send_release(int to, std::span<const ValueId> ids) {
  mail_.send_text(to, {.type = MessageType::release, .slot = shipping_.shipped_to(to)}, bytes_of(ids));
}
void Rank::send_release_of_all(int to, ValueId first, std::uint64_t count) {
  if (to == transport_->rank()) {
    executor_.release_all(first, count);
    return;
  }
  const std::array<std::uint64_t, 2> range{first, count};
  mail_.send_text(to, {.type = MessageType::release_all, .slot = shipping_.shipped_to(to)},
                  std::as_bytes(std::span(range)));
}
void Rank::send_cancel(int to, RunId run, std::span<const TaskIndex> tasks) {
  mail_.send_text(to, {.type = MessageType::cancel, .run = run, .slot = shipping_.shipped_to(to)},
                  bytes_of(tasks));
}
void Rank::cancel(RunId run, std::span<const TaskIndex> tasks) {
  for (const auto& [to, given] : executor_.cancel(run, tasks))
    mail_.send_text(to, {.type = MessageType::recall, .run = run}, bytes_of(std::span<const Slot>(given)));
}
void Rank::send_query(int to) {
  mail_.send_text(to, {.type = MessageType::query, .slot = shipping_.shipped_to(to)}, {});
}

void Rank::send_store(int to, ValueId id, const std::string& name) {
  if (to == transport_->rank()) {
    left_[name] = executor_.kept(id);
    return;
  }
  std::vector<std::byte> text(sizeof id + name.size());
  std::memcpy(text.data(), &id, sizeof id);
  std::memcpy(text.data() + sizeof id, name.data(), name.size());
  mail_.send_text(to, {.type = MessageType::store, .slot = shipping_.shipped_to(to)}, text);
}

void Rank::take_locals(Locals& locals) {
  for (auto& [name, value] : locals.values()) executor_.keep(local_id(name), std::move(value));
  locals.values().clear();
}
void Rank::leave_locals(Locals& locals) { locals.values() = std::move(left_); }

RankInfo Rank::info() const {
  RankInfo info = about_;
  info.tasks_run = executor_.tasks_run();
  info.tasks_given = executor_.tasks_given();
  info.tasks_stolen = exchange_.taken().tasks;
  info.bytes_stolen = exchange_.taken().bytes;
  info.messages_sent = transport_->counts().messages;
  info.bytes_sent = transport_->counts().bytes;
  info.values_kept = executor_.values_kept();
  info.bytes_held = executor_.bytes_held();
  info.most_bytes_held = executor_.most_bytes_held();
  info.idle_seconds = idle_seconds();
  return info;
}

// --- receiving ------------------------------------------------------------------------------------------

void Rank::receive(int from, const Header& header, std::span<const std::byte> payload) {
  memory_.note_received();
  if (observer_ != nullptr) observer_->message_received(from, header);
  if (header.type == MessageType::result && executor_.arrive_plain(header.run, header.slot, payload)) return;
  if (header.type == MessageType::member && programs_.take_plain(header.run, payload)) return;
  handle(from, header, payload);
}

void Rank::handle(int from, const Header& header, std::span<const std::byte> payload) {
  if (shipping_.holds(header, payload)) return;
  if (control_ != nullptr ? is_from_rank_0_alone(header.type) : is_for_rank_0_alone(header.type))
    throw DecodeError("a message that is not for this rank");
  switch (header.type) {
    case MessageType::result:
    case MessageType::failure:
      take_result(header, {}, payload);
      break;
    case MessageType::member:
    case MessageType::member_failure:
    case MessageType::member_for_all:
    case MessageType::member_failure_for_all:
      take_member(header, payload, behind(sizeof(MemberName), payload));
      break;
    case MessageType::progress:
      if (!programs_.hear_progress(header.run, static_cast<std::uint32_t>(from),
                                   items_of<std::int64_t>(payload).at(0)))
        early_.hold({from, header, {}, Buffer::copy_of(payload)});
      break;
    case MessageType::subgraph:
    case MessageType::program:
      shipping_.take(header, Buffer::copy_of(payload));
      break;
    case MessageType::bundle:
      shipping_.take_bundle(header.run, std::make_shared<Buffer>(Buffer::copy_of(payload)));
      break;
    case MessageType::program_bundle:
      shipping_.take_program_bundle(header, payload);
      break;
    case MessageType::passed:
      pass_result_on(header, payload);
      break;
    case MessageType::ready:
      take_ready(payload);
      break;
    case MessageType::release:
      for (const ValueId id : items_of<ValueId>(payload)) executor_.release(id);
      break;
    case MessageType::release_all: {
      const auto range = items_of<std::uint64_t>(payload);
      executor_.release_all(range.at(0), range.at(1));
      break;
    }
    case MessageType::cancel:
      if (!programs_.cancel(header.run)) cancel(header.run, items_of<TaskIndex>(payload));
      break;
    case MessageType::query:
      mail_.send_text(from, {.type = MessageType::report}, encoded(info()));
      break;
    case MessageType::report:
      workers_.note_news();
      control_->report(from, payload);
      break;
    case MessageType::learnt:
      for (const ToldDuration& told : items_of<ToldDuration>(payload))
        control_->learn(images_.resolve(told.kind), told.sum);
      break;
    case MessageType::stop:
      take_stop(from, header, payload);
      break;
    case MessageType::store: {
      ValueId id = 0;
      const auto name = behind(sizeof id, payload);
      std::memcpy(&id, payload.data(), sizeof id);
      left_[std::string(reinterpret_cast<const char*>(name.data()), name.size())] = executor_.kept(id);
      break;
    }
    case MessageType::starved:
      memory_.hear_starved();
      break;
    case MessageType::census:
      memory_.hear_census();
      break;
    case MessageType::answer:
      memory_.hear_answer(from, items_of<Census::Answer>(payload).at(0));
      break;
    case MessageType::overdraw:
      memory_.hear_overdraw();
      break;
    case MessageType::steal:
      exchange_.hear_question(from, header.slot);
      break;
    case MessageType::stolen:
      exchange_.run_stolen(from, payload);
      break;
    case MessageType::recall:
      executor_.recall(from, header.run, items_of<Slot>(payload));
      break;
    case MessageType::clock:
      workers_.note_news();
      clocks_.hear(from, header, payload);
      break;
    case MessageType::status:
      memory_.note_idle_received();
      control_->status(from, payload);
      break;
    case MessageType::inquiry:
      memory_.note_idle_received();
      if (stalls_) stalls_->hear_inquiry();
      break;
    case MessageType::standing:
      memory_.note_idle_received();
      if (stalls_) stalls_->hear_standing(from, payload);
      break;
    case MessageType::join:
    case MessageType::leave:
    case MessageType::enter:
    case MessageType::settle: {
      Reader reader(payload);
      turns_.hear(header.type, {header.run, header.slot},
                  reader.left() > 0 ? std::optional(Codec<Failure>::read(reader)) : std::nullopt);
      break;
    }
  }
}

/// A result for rank 0, by way of this rank.
void Rank::pass_result_on(const Header& header, std::span<const std::byte> payload) {
  if (transport_->rank() != 0) {
    mail_.send_text(static_cast<int>(tree_parent(static_cast<std::uint32_t>(transport_->rank()))), header,
                    payload);
    return;
  }
  Header result = header;
  result.type = MessageType::result;
  take_result(result, {}, payload);
}

void Rank::take_ready(std::span<const std::byte> payload) {
  workers_.note_news();
  Reader reader(payload);
  const auto id = reader.raw<ValueId>();
  const auto bytes = reader.raw<std::uint64_t>();
  if (reader.left() > 0) {
    const auto failure = Codec<Failure>::read(reader);
    control_->ready(id, bytes, &failure);
  } else {
    control_->ready(id, bytes, nullptr);
  }
}

/// Rank 0 tells the others; each tells rank 0 that it has heard.
void Rank::take_stop(int from, const Header& header, std::span<const std::byte> payload) {
  workers_.note_news();
  if (transport_->rank() == 0) {
    ++others_stopped_;
    has_stopped_[static_cast<std::size_t>(from)] = true;
    hear(items_of<Farewell>(payload).at(0));
  } else {
    stopped_ = static_cast<int>(header.run);
    exchange_.end();
    turns_.give_up();
  }
}

/// What it counts for while it is here. Only what comes by itself: small results are bounded by credits.
std::uint64_t Rank::counted_bytes(const Header& header) const {
  return brings_value(header.type) && header.bytes > mail_.small_bytes() ? header.bytes : 0;
}

/// A rank that has no room puts results off, and with them what that sender sent after, while it has ready
/// tasks that will make room. With none it takes one after the other: whatever would make room may need them.
bool Rank::takes(int, const Header& header) {
  const std::uint64_t bytes = counted_bytes(header);
  if (bytes == 0 || takes_all_ || executor_.has_room_to_receive(bytes)) return true;
  return results_landing_ == 0 && !executor_.has_ready_consumers();
}

std::span<std::byte> Rank::prepare(int from, const Header& header, std::span<const std::byte> head) {
  if (observer_ != nullptr) observer_->message_begun(from, header);
  bytes_landing_ += header.bytes;
  if (const std::uint64_t bytes = counted_bytes(header); bytes > 0) {
    ++results_landing_;
    executor_.expect(bytes);
  }
  Reader shape(head);
  const Type* type = nullptr;
  if (header.as_memory && is_of_member(header.type)) {
    type = programs_.type_of(header.run, shape.raw<MemberName>());
  } else if (header.as_memory) {
    type = executor_.arrival_type(header.run, header.slot);
  }
  return landings_.prepare(from, header, head, shape, type);
}

void Rank::landed(int from, const Header& header) {
  memory_.note_received();
  bytes_landing_ -= header.bytes;
  if (observer_ != nullptr) observer_->message_received(from, header);
  Landings::Landing landing = landings_.take(from);
  if (counted_bytes(header) > 0) --results_landing_;
  if (is_of_member(header.type)) {
    if (landing.value.empty()) {
      take_member(header, landing.head.view(), landing.bytes.view());
      executor_.count_while_used(Value(), counted_bytes(header));  // its encoding is gone
    } else {
      executor_.count_while_used(landing.value, counted_bytes(header));
      hand_member_over(header, Reader(landing.head.view()).raw<MemberName>(), std::move(landing.value));
    }
  } else if (!landing.value.empty()) {
    executor_.arrive(header.run, header.slot, std::move(landing.value), counted_bytes(header));
  } else if (header.type == MessageType::subgraph || header.type == MessageType::program) {
    shipping_.take(header, std::move(landing.bytes));
  } else if (header.type == MessageType::bundle) {
    shipping_.take_bundle(header.run, std::make_shared<Buffer>(std::move(landing.bytes)));
  } else if (header.type == MessageType::result && !executor_.knows(header.run)) {
    early_.hold({0, header, std::move(landing.head), std::move(landing.bytes)});
  } else if (header.type == MessageType::result) {
    take_result(header, landing.head.view(), landing.bytes.view());
  } else {
    handle(from, header, landing.bytes.view());
  }
}

void Rank::start(Subgraph subgraph) {
  const RunId run = subgraph.run;
  executor_.start(std::move(subgraph));
  take_early(run);
}

void Rank::take_early(RunId run) {
  for (const EarlyMail::Letter& early : early_.take(run)) {
    if (early.header.type == MessageType::progress) {
      handle(early.from, early.header, early.payload.view());
    } else if (is_of_member(early.header.type)) {
      take_member(early.header, early.head.view(), early.payload.view());
    } else {
      take_result(early.header, early.head.view(), early.payload.view());
    }
  }
}

/// A member's value, or a failure in its place. `head` begins with its name.
void Rank::take_member(const Header& header, std::span<const std::byte> head,
                       std::span<const std::byte> payload) {
  Reader reader(head);
  const auto name = reader.raw<MemberName>();
  const Type* type = programs_.type_of(header.run, name);
  if (type == nullptr) {  // it overtook its program, or comes after its end
    if (!programs_.take(header.run, name, Value()))
      early_.hold({0, header, Buffer::copy_of(head), Buffer::copy_of(payload)});
    return;
  }
  if (!brings_value(header.type)) type = &TypeOf<Failure>::type;
  hand_member_over(header, name,
                   read_value(*type, header, reader, payload, transport_->rank(), [name] { return name; }));
}

void Rank::hand_member_over(const Header& header, MemberName name, Value value) {
  if (is_for_all(header.type)) {
    try {
      pass_member_on(header.slot, header.run, name, value);
    } catch (...) {  // a user's own codec may throw anything, before anything is sent
      value = Value::make<Failure>(Failure::caught(header.run, name, transport_->rank(), not_encoded));
      pass_member_on(header.slot, header.run, name, value);
    }
  }
  programs_.take(header.run, name, std::move(value));
}

/// A result, or a failure in its place, whose bytes are valid during the call.
void Rank::take_result(const Header& header, std::span<const std::byte> head,
                       std::span<const std::byte> payload) {
  if (!executor_.knows(header.run)) {
    early_.hold({0, header, Buffer::copy_of(head), Buffer::copy_of(payload)});
    return;
  }
  const Type* type = header.type == MessageType::failure ? &TypeOf<Failure>::type
                                                         : executor_.arrival_type(header.run, header.slot);
  if (type == nullptr) throw DecodeError("a result for a slot that expects none");
  Reader reader(head);
  Value value = read_value(*type, header, reader, payload, transport_->rank(),
                           [&] { return executor_.arrival_plan(header.run, header.slot); });
  executor_.arrive(header.run, header.slot, std::move(value), counted_bytes(header));
}

}  // namespace ramal::detail
