// SPDX-License-Identifier: BSD-3-Clause
// Shipping, without executors: what each rank is given to start, in which order, and what waits for it.
#include "runtime/rank/shipping.hpp"
#include "runtime/transport/inprocess.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ramal::detail {
namespace {

std::vector<std::byte> some_bytes(std::size_t size, int seed) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(static_cast<int>(i) + seed);
  return bytes;
}
/// What stands for a subgraph; nothing here looks into it.
Subgraph cargo(RunId run, std::size_t size, int seed) {
  Subgraph subgraph;
  subgraph.run = run;
  subgraph.bytes = Buffer::copy_of(some_bytes(size, seed));
  return subgraph;
}

/// A rank that only writes down what it is given.
class Harbour final : private Receiver, private Shipping::Port {
 public:
  explicit Harbour(std::unique_ptr<Transport> transport)
      : transport_(std::move(transport)), mail(*transport_), shipping(mail, *this) {}
  struct Started {
    RunId run;  // of a program; a subgraph knows its own
    std::vector<std::byte> bytes;
  };
  std::vector<Started> started;
  std::vector<MessageType> handled;
  std::vector<std::size_t> handled_after;  // so many were started
  std::set<MessageType> seen;

  bool poll() {
    mail.flush();
    return transport_->poll(*this);
  }

 private:
  std::unique_ptr<Transport> transport_;
  Landings landings_;

 public:
  Mail mail;
  Shipping shipping;

 private:
  void start_subgraph(Buffer bytes) override {
    started.push_back({0, {bytes.view().begin(), bytes.view().end()}});
  }
  void start_program(RunId run, std::span<const std::byte> bytes) override {
    started.push_back({run, {bytes.begin(), bytes.end()}});
  }
  void handle_held(const Header& header, std::span<const std::byte>) override {
    handled.push_back(header.type);
    handled_after.push_back(started.size());
  }
  void receive(int, const Header& header, std::span<const std::byte> payload) override {
    seen.insert(header.type);
    if (header.type == MessageType::subgraph || header.type == MessageType::program) {
      shipping.take(header, Buffer::copy_of(payload));
    } else if (header.type == MessageType::bundle) {
      shipping.take_bundle(header.run, std::make_shared<Buffer>(Buffer::copy_of(payload)));
    } else if (header.type == MessageType::program_bundle) {
      shipping.take_program_bundle(header, payload);
    } else if (!shipping.holds(header, payload)) {
      handle_held(header, payload);
    }
  }
  std::span<std::byte> prepare(int from, const Header& header, std::span<const std::byte> head) override {
    Reader shape(head);
    return landings_.prepare(from, header, head, shape, nullptr);
  }
  void landed(int from, const Header& header) override {
    const auto landing = landings_.take(from);
    receive(from, header, landing.bytes.view());
  }
};

class ShippingTest : public ::testing::TestWithParam<int> {
 protected:
  explicit ShippingTest(int ranks = GetParam()) : network_(ranks, 256) {
    for (int r = 0; r < ranks; ++r) harbours_.push_back(std::make_unique<Harbour>(network_.connect(r)));
  }
  Harbour& at(std::size_t rank) { return *harbours_[rank]; }
  std::size_t ranks() const { return harbours_.size(); }
  void settle() {
    for (bool any = true; any;) {
      any = false;
      for (auto& one : harbours_) any |= one->poll();
    }
  }

 private:
  Network network_;
  std::vector<std::unique_ptr<Harbour>> harbours_;
};
INSTANTIATE_TEST_SUITE_P(Ranks, ShippingTest, ::testing::Values(1, 2, 3, 16, 17, 20, 33));

TEST_P(ShippingTest, EachRankGetsItsOwn) {
  for (const bool alone : {true, false}) {
    std::vector<Subgraph> shares;
    for (std::size_t r = 0; r < ranks(); ++r)
      shares.push_back(cargo(7, r % 5 == 3 ? 0 : 100 + 50 * r, static_cast<int>(r)));
    const auto by_tree = at(0).shipping.ship_to_others(shares, alone, 100);
    settle();
    const bool expects_tree = alone && ranks() > 20;
    EXPECT_EQ(std::ranges::count(by_tree, true) > 0, expects_tree);
    for (std::size_t r = 1; r < ranks(); ++r) {
      const std::size_t size = r % 5 == 3 ? 0 : 100 + 50 * r;
      ASSERT_EQ(at(r).started.size(), size > 0 ? 1u : 0u) << r;
      if (size == 0) continue;
      EXPECT_TRUE(at(r).shipping.relays(7) || !expects_tree);
      EXPECT_EQ(at(r).started[0].run, 0u) << "a subgraph";
      EXPECT_EQ(at(r).started[0].bytes, some_bytes(size, static_cast<int>(r)));
      at(r).started.clear();
    }
  }
}

