// SPDX-License-Identifier: BSD-3-Clause
// When an argument is moved, copied or only seen. An instrumented type counts its copies; a serial
// evaluator counts uses as an executor does.
#include <ramal/delayed.hpp>
#include <ramal/reduce.hpp>

#include "graph/core/graph.hpp"

#include <gtest/gtest.h>

namespace {

using ramal::delayed;
using ramal::Delayed;
using ramal::Inputs;
using ramal::detail::Task;
using ramal::detail::TaskIndex;

int copies = 0;
int moves = 0;

/// Large enough to sit in a box, and knows what was done to it.
struct Block {
  std::vector<int> data;
  Block() = default;
  explicit Block(int n) : data(100, n) {}
  Block(const Block& other) : data(other.data) { ++copies; }
  Block(Block&& other) noexcept : data(std::move(other.data)) { ++moves; }
  Block& operator=(const Block& other) {
    data = other.data;
    ++copies;
    return *this;
  }
  Block& operator=(Block&& other) noexcept {
    data = std::move(other.data);
    ++moves;
    return *this;
  }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& data;
  }
};
using Address = std::uintptr_t;
Address address_of(const Block& block) { return reinterpret_cast<Address>(block.data.data()); }
Address object_of(const Block& block) { return reinterpret_cast<Address>(&block); }

struct Holder {
  Block block{1};
  Holder grow() {
    for (int& x : block.data) ++x;
    return std::move(*this);
  }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& block;
  }
};

Block make(int n) { return Block(n); }
Block increment(Block block) {
  for (int& x : block.data) ++x;
  return block;
}
int first(const Block& block) { return block.data.at(0); }
Block merge(Block a, const Block& b) {
  for (std::size_t i = 0; i < a.data.size(); ++i) a.data[i] += b.data[i];
  return a;
}

/// Runs a graph in order and frees a value after its last use. `uses` counts consumers, once per
/// occurrence, plus one for each target.
class Serial {
 public:
  template <class... T>
  explicit Serial(const Delayed<T>&... targets) {
    const std::array<const Task*, sizeof...(T)> tasks{targets.task_handle().get()...};
    graph_ = ramal::detail::collect(tasks);
    cells_ = std::vector<ramal::detail::Cell>(graph_.size());
    for (const TaskIndex input : graph_.inputs) ++cells_[input].uses;
    for (const TaskIndex target : graph_.targets) ++cells_[target].uses;
  }
  /// With `may_move` false, as for tasks that may have to run again.
  Serial& run(bool may_move = true) {
    copies = moves = 0;
    for (TaskIndex i = 0; i < graph_.size(); ++i) {
      const Task& task = *graph_.tasks[i];
      if (task.constant() != nullptr) {
        cells_[i].value = *task.constant();
        continue;
      }
      ramal::detail::CallFrame frame{cells_.data(), graph_.inputs_of(i).data(), may_move, task.literals()};
      task.kind().run(frame, cells_[i].value);
      for (const TaskIndex input : graph_.inputs_of(i)) {
        if (--cells_[input].uses == 0) cells_[input].value.reset();
      }
    }
    return *this;
  }
  template <class T>
  const T& target(std::size_t k = 0) const {
    return cells_[graph_.targets[k]].value.get<T>();
  }

 private:
  ramal::detail::Graph graph_;
  std::vector<ramal::detail::Cell> cells_;
};

// --- by value ------------------------------------------------------------------------------------------
TEST(ByValue, TheLastUseMoves) {
  auto block = delayed<make>(1);
  for (int i = 0; i < 10; ++i) block = delayed<increment>(block);
  EXPECT_EQ(first(Serial(block).run().target<Block>()), 11);
  EXPECT_EQ(copies, 0);
}

TEST(ByValue, ABlockIsUpdatedInPlace) {
  const auto where = delayed<[](const Block& b) { return address_of(b); }>;
  const auto start = delayed<make>(1);
  const auto before = where(start);
  const auto changed = delayed<[](Block b, Address) { return increment(std::move(b)); }>(start, before);
  const auto after = where(changed);
  const Serial serial = std::move(Serial(before, after).run());
  EXPECT_EQ(serial.target<Address>(0), serial.target<Address>(1));
  EXPECT_EQ(copies, 0);
}

