// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/one_process.hpp"

#include <ramal/array_local.hpp>
#include <ramal/ramal.hpp>

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing thrown";
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

using Field = Block<double>;
double sum(const Field& field) {
  double total = 0;
  for (const double x : field) total += x;
  return total;
}
Field doubled(Field field) {
  for (double& x : field) x *= 2;
  return field;
}
double add(double a, double b) { return a + b; }
const void* address(const Field& field) { return field.data(); }
long address_of(const Field& field) {
  return static_cast<long>(reinterpret_cast<std::uintptr_t>(address(field)));
}

TEST(Locals, AreTakenOnceByNameAndType) {
  Locals locals;
  locals.put("numbers", std::vector<int>{1, 2, 3});
  EXPECT_TRUE(has(refusal([&] { locals.put("numbers", 5); }), "a local 'numbers' on this rank already"));
  EXPECT_TRUE(
      has(refusal([&] { locals.take<int>("numbers"); }), "the local 'numbers' is a std::vector<int>"));
  EXPECT_EQ(locals.take<std::vector<int>>("numbers"), (std::vector<int>{1, 2, 3}));
  EXPECT_FALSE(locals.contains("numbers"));
  EXPECT_TRUE(has(refusal([&] { locals.take<int>("numbers"); }), "no local 'numbers'"));
}

/// Three ranks with a field of their own each, the last of which also has a number.
class LocalRanks {
 public:
  static constexpr int count = 3;
  LocalRanks() {
    std::vector<LocalInfos> infos;
    for (int rank = 0; rank < count; ++rank) {
      auto& mine = locals_.emplace_back();
      memory_.emplace_back(10, rank + 1.0);
      mine.put("field", Field::wrap(memory_.back().data(), {10}, {10ul * static_cast<unsigned>(rank)}));
      mine.put("unplaced", Field::filled({2}, rank + 1.0));
      if (rank == 2) mine.put("number", 5L);
      auto& info = infos.emplace_back();
      for (auto& [name, value] : mine.values())
        info.push_back({name, std::string(value.type().name), known_bytes(value)});
    }
    for (int rank = 1; rank < count; ++rank) {
      threads_.emplace_back([this, rank] {
        Rank other(network_.connect(rank), images_, 0, nullptr, about(rank));
        other.take_locals(locals_[static_cast<std::size_t>(rank)]);
        other.serve();
        other.close();
        other.leave_locals(locals_[static_cast<std::size_t>(rank)]);
      });
    }
    engine_ = std::make_unique<DistributedEngine>(network_.connect(0), images_, 0, host_names(count), true,
                                                  about(0), infos);
    engine_->rank().take_locals(locals_[0]);
    session_ = std::make_unique<Session>(*engine_);
  }
  ~LocalRanks() { end(); }
  Session& session() { return *session_; }
  /// After which each rank has its locals again.
  std::vector<Locals>& end() {
    if (session_) {
      session_.reset();
      engine_->rank().stop_all(0, 1e9);
      engine_->rank().close();
      engine_->rank().leave_locals(locals_[0]);
      engine_.reset();
      for (auto& thread : threads_) thread.join();
    }
    return locals_;
  }
  std::vector<std::vector<double>> memory_;

 private:
  Network network_{count, 64};
  const Images images_ = Images::loaded();
  std::vector<Locals> locals_;
  std::vector<std::thread> threads_;
  std::unique_ptr<DistributedEngine> engine_;
  std::unique_ptr<Session> session_;
};

TEST(LocalsThreads, AreSeenWhereTheyLie) {
  LocalRanks ranks;
  const auto fields = ranks.session().from_local<Field>("field");
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(ranks.session().compute(reduce<add>(map<sum>(fields))), 60);
  const auto addresses = ranks.session().compute(map<address_of>(fields));
  for (std::size_t rank = 0; rank < 3; ++rank)
    EXPECT_EQ(addresses[rank],
              static_cast<long>(reinterpret_cast<std::uintptr_t>(ranks.memory_[rank].data())));
  const auto again = ranks.session().from_local<Field>("field");
  EXPECT_EQ(ranks.session().compute(reduce<add>(map<sum>(again))), 60);
}

TEST(LocalsThreads, AreNeverChanged) {
  LocalRanks ranks;
  const auto fields = ranks.session().from_local<Field>("field");
  EXPECT_EQ(ranks.session().compute(reduce<add>(map<sum>(map<doubled>(fields)))), 120);
  for (std::size_t rank = 0; rank < 3; ++rank)
    EXPECT_EQ(ranks.memory_[rank][0], static_cast<double>(rank) + 1);
}