TEST_P(ShippingTest, AllGetTheProgram) {
  for (const bool alone : {true, false}) {
    const auto program = some_bytes(1001, 5);
    at(0).shipping.ship_program(9, program, alone);
    settle();
    for (std::size_t r = 0; r < ranks(); ++r) {
      ASSERT_EQ(at(r).started.size(), 1u) << r;
      auto bytes = at(r).started[0].bytes;
      EXPECT_LT(bytes.size(), program.size() + 8) << "padding";
      bytes.resize(program.size());
      EXPECT_EQ(bytes, program);
      EXPECT_EQ(at(r).started[0].run, 9u);
      const bool by_tree = alone && ranks() > 16;
      EXPECT_EQ(at(r).seen.contains(MessageType::program_bundle), r > 0 && by_tree);
      EXPECT_EQ(at(r).seen.contains(MessageType::program), r > 0 && !by_tree);
      at(r).started.clear();
      at(r).seen.clear();
    }
  }
}

TEST_P(ShippingTest, WhatDependsOnASubgraphWaitsForIt) {
  if (ranks() < 2) GTEST_SKIP();
  // As if both subgraphs went along the tree, and what came after them directly.
  Harbour& rank = at(1);
  rank.shipping.take({.type = MessageType::program, .run = 2, .slot = 1}, Buffer::copy_of(some_bytes(8, 2)));
  EXPECT_TRUE(rank.shipping.holds({.type = MessageType::release, .slot = 2}, {}));
  EXPECT_TRUE(rank.shipping.holds({.type = MessageType::query, .slot = 1}, {}));
  EXPECT_FALSE(rank.shipping.holds({.type = MessageType::result, .slot = 100}, {})) << "it names a slot";
  EXPECT_EQ(rank.shipping.held(), 3u);
  EXPECT_TRUE(rank.started.empty());
  rank.shipping.take({.type = MessageType::subgraph, .run = 1, .slot = 0}, Buffer::copy_of(some_bytes(8, 1)));
  EXPECT_EQ(rank.shipping.held(), 0u);
  ASSERT_EQ(rank.started.size(), 2u);
  EXPECT_EQ(rank.started[0].bytes, some_bytes(8, 1));
  EXPECT_EQ(rank.started[1].run, 2u) << "still known for a program";
  EXPECT_EQ(rank.handled, (std::vector{MessageType::release, MessageType::query}));
  EXPECT_EQ(rank.handled_after, (std::vector<std::size_t>{2, 2})) << "in the order of arrival";
}

TEST_P(ShippingTest, CountsWhatItShipped) {
  for (std::size_t to = 1; to < ranks(); ++to) {
    const int rank = static_cast<int>(to);
    EXPECT_EQ(at(0).shipping.shipped_to(rank), 0u);
    at(0).shipping.ship(rank, cargo(1, 10, 1));
    at(0).mail.send_text(rank, {.type = MessageType::cancel, .slot = at(0).shipping.shipped_to(rank)}, {});
    at(0).shipping.ship(rank, cargo(2, 5000, 2));
    EXPECT_EQ(at(0).shipping.shipped_to(rank), 2u);
  }
  settle();
  for (std::size_t r = 1; r < ranks(); ++r) {
    ASSERT_EQ(at(r).started.size(), 2u);
    EXPECT_EQ(at(r).started[1].bytes, some_bytes(5000, 2));
    EXPECT_EQ(at(r).handled, std::vector{MessageType::cancel});
  }
}

TEST_P(ShippingTest, RefusesWhatEndsTooEarly) {
  const auto bytes = some_bytes(12, 0);
  EXPECT_THROW(at(0).shipping.take_program_bundle({.type = MessageType::program_bundle, .slot = 2}, bytes),
               DecodeError);
  EXPECT_THROW(at(0).shipping.take_bundle(1, std::make_shared<Buffer>(Buffer::copy_of(bytes))), DecodeError);
}

TEST_P(ShippingTest, RefusesWhatItDoesNotLeadTo) {
  if (ranks() < 2) GTEST_SKIP();
  // Rank 1 leads to nobody else.
  for (const auto to : {0u, 2u, static_cast<std::uint32_t>(ranks()), ~0u}) {
    const BundleEntry entry{.to = to, .after = 0, .relays = 0, .unused = 0, .bytes = 0};
    const auto bundle = std::make_shared<Buffer>(Buffer::copy_of(std::as_bytes(std::span(&entry, 1))));
    EXPECT_THROW(at(1).shipping.take_bundle(1, bundle), DecodeError) << to;
    const ProgramEntry next{.to = to, .after = 0};
    EXPECT_THROW(at(1).shipping.take_program_bundle({.type = MessageType::program_bundle, .slot = 0},
                                                    std::as_bytes(std::span(&next, 1))),
                 DecodeError)
        << to;
  }
}

}  // namespace
}  // namespace ramal::detail
