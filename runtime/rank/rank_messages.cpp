// SPDX-License-Identifier: BSD-3-Clause
// What a rank sends, and what becomes of what arrives.
#include "runtime/executor/exceptions.hpp"
#include "runtime/rank/rank.hpp"
#include "runtime/transport/bundle.hpp"
#include "runtime/transport/encoded.hpp"

#include <array>

namespace ramal::detail {

namespace {

// Along the tree: from so many on, so small. Larger ones take longer to be passed on than to be sent by rank
// 0.
constexpr std::size_t least_bundled = 16;
constexpr std::size_t most_bundled_bytes = 4096;

/// Sent by rank 0 and not to be handled before the subgraphs that were shipped before it.
bool is_ordered(MessageType type) {
  switch (type) {
    case MessageType::subgraph:
    case MessageType::release:
    case MessageType::release_all:
    case MessageType::cancel:
    case MessageType::query:
    case MessageType::stop:
    case MessageType::store:
      return true;
    default:
      return false;
  }
}

/// Bytes that must live until they have left, in the form of a Value.
struct HeldMemory {
  std::shared_ptr<Buffer> memory;
  template <class Archive>
  void serialize(Archive&, unsigned) {}
};

struct ToldDuration {
  KindRef kind;
  DurationSum sum;
};

template <class T>
std::span<const std::byte> bytes_of(std::span<const T> items) {
  return std::as_bytes(items);
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
  unsent_ = true;
  const Type& type = value.type();
  const bool relays = to == 0 && relayed_run_ == run;
  if (type.plain && type.bytes <= small_bytes_ && !relays) [[likely]] {
    value.write_plain(
        transport_->write(static_cast<int>(to), {MessageType::result, false, run, slot, type.bytes}));
  } else {
    send_encoded(static_cast<int>(to), run, slot, value, relays);
  }
}

void Rank::return_home(std::uint32_t to, RunId run, Slot slot, const Value& value) {
  unsent_ = true;
  stolen_.bytes += known_bytes(value);
  send_encoded(static_cast<int>(to), run, slot, value, false);
}

void Rank::send_encoded(int to, RunId run, Slot slot, const Value& value, bool relays) {
  const MessageType type = value.failed() ? MessageType::failure : MessageType::result;
  std::optional<int> small_by;
  if (relays && !value.failed())
    small_by = static_cast<int>(tree_parent(static_cast<std::uint32_t>(transport_->rank())));
  send_value(std::span(&to, 1), {.type = type, .run = run, .slot = slot}, {}, value, small_by);
}

/// A value behind what the message says beside it, to each of these ranks. A small one goes to rank
/// `small_by`, which passes it on. Encodes once, and before anything is begun: a user's codec may throw at
/// any time, and then nobody has got anything, so that a failure can be sent in the value's place.
void Rank::send_value(std::span<const int> ranks, Header header, std::span<const std::byte> before,
                      const Value& value, std::optional<int> small_by) {
  const Type& type = value.type();
  if (type.contiguous && type.memory(value).size() + before.size() > transport_->small_bytes()) {
    const auto memory = type.memory(value);
    header.as_memory = true;
    header.bytes = memory.size();
    std::array<std::byte, Transport::most_head_bytes> head;
    Writer writer(head.data(), head.size());
    writer.bytes(before.data(), before.size());
    type.write_head(writer, value);
    for (const int to : ranks)
      transport_->lend(to, header, std::span(head).first(writer.size()), memory, value);
    return;
  }
  const std::size_t bytes = value.encoded_bytes();
  if (bytes + before.size() <= transport_->small_bytes()) {
    header.bytes = bytes + before.size();
    if (small_by) header.type = MessageType::passed;
    scratch_.resize(header.bytes);
    if (!before.empty()) std::memcpy(scratch_.data(), before.data(), before.size());
    write_exactly(value, std::span(scratch_).subspan(before.size()));
    for (const int to : ranks) {
      std::byte* room = transport_->write(small_by.value_or(to), header);
      if (!scratch_.empty()) std::memcpy(room, scratch_.data(), scratch_.size());
    }
    return;
  }
  header.bytes = bytes;
  auto encoded = Value::make<std::vector<std::byte>>(bytes);
  write_exactly(value, encoded.own<std::vector<std::byte>>());
  for (const int to : ranks)
    transport_->lend(to, header, before, encoded.get<std::vector<std::byte>>(), encoded);
}

void Rank::send_member(std::uint32_t to, RunId program, MemberName name, const Value& value) {
  if (static_cast<int>(to) == transport_->rank()) {
    programs_.take(program, name, value);
    return;
  }
  unsent_ = true;
  if (to == all_others) {
    pass_member_on(static_cast<std::uint32_t>(transport_->rank()), program, name, value);
    return;
  }
  const auto rank = static_cast<int>(to);
  const Type& type = value.type();
  Header header{value.failed() ? MessageType::member_failure : MessageType::member, false, program, 0, 0};
  if (type.plain && type.bytes + sizeof name <= small_bytes_) [[likely]] {
    header.bytes = type.bytes + sizeof name;
    std::byte* room = transport_->write(rank, header);
    std::memcpy(room, &name, sizeof name);
    value.write_plain(room + sizeof name);
    return;
  }
  send_value(std::span(&rank, 1), header, std::as_bytes(std::span(&name, 1)), value, {});
}

/// Of a member that all ranks read: to the children of this rank in the tree of ranks whose root is the
/// owner. Those who get it know from the slot that, and from whom.
void Rank::pass_member_on(std::uint32_t owner, RunId program, MemberName name, const Value& value) {
  const auto ranks = static_cast<std::uint32_t>(transport_->ranks());
  const std::uint32_t place = (static_cast<std::uint32_t>(transport_->rank()) + ranks - owner) % ranks;
  const MessageType type = value.failed() ? MessageType::member_failure : MessageType::member;
  std::vector<int> children;
  for (std::uint32_t bit = (place == 0 ? std::bit_ceil(ranks) : place & (~place + 1)) / 2; bit > 0;
       bit /= 2) {
    if (place + bit < ranks) children.push_back(static_cast<int>((place + bit + owner) % ranks));
  }
  if (children.empty()) return;  // half of all ranks, which would encode it for nobody
  send_value(children, {.type = type, .run = program, .slot = owner + 1}, std::as_bytes(std::span(&name, 1)),
             value, {});
}

std::uint64_t known_bytes(const Value& value) {
  if (value.failed()) return 0;
  if (value.type().contiguous) return value.type().memory(value).size();
  try {
    return value.encoded_bytes();
  } catch (...) {
    return 0;
  }
}

void Rank::announce(ValueId id, const Value& value) {
  if (control_ != nullptr) {
    has_news_ = true;
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
  send_text(0, {.type = MessageType::ready}, text);
}

void Rank::tell_durations() {
  const auto news = executor_.durations().take_news();
  std::vector<std::byte> text(news.size() * sizeof(ToldDuration));
  for (std::size_t i = 0; i < news.size(); ++i) {
    const ToldDuration told{images_.refer(*news[i].kind), news[i].sum};
    std::memcpy(text.data() + i * sizeof told, &told, sizeof told);
  }
  send_text(0, {.type = MessageType::learnt}, text);
}

void Rank::send_text(int to, const Header& header, std::span<const std::byte> bytes) {
  unsent_ = true;
  Header sized = header;
  sized.bytes = bytes.size();
  if (bytes.size() <= transport_->small_bytes()) {
    auto* room = transport_->write(to, sized);
    if (!bytes.empty()) std::memcpy(room, bytes.data(), bytes.size());
    return;
  }
  auto kept = Value::make<std::vector<std::byte>>(bytes.begin(), bytes.end());
  const auto& memory = kept.get<std::vector<std::byte>>();
  transport_->lend(to, sized, {}, memory, kept);
}

/// Bytes within `memory`, which lives until they have left.
void Rank::send_shared(int to, const Header& header, std::span<const std::byte> bytes,
                       const std::shared_ptr<Buffer>& memory) {
  if (bytes.size() <= transport_->small_bytes()) {
    send_text(to, header, bytes);
    return;
  }
  unsent_ = true;
  Header sized = header;
  sized.bytes = bytes.size();
  transport_->lend(to, sized, {}, bytes, Value::make<HeldMemory>(memory));
}

void Rank::ship(std::vector<Subgraph> subgraphs, bool alone, std::size_t fetched,
                const std::set<std::uint32_t>& with_members) {
  last_pump_ = now_seconds();  // the time since went into planning
  const RunId run = with_members.empty() ? 0 : subgraphs[*with_members.begin()].run;
  // Others first: they start while rank 0 prepares its own share.
  std::vector<bool> has_left(subgraphs.size(), false);
  if (alone) has_left = ship_bundled(subgraphs, fetched);
  for (std::size_t to = subgraphs.size(); to-- > 1;) {
    if (subgraphs[to].bytes.size() > 0 && !has_left[to]) ship(static_cast<int>(to), std::move(subgraphs[to]));
  }
  transport_->flush();
  for (const std::uint32_t to : with_members) {
    if (to != 0) turns_.note_shipped(run, static_cast<int>(has_left[to] ? tree_child(0, to) : to));
  }
  if (subgraphs[0].bytes.size() > 0) ship(0, std::move(subgraphs[0]));
}

void Rank::ship(int to, Subgraph subgraph) {
  if (to == 0) {
    start(std::move(subgraph));
    return;
  }
  const Header header{
      .type = MessageType::subgraph, .run = subgraph.run, .slot = shipped_[static_cast<std::size_t>(to)]++};
  const auto bytes = std::make_shared<Buffer>(std::move(subgraph.bytes));
  send_shared(to, header, bytes->view(), bytes);
}

void Rank::ship_program(RunId run, const std::vector<std::byte>& encoded, bool alone) {
  last_pump_ = now_seconds();  // the time since went into planning
  const auto ranks = static_cast<std::uint32_t>(transport_->ranks());
  if (alone && ranks > least_bundled) {
    std::vector<std::byte> padded = encoded;
    padded.resize((encoded.size() + 7) / 8 * 8);
    std::vector<ProgramEntry> entries{{0, 0}};
    for (std::uint32_t to = 1; to < ranks; ++to) entries.push_back({to, shipped_[to]++});
    pass_program_on(run, padded, entries);
    return;
  }
  const auto bytes = std::make_shared<Buffer>(Buffer::copy_of(encoded));
  for (std::uint32_t to = ranks; to-- > 1;)
    send_shared(static_cast<int>(to), {.type = MessageType::subgraph, .run = run, .slot = shipped_[to]++},
                bytes->view(), bytes);
  transport_->flush();
  take_shipped(run, Buffer::copy_of(encoded));
}

/// To each child with those of its subtree, the largest first; then to this rank itself. The bytes are the
/// same for all, so rank 0 sends them log P times.
void Rank::pass_program_on(RunId run, std::span<const std::byte> padded_program,
                           std::span<const ProgramEntry> entries) {
  const auto own = static_cast<std::uint32_t>(transport_->rank());
  std::map<std::uint32_t, std::vector<ProgramEntry>> children;
  std::optional<ProgramEntry> mine;
  for (const ProgramEntry& entry : entries) {
    if (entry.to == own) {
      mine = entry;
      continue;
    }
    children[tree_child(own, entry.to)].push_back(entry);
  }
  for (auto child = children.rbegin(); child != children.rend(); ++child) {
    const auto of_child = std::as_bytes(std::span(child->second));
    const auto bundle = std::make_shared<Buffer>(padded_program.size() + of_child.size());
    std::memcpy(bundle->data(), padded_program.data(), padded_program.size());
    std::memcpy(bundle->data() + padded_program.size(), of_child.data(), of_child.size());
    send_shared(static_cast<int>(child->first),
                {.type = MessageType::program,
                 .run = run,
                 .slot = static_cast<Slot>(padded_program.size() / sizeof(std::uint64_t))},
                bundle->view(), bundle);
  }
  transport_->flush();
  if (own == 0) {
    take_shipped(run, Buffer::copy_of(padded_program));
  } else {
    handle(0, {.type = MessageType::subgraph, .run = run, .slot = mine.value().after}, padded_program);
  }
}

/// The small ones, if there are enough of them. Says which.
std::vector<bool> Rank::ship_bundled(std::span<const Subgraph> subgraphs, std::size_t fetched) {
  std::vector<bool> bundled(subgraphs.size(), false);
  std::size_t count = 0;
  for (std::size_t to = 1; to < subgraphs.size(); ++to) {
    const std::size_t size = subgraphs[to].bytes.size();
    bundled[to] = size > 0 && size <= most_bundled_bytes;
    if (bundled[to]) ++count;
  }
  if (count < least_bundled) return std::vector<bool>(subgraphs.size(), false);
  std::vector<bool> passes(subgraphs.size(), false);
  RunId run = 0;
  std::size_t size = 0;
  for (std::size_t to = 1; to < subgraphs.size(); ++to) {
    if (!bundled[to]) continue;
    run = subgraphs[to].run;
    for (auto on_way = static_cast<std::uint32_t>(to); on_way != 0 && !passes[on_way];
         on_way = tree_parent(on_way)) {
      passes[on_way] = true;
      size += padded_entry(bundled[on_way] ? subgraphs[on_way].bytes.size() : 0);
    }
  }
  const auto bundle = std::make_shared<Buffer>(size);
  std::byte* at = bundle->data();
  for (std::uint32_t to = 1; to < subgraphs.size(); ++to) {
    if (!passes[to]) continue;
    const auto bytes = bundled[to] ? subgraphs[to].bytes.view() : std::span<const std::byte>();
    const BundleEntry entry{.to = to,
                            .after = shipped_[to]++,
                            .relays = fetched >= least_bundled ? 1U : 0U,
                            .unused = 0,
                            .bytes = bytes.size()};
    std::memcpy(at, &entry, sizeof entry);
    if (!bytes.empty()) std::memcpy(at + sizeof entry, bytes.data(), bytes.size());
    std::memset(at + sizeof entry + bytes.size(), 0, padded_entry(entry.bytes) - sizeof entry - bytes.size());
    at += padded_entry(entry.bytes);
  }
  pass_on(run, bundle);
  return bundled;
}

/// Sends each child its subtree's part, then takes what is this rank's own, which comes first.
void Rank::pass_on(RunId run, const std::shared_ptr<Buffer>& bundle) {
  const auto own = static_cast<std::uint32_t>(transport_->rank());
  struct Part {
    std::uint32_t child;
    std::size_t begin, end;
  };
  std::vector<Part> parts;
  std::optional<BundleEntry> mine;
  for (std::size_t at = 0; at < bundle->size();) {
    const std::size_t begin = at;
    const BundleEntry entry = next_entry(bundle->view(), at);
    if (entry.to == own) {
      mine = entry;
    } else if (const auto child = tree_child(own, entry.to); parts.empty() || parts.back().child != child) {
      parts.push_back({child, begin, at});
    } else {
      parts.back().end = at;
    }
  }
  while (!parts.empty()) {  // the largest first: it has the longest way
    const Part part = parts.back();
    parts.pop_back();
    send_shared(static_cast<int>(part.child), {.type = MessageType::bundle, .run = run},
                bundle->view().subspan(part.begin, part.end - part.begin), bundle);
  }
  if (!mine) return;
  if (mine->relays != 0) relayed_run_ = run;
  handle(0, {.type = MessageType::subgraph, .run = run, .slot = mine->after, .bytes = mine->bytes},
         bundle->view().subspan(sizeof(BundleEntry), mine->bytes));
}

/// What was held because of it may be handled now.
void Rank::took_subgraph() {
  ++taken_;
  for (std::size_t i = 0; i < held_.size();) {
    if (held_[i].header.slot > taken_) {
      ++i;
      continue;
    }
    const Held next = std::move(held_[i]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i));
    handle(0, next.header, next.payload.view());  // which may come here again
    i = 0;
  }
}

void Rank::send_release(int to, std::span<const ValueId> ids) {
  send_text(to, {.type = MessageType::release, .slot = shipped_to(to)}, bytes_of(ids));
}
void Rank::send_release_of_all(int to, ValueId first, std::uint64_t count) {
  if (to == transport_->rank()) {
    executor_.release_all(first, count);
    return;
  }
  const std::array<std::uint64_t, 2> range{first, count};
  send_text(to, {.type = MessageType::release_all, .slot = shipped_to(to)}, std::as_bytes(std::span(range)));
}
void Rank::send_cancel(int to, RunId run, std::span<const Slot> tasks) {
  send_text(to, {.type = MessageType::cancel, .run = run, .slot = shipped_to(to)}, bytes_of(tasks));
}
void Rank::cancel(RunId run, std::span<const Slot> tasks) {
  executor_.cancel(run, tasks);
  for (const auto& [to, given] : executor_.given_of(run, tasks))
    send_text(to, {.type = MessageType::recall, .run = run}, bytes_of(std::span<const Slot>(given)));
}
void Rank::send_query(int to) { send_text(to, {.type = MessageType::query, .slot = shipped_to(to)}, {}); }

void Rank::send_store(int to, ValueId id, const std::string& name) {
  if (to == transport_->rank()) {
    left_[name] = executor_.kept(id);
    return;
  }
  std::vector<std::byte> text(sizeof id + name.size());
  std::memcpy(text.data(), &id, sizeof id);
  std::memcpy(text.data() + sizeof id, name.data(), name.size());
  send_text(to, {.type = MessageType::store, .slot = shipped_to(to)}, text);
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
  info.tasks_stolen = stolen_.tasks;
  info.bytes_stolen = stolen_.bytes;
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
  ++received_;
  if (header.type == MessageType::result && executor_.arrive_plain(header.run, header.slot, payload)) return;
  if (header.type == MessageType::member && header.slot == 0 && programs_.take_plain(header.run, payload))
    return;
  handle(from, header, payload);
}

void Rank::handle(int from, const Header& header, std::span<const std::byte> payload) {
  if (is_ordered(header.type) && header.slot > taken_) {
    held_.push_back({header, Buffer::copy_of(payload)});
    return;
  }
  switch (header.type) {
    case MessageType::result:
    case MessageType::failure:
      take_result(header, {}, payload);
      break;
    case MessageType::member:
    case MessageType::member_failure:
      take_member(header, payload.first(sizeof(MemberName)), payload.subspan(sizeof(MemberName)));
      break;
    case MessageType::progress:
      if (!programs_.hear_progress(header.run, static_cast<std::uint32_t>(from),
                                   items_of<std::int64_t>(payload).at(0)))
        early_[header.run].push_back({from, header, {}, Buffer::copy_of(payload)});
      break;
    case MessageType::subgraph:
      if (!payload.empty()) take_shipped(header.run, Buffer::copy_of(payload));
      took_subgraph();
      break;
    case MessageType::bundle:
      pass_on(header.run, std::make_shared<Buffer>(Buffer::copy_of(payload)));
      break;
    case MessageType::program: {
      const std::size_t bytes = std::size_t{header.slot} * sizeof(std::uint64_t);
      pass_program_on(header.run, payload.first(bytes), items_of<ProgramEntry>(payload.subspan(bytes)));
      break;
    }
    case MessageType::passed:
      if (transport_->rank() != 0) {
        send_text(static_cast<int>(tree_parent(static_cast<std::uint32_t>(transport_->rank()))), header,
                  payload);
      } else {
        Header result = header;
        result.type = MessageType::result;
        take_result(result, {}, payload);
      }
      break;
    case MessageType::ready: {
      has_news_ = true;
      Reader reader(payload);
      const auto id = reader.raw<ValueId>();
      const auto bytes = reader.raw<std::uint64_t>();
      if (reader.left() > 0) {
        const auto failure = Codec<Failure>::read(reader);
        control_->ready(id, bytes, &failure);
      } else {
        control_->ready(id, bytes, nullptr);
      }
      break;
    }
    case MessageType::release:
      for (const ValueId id : items_of<ValueId>(payload)) executor_.release(id);
      break;
    case MessageType::release_all: {
      const auto range = items_of<std::uint64_t>(payload);
      executor_.release_all(range.at(0), range.at(1));
      break;
    }
    case MessageType::cancel:
      if (!programs_.cancel(header.run)) cancel(header.run, items_of<Slot>(payload));
      break;
    case MessageType::query:
      send_text(from, {.type = MessageType::report}, encoded(info()));
      break;
    case MessageType::report:
      has_news_ = true;
      control_->report(from, payload);
      break;
    case MessageType::learnt:
      for (const ToldDuration& told : items_of<ToldDuration>(payload))
        control_->learn(images_.resolve(told.kind), told.sum);
      break;
    case MessageType::stop:
      has_news_ = true;
      // Rank 0 tells the others; each tells rank 0 that it has heard.
      if (transport_->rank() == 0) {
        ++others_stopped_;
        has_stopped_[static_cast<std::size_t>(from)] = true;
        hear(items_of<Farewell>(payload).at(0));
      } else {
        stopped_ = static_cast<int>(header.run);
        stealing_.end();
        turns_.give_up();
      }
      break;
    case MessageType::store: {
      ValueId id = 0;
      std::memcpy(&id, payload.data(), sizeof id);
      const auto name = payload.subspan(sizeof id);
      left_[std::string(reinterpret_cast<const char*>(name.data()), name.size())] = executor_.kept(id);
      break;
    }
    case MessageType::starved:
      census_.want();
      break;
    case MessageType::census: {
      ++census_messages_.received;
      const Census::Answer own = answer_census();
      send_text(0, {.type = MessageType::answer}, std::as_bytes(std::span(&own, 1)));
      ++census_messages_.sent;
      break;
    }
    case MessageType::answer:
      ++census_messages_.received;
      hear_answer(from, items_of<Census::Answer>(payload).at(0));
      break;
    case MessageType::overdraw:
      ++may_overdraw_;
      break;
    case MessageType::steal:
      ++census_messages_.received;
      stealing_.hear(from, header.slot);
      break;
    case MessageType::stolen:
      stealing_.served(from);
      stolen_.tasks += executor_.take_gift(payload);
      stolen_.bytes += payload.size();
      break;
    case MessageType::recall:
      executor_.recall(from, header.run, items_of<Slot>(payload));
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

/// What it counts for while it is here. Only what comes by itself: small results are bounded by credits.
std::uint64_t Rank::counted_bytes(const Header& header) const {
  return header.type == MessageType::result && header.bytes > small_bytes_ ? header.bytes : 0;
}

/// A rank that has no room puts results off, and with them what that sender sent after, while it has ready
/// tasks that will make room. With none it takes one after the other: whatever would make room may need them.
bool Rank::takes(int, const Header& header) {
  const std::uint64_t bytes = counted_bytes(header);
  if (bytes == 0 || takes_all_ || executor_.has_room_to_receive(bytes)) return true;
  return results_landing_ == 0 && !executor_.has_ready_consumers();
}

std::span<std::byte> Rank::prepare(int from, const Header& header, std::span<const std::byte> head) {
  Landing& landing = landings_[from];
  if (const std::uint64_t bytes = counted_bytes(header); bytes > 0) {
    ++results_landing_;
    executor_.expect(bytes);
  }
  const bool is_member = header.type == MessageType::member;
  Reader reader(head);
  const Type* type = nullptr;
  if (header.as_memory && is_member) {
    type = programs_.type_of(header.run, reader.raw<MemberName>());
  } else if (header.as_memory) {
    type = executor_.arrival_type(header.run, header.slot);
  }
  if (type != nullptr && type->contiguous) {
    if (is_member) landing.head = Buffer::copy_of(head);
    landing.value = type->allocate(reader, header.bytes);
    const auto memory = type->memory(landing.value);
    if (memory.size() != header.bytes) throw DecodeError("a result of another size than its head says");
    // The value was made a moment ago and is nobody else's yet.
    return {const_cast<std::byte*>(memory.data()), memory.size()};
  }
  landing.head = Buffer::copy_of(head);
  landing.bytes = Buffer(header.bytes);
  return {landing.bytes.data(), landing.bytes.size()};
}

void Rank::landed(int from, const Header& header) {
  ++received_;
  Landing landing = std::move(landings_.extract(from).mapped());
  if (counted_bytes(header) > 0) --results_landing_;
  if (header.type == MessageType::member || header.type == MessageType::member_failure) {
    if (landing.value.empty()) {
      take_member(header, landing.head.view(), landing.bytes.view());
    } else {
      hand_member_over(header, Reader(landing.head.view()).raw<MemberName>(), std::move(landing.value));
    }
  } else if (!landing.value.empty()) {
    executor_.arrive(header.run, header.slot, std::move(landing.value), counted_bytes(header));
  } else if (header.type == MessageType::subgraph && header.slot <= taken_) {
    take_shipped(header.run, std::move(landing.bytes));
    took_subgraph();
  } else if (header.type == MessageType::bundle) {
    pass_on(header.run, std::make_shared<Buffer>(std::move(landing.bytes)));
  } else if (header.type == MessageType::result && !executor_.knows(header.run)) {
    early_[header.run].push_back({0, header, std::move(landing.head), std::move(landing.bytes)});
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

void Rank::take_shipped(RunId run, Buffer bytes) {
  if (FamilyProgram::is_program(bytes.view())) {
    programs_.start(bytes.view());
    take_early(run);
  } else {
    start(Subgraph::read(std::move(bytes)));
  }
}

void Rank::take_early(RunId run) {
  const auto held = early_.extract(run);
  if (held.empty()) return;
  for (const Early& early : held.mapped()) {
    if (early.header.type == MessageType::progress) {
      handle(early.from, early.header, early.payload.view());
    } else if (early.header.type == MessageType::member || early.header.type == MessageType::member_failure) {
      take_member(early.header, early.head.view(), early.payload.view());
    } else {
      take_result(early.header, early.head.view(), early.payload.view());
    }
  }
}

/// What a message carries; `head` tells its shape, if it comes as memory. If it cannot be read: a failure of
/// the task that `plan()` names.
template <class Plan>
Value Rank::read_result(const Type& type, const Header& header, Reader& head,
                        std::span<const std::byte> payload, const Plan& plan) {
  if (header.as_memory) {
    Value value = type.allocate(head, payload.size());
    const auto memory = type.memory(value);
    if (memory.size() != payload.size()) throw DecodeError("a result of another size than its head says");
    if (!memory.empty()) std::memcpy(const_cast<std::byte*>(memory.data()), payload.data(), memory.size());
    return value;
  }
  Reader reader(payload);
  try {
    return type.read(reader);
  } catch (...) {  // a user's own codec may throw anything
    return Value::make<Failure>(Failure::caught(header.run, plan(), transport_->rank(), not_decoded));
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
      early_[header.run].push_back({0, header, Buffer::copy_of(head), Buffer::copy_of(payload)});
    return;
  }
  if (header.type == MessageType::member_failure) type = &TypeOf<Failure>::type;
  hand_member_over(header, name, read_result(*type, header, reader, payload, [name] { return name; }));
}

void Rank::hand_member_over(const Header& header, MemberName name, Value value) {
  if (header.slot != 0) {
    unsent_ = true;
    try {
      pass_member_on(header.slot - 1, header.run, name, value);
    } catch (...) {  // a user's own codec may throw anything, before anything is sent
      value = Value::make<Failure>(Failure::caught(header.run, name, transport_->rank(), not_encoded));
      pass_member_on(header.slot - 1, header.run, name, value);
    }
  }
  programs_.take(header.run, name, std::move(value));
}

/// A result, or a failure in its place, whose bytes are valid during the call.
void Rank::take_result(const Header& header, std::span<const std::byte> head,
                       std::span<const std::byte> payload) {
  if (!executor_.knows(header.run)) {
    early_[header.run].push_back({0, header, Buffer::copy_of(head), Buffer::copy_of(payload)});
    return;
  }
  const Type* type = header.type == MessageType::failure ? &TypeOf<Failure>::type
                                                         : executor_.arrival_type(header.run, header.slot);
  if (type == nullptr) throw DecodeError("a result for a slot that expects none");
  Reader reader(head);
  Value value = read_result(*type, header, reader, payload,
                            [&] { return executor_.arrival_plan(header.run, header.slot); });
  executor_.arrive(header.run, header.slot, std::move(value), counted_bytes(header));
}

}  // namespace ramal::detail
