// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/subgraph.hpp"

#include <algorithm>
#include <cstring>

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
  to.literals = layout.section<std::byte>(8 * header.literal_words);
  return layout.size();
}

void Subgraph::map(const Header& header) {
  run = header.run;
  lay_out(*this, header, bytes.data());
}

Subgraph Subgraph::make(const Header& shape) {
  Subgraph made;
  made.bytes = Buffer(lay_out(made, shape, nullptr));
  std::memcpy(made.bytes.data(), &shape, sizeof shape);
  made.map(shape);
  return made;
}

Subgraph Subgraph::copy() const {
  Header header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  Subgraph made;
  made.bytes = Buffer::copy_of(bytes.view());
  made.map(header);
  return made;
}

Subgraph Subgraph::read(Buffer bytes) {
  Header header{};
  expect(bytes.size() >= sizeof header, "no header");
  std::memcpy(&header, bytes.data(), sizeof header);
  expect(header.magic == expected_magic, "not a subgraph");
  Subgraph read;
  expect(header.literal_words <= bytes.size() / 8 && lay_out(read, header, nullptr) == bytes.size(),
         "its length");
  read.bytes = std::move(bytes);
  read.map(header);
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
  return read;
}

void SubgraphDraft::end_task(std::uint32_t its_kind) {
  kind.push_back(its_kind);
  input_offsets.push_back(static_cast<std::uint32_t>(inputs.size()));
  literals.resize((literals.size() + 7) / 8 * 8);
  literal_offsets.push_back(static_cast<std::uint32_t>(literals.size() / 8));
}

Subgraph SubgraphDraft::subgraph(RunId run) const {
  const auto count = [](const auto& list) { return static_cast<std::uint32_t>(list.size()); };
  Subgraph graph = Subgraph::make({.magic = Subgraph::expected_magic,
                                   .run = run,
                                   .tasks = count(kind),
                                   .kinds = count(kinds),
                                   .inputs = count(inputs),
                                   .externals = count(externals),
                                   .routes = count(routes),
                                   .keeps = 0,
                                   .priorities = count(priorities),
                                   .needs = count(needs),
                                   .pins = 0,
                                   .literal_words = literals.size() / 8});
  const auto copy = [](const auto& from, auto to) {
    if (!from.empty()) std::copy(from.begin(), from.end(), writable(to));
  };
  copy(kinds, graph.kinds);
  copy(kind, graph.kind);
  copy(plan, graph.plan);
  copy(input_offsets, graph.input_offsets);
  copy(inputs, graph.inputs);
  copy(literal_offsets, graph.literal_offsets);
  copy(externals, graph.externals);
  copy(routes, graph.routes);
  copy(priorities, graph.priorities);
  copy(needs, graph.needs);
  copy(literals, graph.literals);
  for (auto task = count(plan); task < count(kind); ++task) writable(graph.plan)[task] = task;
  return graph;
}

}  // namespace ramal::detail
