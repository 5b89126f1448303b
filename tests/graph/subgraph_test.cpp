// SPDX-License-Identifier: BSD-3-Clause
// Subgraph's byte form: what is made is what is read, and nothing damaged gets past `read`: it throws
// DecodeError, or what it returns can be walked without leaving its memory.
#include "graph/core/subgraph.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace {

using ramal::DecodeError;
using ramal::detail::Buffer;
using ramal::detail::External;
using ramal::detail::Keep;
using ramal::detail::KindRef;
using ramal::detail::Need;
using ramal::detail::Priority;
using ramal::detail::Route;
using ramal::detail::Slot;
using ramal::detail::Subgraph;
using ramal::detail::SubgraphDraft;

/// Four tasks, two values from elsewhere, and at least one of everything. `measured`: how large it will be is
/// said before.
Subgraph small(bool measured = true) {
  SubgraphDraft draft;
  draft.kinds = {{0, 0xabcd, 64}, {1, 0x1234, 128}};
  draft.externals = {{77, External::import, 0}, {0, External::arrival, 1}};
  draft.routes = {{1, 2, 9}, {3, 0, 1}, {5, 1, 0}};
  draft.keeps = {{1000, 3, 1}};
  draft.priorities = {{2, -5}};
  draft.needs = {{4096, 3, 2}};
  draft.pins = {0, 2};
  if (measured) draft.reserve({.tasks = 4, .inputs = 5, .literal_words = 3});
  std::byte next{0};
  const auto add = [&](std::uint32_t kind, std::uint32_t plan, std::vector<Slot> inputs,
                       std::size_t literals) {
    const auto room = draft.add_task(kind, plan, inputs.size(), literals);
    std::copy(inputs.begin(), inputs.end(), room.inputs);
    for (std::size_t i = 0; i < literals; ++i)
      room.literals[i] = next = std::byte(std::to_integer<int>(next) + 1);
  };
  add(0, 10, {}, 16);
  add(1, 11, {0, 4}, 0);
  add(1, 20, {1, 5}, 0);
  add(0, 30, {2}, 8);
  return draft.finish(17);
}

/// A copy in an allocation of exactly its size, so that ASan sees any step beyond.
Buffer copy(std::span<const std::byte> bytes) {
  Buffer buffer(bytes.size());
  if (!bytes.empty()) std::memcpy(buffer.data(), bytes.data(), bytes.size());
  return buffer;
}

template <class T>
std::vector<std::byte> bytes_of(std::span<const T> section) {
  const auto bytes = std::as_bytes(section);
  return {bytes.begin(), bytes.end()};
}

void expect_equal(const Subgraph& a, const Subgraph& b) {
  EXPECT_EQ(a.run, b.run);
  EXPECT_EQ(bytes_of(a.kinds), bytes_of(b.kinds));
  EXPECT_EQ(bytes_of(a.kind), bytes_of(b.kind));
  EXPECT_EQ(bytes_of(a.plan), bytes_of(b.plan));
  EXPECT_EQ(bytes_of(a.input_offsets), bytes_of(b.input_offsets));
  EXPECT_EQ(bytes_of(a.inputs), bytes_of(b.inputs));
  EXPECT_EQ(bytes_of(a.literal_offsets), bytes_of(b.literal_offsets));
  EXPECT_EQ(bytes_of(a.externals), bytes_of(b.externals));
  EXPECT_EQ(bytes_of(a.routes), bytes_of(b.routes));
  EXPECT_EQ(bytes_of(a.keeps), bytes_of(b.keeps));
  EXPECT_EQ(bytes_of(a.priorities), bytes_of(b.priorities));
  EXPECT_EQ(bytes_of(a.needs), bytes_of(b.needs));
  EXPECT_EQ(bytes_of(a.pins), bytes_of(b.pins));
  EXPECT_EQ(bytes_of(a.literals), bytes_of(b.literals));
}