TEST(ByValue, AnEarlierUseCopies) {
  const auto block = delayed<make>(1);
  const auto changed = delayed<increment>(block);
  const auto later = delayed<increment>(block);
  const Serial serial = std::move(Serial(changed, later).run());
  EXPECT_EQ(first(serial.target<Block>(0)), 2);
  EXPECT_EQ(first(serial.target<Block>(1)), 2);
  EXPECT_EQ(copies, 1) << "the first consumer copies, the last one moves";
}

TEST(ByValue, ATargetIsNotMoved) {
  const auto block = delayed<make>(1);
  const Serial serial = std::move(Serial(block, delayed<increment>(block)).run());
  EXPECT_EQ(first(serial.target<Block>(0)), 1);
  EXPECT_EQ(first(serial.target<Block>(1)), 2);
  EXPECT_EQ(copies, 1);
}

TEST(ByValue, AConstantIsNotMoved) {
  const auto block = ramal::value(Block(1));
  EXPECT_EQ(first(Serial(delayed<increment>(block)).run().target<Block>()), 2);
  EXPECT_EQ(copies, 1);
  EXPECT_EQ(first(block.task_handle().get()->constant()->get<Block>()), 1);
}

TEST(ByValue, WithoutUsesNothingIsMoved) {
  const auto once = delayed<increment>(delayed<make>(1));
  EXPECT_EQ(first(Serial(once).run(false).target<Block>()), 2);
  EXPECT_EQ(copies, 1);
  const auto mixed =
      delayed<[](std::vector<Block> v, int n) { return v[0].data[0] + n; }>(std::vector{once, once}, 1);
  EXPECT_EQ(Serial(mixed).run(false).target<int>(), 3);
  EXPECT_EQ(copies, 1 + 2);
}

TEST(ByValue, AValueThatIsSharedIsCopied) {
  ramal::detail::Cell cell({.uses = 1, .missing = 0});
  cell.value = ramal::Value::make<Block>(5);
  const ramal::Value sent = cell.value;  // as for a value still on its way to another rank
  const std::uint32_t input = 0;
  ramal::detail::CallFrame frame{&cell, &input, true, {}};
  ramal::Value result;
  copies = 0;
  ramal::detail::kind_of<increment>.run(frame, result);
  EXPECT_EQ(copies, 1);
  EXPECT_EQ(first(sent.get<Block>()), 5);
}

TEST(ByValue, AnRvalueReferenceIsTheSame) {
  const auto rvalue = delayed<[](Block&& b) { return increment(std::move(b)); }>;
  const auto block = delayed<make>(1);
  const Serial serial = std::move(Serial(rvalue(block), rvalue(block)).run());
  EXPECT_EQ(first(serial.target<Block>(0)), 2);
  EXPECT_EQ(first(serial.target<Block>(1)), 2);
  EXPECT_EQ(copies, 1);
  EXPECT_EQ(Serial(delayed<[](int&& x) { return ++x; }>(delayed<[] { return 1; }>())).run().target<int>(), 2);
}

TEST(ByValue, TwiceInOneCallIsCopied) {
  const auto both = delayed<[](Block a, Block b) { return merge(std::move(a), b).data[0] + b.data[0]; }>;
  const auto block = delayed<make>(1);
  EXPECT_EQ(Serial(both(block, block)).run().target<int>(), 3);
  EXPECT_EQ(copies, 2);
  const auto seen =
      delayed<[](const Block& a, Block b) { return increment(std::move(b)).data[0] + a.data[0]; }>;
  EXPECT_EQ(Serial(seen(block, block)).run().target<int>(), 3);
  EXPECT_EQ(copies, 1);
  const auto listed = delayed<[](std::vector<Block> v, const Block& b) { return v[1].data[0] + b.data[0]; }>;
  EXPECT_EQ(Serial(listed(std::vector{block, block}, block)).run().target<int>(), 2);
  EXPECT_EQ(copies, 2);
}

TEST(ByValue, BesideALiteralItMovesToo) {
  const auto plus = delayed<[](Block b, int n) {
    b.data[0] += n;
    return b;
  }>;
  EXPECT_EQ(first(Serial(plus(delayed<make>(1), 4)).run().target<Block>()), 5);
  EXPECT_EQ(copies, 0);
}

TEST(ByValue, AMemberFunctionsObject) {
  const auto grown = delayed<&Holder::grow>(delayed<&Holder::grow>(delayed<[] { return Holder(); }>()));
  EXPECT_EQ(first(Serial(grown).run().target<Holder>().block), 3);
  EXPECT_EQ(copies, 0);
}