TEST(LocalsThreads, ResultsAreLeftOnTheirRank) {
  LocalRanks ranks;
  {
    auto fields = ranks.session().from_local<Field>("field");
    ranks.session().to_local("doubled", map<doubled>(fields));
    std::swap(fields[0], fields[2]);  // rank 2's field to rank 0
    ranks.session().to_local("field", fields);
  }
  auto& locals = ranks.end();
  for (std::size_t rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(locals[rank].take<Field>("doubled")(9), 2.0 * static_cast<double>(rank) + 2);
    EXPECT_EQ(locals[rank].take<Field>("field")(0), static_cast<double>(rank == 1 ? 2 : 3 - rank));
    EXPECT_FALSE(locals[rank].contains("number")) << "what was put in is given away";
  }
}

std::vector<double> elements(const Field& field) { return {field.begin(), field.end()}; }
std::vector<double> thirty() {
  std::vector<double> all;
  for (const double value : {1.0, 2.0, 3.0}) all.insert(all.end(), 10, value);
  return all;
}

TEST(LocalsThreads, AreOneArray) {
  LocalRanks ranks;
  Session& session = ranks.session();
  const auto field = from_local<double>(session, "field");
  EXPECT_EQ(field.shape(), (Extents{30}));
  EXPECT_EQ(elements(session.compute(field)), thirty());
  EXPECT_EQ(session.compute((field * field).sum()), 10 + 40 + 90);
  EXPECT_EQ(session.compute(delayed<address_of>(field.block(2))),
            static_cast<long>(reinterpret_cast<std::uintptr_t>(ranks.memory_[2].data())));
  to_local(session, "reversed", field(slice({}, {}, -1)) + 0.5);
  to_local(session, "most", field, {28, 0, 2});
  EXPECT_TRUE(has(refusal([&] { to_local(session, "most", field, {30}); }), "each of the 3 ranks, found 1"));
  EXPECT_TRUE(has(refusal([&] { to_local(session, "most", field, {30, 1, 1}); }), "30 together"));
  auto& locals = ranks.end();
  EXPECT_EQ(elements(locals[0].take<Field>("reversed")), std::vector<double>(10, 3.5));
  EXPECT_EQ(locals[0].take<Field>("most").size(), 28u);
  EXPECT_EQ(locals[1].take<Field>("most").size(), 0u);
  EXPECT_EQ(elements(locals[2].take<Field>("most")), std::vector<double>(2, 3.0));
  for (std::size_t rank = 0; rank < 3; ++rank)
    EXPECT_EQ(ranks.memory_[rank][0], static_cast<double>(rank) + 1) << "nothing was changed";
}

/// Offsets that say nothing are no matter: blocks are put where they belong, in copies.
TEST(LocalsThreads, AreOneArrayWhateverTheirOffsets) {
  LocalRanks ranks;
  Session& session = ranks.session();
  const auto unplaced = from_local<double>(session, "unplaced");
  EXPECT_EQ(unplaced.shape(), (Extents{6}));
  EXPECT_EQ(elements(session.compute(unplaced)), (std::vector<double>{1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(session.compute(unplaced.sum()), 12);
}

TEST(LocalsThreads, WhatIsMissingIsNamed) {
  LocalRanks ranks;
  Session& session = ranks.session();
  EXPECT_TRUE(has(refusal([&] { session.from_local<long>("number"); }),
                  "rank 0 (host0) has no local 'number'; it has field"));
  EXPECT_TRUE(has(refusal([&] { session.from_local<Block<float>>("field"); }), "is a ramal::Block<double>"));
  EXPECT_TRUE(has(refusal([&] { session.to_local("one", std::vector{delayed<add>(1, 2)}); }),
                  "expected one result for each of 3 ranks, found 1"));
}

TEST(LocalsSerial, IsOneRank) {
  SerialEngine engine;
  engine.locals().put("field", Field::filled({4}, 1.5));
  {
    Session session(engine);
    const auto fields = session.from_local<Field>("field");
    EXPECT_EQ(session.compute(map<sum>(fields)), std::vector{6.0});
    session.to_local("doubled", map<doubled>(fields));
    EXPECT_TRUE(has(refusal([&] { session.from_local<long>("other"); }), "no local 'other'"));
  }
  EXPECT_EQ(engine.left_locals().take<Field>("doubled")(3), 3.0);
}

}  // namespace
}  // namespace ramal::test