/// All that an executor relies on. Touches every byte it would touch.
bool is_valid(const Subgraph& graph) {
  std::size_t inputs = 0;
  std::size_t literal_bytes = 0;
  unsigned sum = 0;
  for (Slot task = 0; task < graph.tasks(); ++task) {
    if (graph.kind[task] >= graph.kinds.size()) return false;
    inputs += graph.inputs_of(task).size();
    for (const Slot input : graph.inputs_of(task)) {
      // Tasks stand in the order of the plan, so one that waits for itself or a later one is damage.
      if (input >= graph.slots() || (input < graph.tasks() && input >= task)) return false;
    }
    literal_bytes += graph.literals_of(task).size();
    for (const std::byte byte : graph.literals_of(task)) sum += std::to_integer<unsigned>(byte);
    sum += graph.plan[task];
  }
  for (const External& external : graph.externals) {
    if (external.how != External::import && external.how != External::arrival) return false;
    if (external.kind >= graph.kinds.size()) return false;
  }
  for (const Route& route : graph.routes) {
    if (route.slot >= graph.slots()) return false;
  }
  for (const Keep& keep : graph.keeps) {
    if (keep.slot >= graph.slots()) return false;
  }
  for (const Priority& priority : graph.priorities) {
    if (priority.slot >= graph.tasks()) return false;
  }
  for (const Need& need : graph.needs) {
    if (need.slot >= graph.tasks() || need.threads == 0) return false;
  }
  for (const Slot pin : graph.pins) {
    if (pin >= graph.tasks()) return false;
  }
  for (const KindRef& kind : graph.kinds) sum += kind.image;
  return inputs == graph.inputs.size() && literal_bytes == graph.literals.size() && sum != ~0u;
}

/// True if refused; false if accepted, and then it must be valid.
bool refused(Buffer bytes, const std::string& what) {
  try {
    const Subgraph read = Subgraph::read(std::move(bytes));
    EXPECT_TRUE(is_valid(read)) << what;
    return false;
  } catch (const DecodeError&) {
    return true;
  }
}

TEST(Subgraph, IsReadAsItWasMade) {
  const Subgraph made = small();
  const Subgraph read = Subgraph::read(copy(made.bytes.view()));
  expect_equal(made, read);
  EXPECT_TRUE(is_valid(read));
  EXPECT_EQ(read.tasks(), 4u);
  EXPECT_EQ(read.slots(), 6u);
  EXPECT_EQ(read.run, 17u);
  EXPECT_EQ(read.inputs_of(1)[1], 4u);
  EXPECT_EQ(read.inputs_of(0).size(), 0u);
  EXPECT_EQ(read.literals_of(0).size(), 16u);
  EXPECT_EQ(read.literals_of(3)[0], std::byte{17});
  EXPECT_EQ(read.externals[0].id, 77u);
  EXPECT_EQ(read.routes[1].remote_slot, 1u);
  EXPECT_EQ(read.keeps[0].id, 1000u);
  EXPECT_EQ(read.priorities[0].priority, -5);
}

TEST(Subgraph, MovesWithItsMemory) {
  Subgraph made = small();
  const auto* const kinds = made.kinds.data();
  const Subgraph moved = std::move(made);
  EXPECT_EQ(moved.kinds.data(), kinds);
  EXPECT_TRUE(is_valid(moved));
}

TEST(Buffer, IsEmptyOnceMovedFrom) {
  Buffer from(100);
  const Buffer to = std::move(from);
  EXPECT_EQ(to.size(), 100u);
  EXPECT_EQ(from.size(), 0u);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(from.data(), nullptr);
}

TEST(Subgraph, SectionsAreAligned) {
  const Subgraph made = small();
  const auto aligned = [](const auto& section) {
    return reinterpret_cast<std::uintptr_t>(section.data()) % 8 == 0;
  };
  EXPECT_TRUE(aligned(made.kinds) && aligned(made.kind) && aligned(made.plan) && aligned(made.input_offsets));
  EXPECT_TRUE(aligned(made.inputs) && aligned(made.literal_offsets) && aligned(made.externals));
  EXPECT_TRUE(aligned(made.routes) && aligned(made.keeps) && aligned(made.priorities) &&
              aligned(made.literals));
}

TEST(Subgraph, IsTheSameWhetherMeasuredOrGrown) {
  expect_equal(small(), small(false));
  SubgraphDraft draft;
  for (std::uint32_t task = 0; task < 1000; ++task) {
    const auto room = draft.add_task(0, 2 * task, task % 3, task % 2 * 5);
    std::fill_n(room.inputs, task % 3, task / 2);
    std::fill_n(room.literals, task % 2 * 5, std::byte(task));
    EXPECT_EQ(draft.tasks(), task + 1);
  }
  draft.kinds.resize(1);
  const Subgraph made = draft.finish(3);
  EXPECT_EQ(made.run, 3u);
  ASSERT_EQ(made.tasks(), 1000u);
  EXPECT_TRUE(is_valid(Subgraph::read(copy(made.bytes.view()))));
  for (Slot task = 0; task < 1000; ++task) {
    EXPECT_EQ(made.plan[task], 2 * task);
    EXPECT_EQ(made.inputs_of(task).size(), task % 3);
    for (const Slot input : made.inputs_of(task)) EXPECT_EQ(input, task / 2);
    std::vector<std::byte> literals(task % 2 * 8, std::byte(task));
    if (!literals.empty()) std::fill(literals.begin() + 5, literals.end(), std::byte{0});
    EXPECT_EQ(bytes_of(made.literals_of(task)), literals);
  }
}