// --- containers ------------------------------------------------------------------------------------------
TEST(Containers, ElementsMoveOnTheirLastUse) {
  const auto count = delayed<[](const std::vector<Block>& v) { return v[0].data[0] + v[1].data[0]; }>;
  const auto a = delayed<make>(1);
  const auto b = delayed<make>(2);
  EXPECT_EQ(Serial(count(std::vector{a, b})).run().target<int>(), 3);
  EXPECT_EQ(copies, 0);
  const auto used_again = delayed<first>(a);
  const Serial serial = std::move(Serial(count(std::vector{a, b}), used_again).run());
  EXPECT_EQ(serial.target<int>(1), 1);
  EXPECT_EQ(copies, 1) << "a is used again, b is not";
}

TEST(Containers, TuplesMapsOptionalsAndArrays) {
  const auto tuple =
      delayed<[](std::tuple<Block, int> t) { return std::get<0>(t).data[0] + std::get<1>(t); }>;
  EXPECT_EQ(Serial(tuple(std::tuple(delayed<make>(1), 2))).run().target<int>(), 3);
  EXPECT_EQ(copies, 0);
  const auto map = delayed<[](const std::map<int, Block>& m) { return m.at(4).data[0]; }>;
  EXPECT_EQ(Serial(map(std::map<int, Delayed<Block>>{{4, delayed<make>(9)}})).run().target<int>(), 9);
  EXPECT_EQ(copies, 0);
  const auto optional = delayed<[](std::optional<Block> b) { return b->data[0]; }>;
  EXPECT_EQ(Serial(optional(std::optional(delayed<make>(3)))).run().target<int>(), 3);
  EXPECT_EQ(copies, 0);
  const auto array = delayed<[](std::array<Block, 2> a) { return a[1].data[0]; }>;
  EXPECT_EQ(Serial(array(std::array{delayed<make>(3), delayed<make>(4)})).run().target<int>(), 4);
  EXPECT_EQ(copies, 0);
}

// --- by reference
// --------------------------------------------------------------------------------------------
TEST(ByReference, SeesTheStoredObjectItself) {
  const auto object = delayed<[](const Block& b) { return object_of(b); }>;
  const auto with_literal = delayed<[](const Block& b, int) { return object_of(b); }>;
  const auto block = delayed<make>(1);
  const Serial serial = std::move(Serial(block, object(block), with_literal(block, 1)).run());
  EXPECT_EQ(serial.target<Address>(1), object_of(serial.target<Block>()));
  EXPECT_EQ(serial.target<Address>(2), object_of(serial.target<Block>()));
  EXPECT_EQ(copies + moves, 1) << "only where make put its result";
}

TEST(ByReference, InputsNeverCopyNorMove) {
  const auto all = delayed<[](Inputs<Block> v) {
    std::vector<Address> where;
    for (const Block& block : v) where.push_back(object_of(block));
    return where;
  }>;
  const auto a = delayed<make>(1);
  const auto b = delayed<make>(2);
  const Serial serial = std::move(Serial(a, b, all(std::vector{a, b, a})).run());
  const std::vector<Address> expected{object_of(serial.target<Block>(0)), object_of(serial.target<Block>(1)),
                                      object_of(serial.target<Block>(0))};
  EXPECT_EQ(serial.target<std::vector<Address>>(2), expected);
  EXPECT_EQ(copies, 0);
  const auto last = delayed<[](const Inputs<Block>& v) { return v[0].data[0] + v[1].data[0]; }>;
  EXPECT_EQ(Serial(last(std::array{delayed<make>(1), delayed<make>(2)})).run().target<int>(), 3);
  EXPECT_EQ(copies, 0);
}

// --- reductions
// ------------------------------------------------------------------------------------------------
TEST(Reductions, OfBlocksCopyNone) {
  std::vector<Delayed<Block>> leaves;
  for (int i = 0; i < 37; ++i) leaves.push_back(delayed<make>(i));
  EXPECT_EQ(first(Serial(ramal::reduce<merge>(leaves)).run().target<Block>()), 36 * 37 / 2);
  EXPECT_EQ(copies, 0);
}

TEST(Reductions, OfGroupsCopyOnlyTheFirstOfEach) {
  std::vector<Delayed<Block>> leaves;
  for (int i = 0; i < 16; ++i) leaves.push_back(delayed<make>(i));
  EXPECT_EQ(first(Serial(ramal::reduce<merge>(leaves, {.arity = 4})).run().target<Block>()), 120);
  EXPECT_LE(copies, 5) << "one for each of the 5 tasks";
}

}  // namespace
