// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/subgraph.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace ramal::detail {

namespace {

/// Lays sections one after the other, each padded to 8 bytes; without memory it only measures.
class Layout {
 public:
  explicit Layout(std::byte* memory) : memory_(memory) {}
  template <class T>
  std::span<const T> section(std::size_t count) {
    const std::size_t at = size_;
    size_ += (count * sizeof(T) + 7) / 8 * 8;
    if (memory_ == nullptr) return {};
    return {reinterpret_cast<const T*>(memory_ + at), count};
  }
  std::size_t size() const { return size_; }

 private:
  std::byte* memory_;
  std::size_t size_ = 0;
};

void expect(bool fits, const char* what) {
  if (!fits) throw DecodeError(std::string("a subgraph is damaged: ") + what);
}

}  // namespace

// One description of the layout: with memory it maps the sections, without it measures them.
static std::size_t lay_out(Subgraph& to, const Subgraph::Header& header, std::byte* memory) {
  Layout layout(memory);
  layout.section<Subgraph::Header>(1);
  to.kinds = layout.section<KindRef>(header.kinds);
  to.sites = layout.section<CallSiteRef>(header.kinds);
  to.kind = layout.section<std::uint32_t>(header.tasks);
  to.plan = layout.section<std::uint32_t>(header.tasks);
  to.input_offsets = layout.section<std::uint32_t>(header.tasks + std::size_t{1});
  to.inputs = layout.section<Slot>(header.inputs);
  to.literal_offsets = layout.section<std::uint32_t>(header.tasks + std::size_t{1});
  to.externals = layout.section<External>(header.externals);
  to.routes = layout.section<Route>(header.routes);
  to.keeps = layout.section<Keep>(header.keeps);
  to.priorities = layout.section<Priority>(header.priorities);
  to.needs = layout.section<Need>(header.needs);
  to.pins = layout.section<Slot>(header.pins);
  to.attempts = layout.section<Attempt>(header.attempts);
  to.literals = layout.section<std::byte>(8 * header.literal_words);
  return layout.size();
}

/// Takes over the memory of a subgraph of this shape.
static Subgraph mapped(const Subgraph::Header& header, Buffer bytes) {
  Subgraph made;
  made.bytes = std::move(bytes);
  made.run = header.run;
  lay_out(made, header, made.bytes.data());
  return made;
}

Subgraph Subgraph::copy() const {
  Header header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  return mapped(header, Buffer::copy_of(bytes.view()));
}

Subgraph Subgraph::read(Buffer bytes) {
  Header header{};
  expect(bytes.size() >= sizeof header, "no header");
  std::memcpy(&header, bytes.data(), sizeof header);
  expect(header.magic == expected_magic, "not a subgraph");
  Subgraph read;
  expect(header.literal_words <= bytes.size() / 8 && lay_out(read, header, nullptr) == bytes.size(),
         "its length");
  read = mapped(header, std::move(bytes));
  const std::size_t slots = read.slots();
  expect(read.input_offsets[0] == 0 && read.input_offsets[header.tasks] == header.inputs, "input offsets");
  expect(read.literal_offsets[0] == 0 && read.literal_offsets[header.tasks] == header.literal_words,
         "literal offsets");
  for (std::size_t task = 0; task < header.tasks; ++task) {
    expect(read.kind[task] < header.kinds, "a kind");
    expect(read.input_offsets[task] <= read.input_offsets[task + 1], "input offsets");
    expect(read.literal_offsets[task] <= read.literal_offsets[task + 1], "literal offsets");
    // Among the rank's own tasks an input must be an earlier one: a cycle of later ones would wait for ever.
    for (const Slot input : read.inputs_of(static_cast<Slot>(task)))
      expect(input < task || (input >= header.tasks && input < slots), "an input");
  }
  for (const External& external : read.externals)
    expect((external.how == External::import || external.how == External::arrival) &&
               external.kind < header.kinds,
           "an external");
  for (const Route& route : read.routes) expect(route.slot < slots, "a route");
  for (const Keep& keep : read.keeps) expect(keep.slot < slots, "a kept value");
  for (const Priority& priority : read.priorities) expect(priority.slot < header.tasks, "a priority");
  for (const Need& need : read.needs) expect(need.slot < header.tasks && need.threads > 0, "a need");
  expect(std::ranges::is_sorted(read.pins) && (read.pins.empty() || read.pins.back() < header.tasks),
         "a pinned task");
  for (const Attempt& attempt : read.attempts) expect(attempt.slot < header.tasks, "an attempt");
  expect(std::ranges::is_sorted(read.attempts, {}, &Attempt::slot), "attempts");
  return read;
}