TEST(Subgraph, WithoutTasksIsFine) {
  const Subgraph read = Subgraph::read(copy(SubgraphDraft().finish(0).bytes.view()));
  EXPECT_EQ(read.tasks(), 0u);
  EXPECT_EQ(read.slots(), 0u);
  EXPECT_TRUE(is_valid(read));
}

// --- damage --------------------------------------------------------------------------------------------
TEST(SubgraphDamage, EveryTruncationIsRefused) {
  const Subgraph made = small();
  const auto whole = made.bytes.view();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_TRUE(refused(copy(whole.first(length)), "")) << "the first " << length << " of " << whole.size();
  }
}

TEST(SubgraphDamage, BytesTooManyAreRefused) {
  const Subgraph made = small();
  for (std::size_t more = 1; more <= 24; ++more) {
    auto bytes = bytes_of(made.bytes.view());
    bytes.resize(bytes.size() + more);
    EXPECT_TRUE(refused(copy(bytes), "")) << more;
  }
}

TEST(SubgraphDamage, NothingBesidesASubgraphIsOne) {
  EXPECT_TRUE(refused(Buffer{}, "no bytes at all"));
  EXPECT_TRUE(refused(copy(std::vector<std::byte>(1000)), "zeros"));
  try {
    Subgraph::read(copy(std::vector<std::byte>(1000)));
    FAIL();
  } catch (const DecodeError& error) {
    EXPECT_STREQ(error.what(), "a subgraph is damaged: not a subgraph");
  }
}

TEST(SubgraphDamage, EverySingleBitFlipIsRefusedOrHarmless) {
  const Subgraph made = small();
  for (std::size_t bit = 0; bit < 8 * made.bytes.size(); ++bit) {
    Buffer bytes = copy(made.bytes.view());
    bytes.data()[bit / 8] ^= std::byte(1u << bit % 8);
    refused(std::move(bytes), "bit " + std::to_string(bit));
  }
}

TEST(SubgraphDamage, RandomBytesNeverLeadOutOfTheBuffer) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const Subgraph made = small();
  int accepted = 0;
  for (int attempt = 0; attempt < 50'000; ++attempt) {
    Buffer bytes = copy(made.bytes.view());
    const auto flips = 1 + random() % 4;
    for (unsigned i = 0; i < flips; ++i) bytes.data()[random() % bytes.size()] = std::byte(random());
    accepted += refused(std::move(bytes), "attempt " + std::to_string(attempt)) ? 0 : 1;
  }
  EXPECT_GT(accepted, 0) << "damage to literals and ids goes unseen here; whoever sends checks sums";
}

TEST(SubgraphDamage, CountsThatWouldOverflowAreRefused) {
  const Subgraph made = small();
  Subgraph::Header header{};
  std::memcpy(&header, made.bytes.data(), sizeof header);
  const auto with = [&](auto member, auto value) {
    Subgraph::Header damaged = header;
    damaged.*member = value;
    Buffer bytes = copy(made.bytes.view());
    std::memcpy(bytes.data(), &damaged, sizeof damaged);
    return refused(std::move(bytes), "");
  };
  using Header = Subgraph::Header;
  for (const auto count : {&Header::tasks, &Header::kinds, &Header::inputs, &Header::externals,
                           &Header::routes, &Header::keeps, &Header::priorities}) {
    for (const std::uint32_t value : {~0u, 1u << 31, 1000u}) EXPECT_TRUE(with(count, value));
  }
  for (const std::uint64_t words :
       {~std::uint64_t{0}, std::uint64_t{1} << 61, std::uint64_t{1} << 60, std::uint64_t{4}}) {
    EXPECT_TRUE(with(&Header::literal_words, words));
  }
}

}  // namespace