std::uint32_t Subgraph::attempt_of(Slot task) const {
  const auto found = std::ranges::lower_bound(attempts, task, {}, &Attempt::slot);
  return found != attempts.end() && found->slot == task ? found->attempt : 1;
}

// --- making one -----------------------------------------------------------------------------------------

/// A section's memory, of a subgraph that is being made.
template <class T>
static T* writable(std::span<const T> section) {
  return const_cast<T*>(section.data());
}

template <class List, class T>
static void fill(std::span<const T> section, const List& list) {
  std::copy(list.begin(), list.end(), writable(section));
}

Subgraph::Header SubgraphDraft::header(const Size& size) const {
  if (std::max(size.inputs, size.literal_words) >= std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error(
        "ramal: one rank's share has more than 2^32 inputs or 32 GiB of literal arguments");
  }
  const auto count = [](const auto& list) { return static_cast<std::uint32_t>(list.size()); };
  return {.magic = Subgraph::expected_magic,
          .run = 0,
          .tasks = size.tasks,
          .kinds = count(kinds),
          .inputs = static_cast<std::uint32_t>(size.inputs),
          .externals = count(externals),
          .routes = count(routes),
          .keeps = count(keeps),
          .priorities = count(priorities),
          .needs = count(needs),
          .pins = count(pins),
          .attempts = count(attempts),
          .literal_words = size.literal_words};
}

void SubgraphDraft::reserve(const Size& size) {
  const Subgraph::Header shape = header(size);
  Subgraph fresh;
  const std::size_t bytes = lay_out(fresh, shape, nullptr);
  fresh = mapped(shape, Buffer(bytes));
  const auto move = [](auto*& from, std::size_t count, auto section) {
    if (count > 0) std::memcpy(writable(section), from, count * sizeof *from);
    from = writable(section);
  };
  const bool is_first = input_offsets_ == nullptr;
  move(kind_, used_.tasks, fresh.kind);
  move(plan_, used_.tasks, fresh.plan);
  move(input_offsets_, is_first ? 0 : used_.tasks + std::size_t{1}, fresh.input_offsets);
  move(literal_offsets_, is_first ? 0 : used_.tasks + std::size_t{1}, fresh.literal_offsets);
  move(inputs_, used_.inputs, fresh.inputs);
  move(literals_, 8 * used_.literal_words, fresh.literals);
  if (is_first) *input_offsets_ = *literal_offsets_ = 0;
  memory_ = std::move(fresh.bytes);
  laid_out_ = shape;
  room_ = size;
}

/// To twice what there is of everything with the next task, since all grows together.
void SubgraphDraft::grow(std::size_t inputs, std::size_t literal_words) {
  constexpr std::uint64_t least = 16;
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max() - 1;
  const auto grown = [&](std::uint64_t room, std::uint64_t used) {
    return std::max(used, std::min(std::max({least, room, 2 * used}), most));
  };
  reserve({.tasks = static_cast<std::uint32_t>(grown(room_.tasks, used_.tasks + std::uint64_t{1})),
           .inputs = grown(room_.inputs, used_.inputs + inputs),
           .literal_words = grown(room_.literal_words, used_.literal_words + literal_words)});
}

Subgraph SubgraphDraft::finish(RunId run) {
  if (input_offsets_ == nullptr || laid_out_ != header(used_)) reserve(used_);
  laid_out_.run = run;
  std::memcpy(memory_.data(), &laid_out_, sizeof laid_out_);
  Subgraph made = mapped(laid_out_, std::move(memory_));
  fill(made.kinds, kinds);
  sites.resize(kinds.size());
  fill(made.sites, sites);
  fill(made.externals, externals);
  fill(made.routes, routes);
  fill(made.keeps, keeps);
  fill(made.priorities, priorities);
  fill(made.needs, needs);
  fill(made.pins, pins);
  fill(made.attempts, attempts);
  return made;
}

}  // namespace ramal::detail
