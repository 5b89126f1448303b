// SPDX-License-Identifier: BSD-3-Clause
// Arrays whose chunk grids differ: slices, parts put together, cuts that have nothing in common. They go
// chunk by chunk as others do, and have the elements that plain loops give.
#include "tests/runtime/arrays/plain.hpp"
#include "tests/support/seeds.hpp"
#include "tests/support/sound_program.hpp"

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

using Element = std::int64_t;

/// An array, and its elements.
struct Made {
  Array<Element> array;
  Plain<Element> plain;
};

Chunks many_chunks(Random& random, const Extents& shape) {
  std::vector<std::vector<std::int64_t>> cuts;
  for (const std::uint64_t length : shape) {
    std::vector<std::int64_t> cut;
    const auto all = static_cast<std::int64_t>(length);
    const std::int64_t width = random.between(1, std::max<std::int64_t>(1, all / 2));
    const bool is_regular = random.one_in(2);
    for (std::int64_t left = all; left > 0; left -= cut.back())
      cut.push_back(std::min(left, is_regular ? width : random.between(random.one_in(9) ? 0 : 1, width)));
    if (cut.empty()) cut.push_back(0);
    cuts.push_back(cut);
  }
  return Chunks(cuts);
}

template <int salt>
Element element_at(const Extents& place) {
  Element value = salt;
  for (const std::uint64_t at : place) value = 31 * value + static_cast<Element>(at);
  return value;
}
template <int salt>
Made source(const Extents& shape, const Chunks& chunks) {
  return {from_function<&element_at<salt>>(shape, chunks), Plain<Element>::made(shape, &element_at<salt>)};
}

/// Elements from `start` on along an axis, each `step`th.
Made sliced(const Made& of, std::size_t axis, std::int64_t start, std::int64_t step, std::int64_t count) {
  Extents shape = of.plain.shape;
  shape[axis] = static_cast<std::uint64_t>(count);
  const std::int64_t end = start + step * count;
  const Slice slice(start, end < 0 ? std::optional<std::int64_t>() : end, step);
  Made made{axis == 0 ? Array<Element>(of.array(slice)) : Array<Element>(of.array(all, slice)),
            Plain<Element>::made(shape, [&](Extents place) {
              place[axis] = static_cast<std::uint64_t>(start + step * static_cast<std::int64_t>(place[axis]));
              return of.plain(place);
            })};
  return made;
}
Made a_slice(Random& random, const Made& of) {
  const auto axis =
      static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(of.plain.shape.size()) - 1));
  const auto length = static_cast<std::int64_t>(of.plain.shape[axis]);
  const std::int64_t step = random.one_in(4) ? random.between(2, 3) : random.one_in(8) ? -1 : 1;
  if (step < 0) return sliced(of, axis, length - 1, -1, length);
  const std::int64_t start = random.between(0, std::min<std::int64_t>(length - 1, 5));
  return sliced(of, axis, start, step,
                1 + (random.between(std::max(start, length - 6), length - 1) - start) / step);
}
Made joined(const Made& a, const Made& b, std::size_t axis) {
  Extents shape = a.plain.shape;
  shape[axis] += b.plain.shape[axis];
  return {concatenate<Element>({a.array, b.array}, static_cast<std::int64_t>(axis)),
          Plain<Element>::made(shape, [&](Extents place) {
            if (place[axis] < a.plain.shape[axis]) return a.plain(place);
            place[axis] -= a.plain.shape[axis];
            return b.plain(place);
          })};
}
/// Of the same shape as the other.
Made fitted(const Made& a, const Extents& shape) {
  Made made = a;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    while (made.plain.shape[axis] < shape[axis]) made = joined(made, made, axis);
    if (made.plain.shape[axis] > shape[axis])
      made = sliced(made, axis, static_cast<std::int64_t>(made.plain.shape[axis] - shape[axis]), 1,
                    static_cast<std::int64_t>(shape[axis]));
  }
  return made;
}
Made added(const Made& a, const Made& b) {
  Made made{a.array + b.array * 3, a.plain};
  for (std::size_t i = 0; i < made.plain.values.size(); ++i) made.plain.values[i] += 3 * b.plain.values[i];
  return made;
}
Made summed(const Made& a, std::size_t axis) {
  Extents shape = a.plain.shape;
  shape[axis] = 1;
  Made made{a.array.sum(static_cast<std::int64_t>(axis), {.keepdims = true}), {shape, {}}};
  made.plain = Plain<Element>::made(shape, [&](Extents place) {
    Element sum = 0;
    for (place[axis] = 0; place[axis] < a.plain.shape[axis]; ++place[axis]) sum += a.plain(place);
    return sum;
  });
  return made;
}
Made transposed(const Made& a) {
  if (a.plain.shape.size() != 2) return a;
  return {a.array.transpose(),
          Plain<Element>::made({a.plain.shape[1], a.plain.shape[0]}, [&](const Extents& place) {
            return a.plain({place[1], place[0]});
          })};
}

Made an_expression(Random& random) {
  const std::size_t dims = random.one_in(2) ? 1 : 2;
  Extents shape = Extents::filled(dims, 0);
  for (std::size_t d = 0; d < dims; ++d)
    shape[d] = static_cast<std::uint64_t>(random.between(2, dims == 1 ? 90 : 20));
  std::vector<Made> made{source<3>(shape, many_chunks(random, shape)),
                         source<8>(shape, many_chunks(random, shape))};
  const auto any = [&]() -> const Made& {
    return made[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(made.size()) - 1))];
  };
  for (std::int64_t left = random.between(2, 6); left > 0; --left) {
    const Made& a = any();
    const auto axis = static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(dims) - 1));
    switch (random.between(0, 6)) {
      case 0:
        made.push_back({a.array.rechunk(many_chunks(random, a.plain.shape)), a.plain});
        break;
      case 1:
        made.push_back(a_slice(random, a));
        break;
      case 2:
        if (a.plain.values.size() < 2000) made.push_back(joined(a, fitted(any(), a.plain.shape), axis));
        break;
      case 3:
        made.push_back(random.one_in(3) ? transposed(a) : summed(a, axis));
        break;
      default:
        made.push_back(added(a, fitted(any(), a.plain.shape)));
    }
  }
  return made.back();
}

/// What they are planned as.
FamilyProgram planned(const Made& made, std::uint32_t ranks, std::int64_t front_members) {
  return plan(made.array.blocks().view(), ranks, front_members);
}

TEST(Cuts, OfAnySortAreSoundPrograms) {
  const int rounds = static_cast<int>(seeds(200));
  int by_chunks = 0;
  for (int round = 0; round < rounds; ++round) {
    Random random{std::mt19937_64(static_cast<unsigned>(round))};
    const Made made = an_expression(random);
    for (const std::uint32_t ranks : {1u, 2u, 3u, 5u}) {
      for (const std::int64_t front_members : {1, 3}) {
        const FamilyProgram program = planned(made, ranks, front_members);
        by_chunks += static_cast<int>(std::ranges::count(program.nodes, Pace::by_chunks, &ProgramNode::pace));
        expect_sound(program);
        ASSERT_FALSE(HasFailure()) << "round " << round << " on " << ranks << ", " << front_members;
      }
    }
  }
  EXPECT_GT(by_chunks, 4 * rounds);
}

TEST(Cuts, OfAnySortHaveTheElementsOfLoops) {
  const unsigned rounds = seeds(400);
  for (unsigned round = 0; round < rounds; ++round) {
    Random random{std::mt19937_64(round)};
    const Made made = an_expression(random);
    SteppedRanks ranks(static_cast<int>(1 + round % 5), round);
    ranks.engine().set_front_members(random.between(1, 4));
    ASSERT_EQ(plain(ranks.session().compute(made.array)), made.plain) << "round " << round;
  }
}

/// All advance with what they are made of, and are not begun when that has ended.
void expect_all_advance(const Made& made) {
  for (const std::uint32_t ranks : {1u, 2u, 3u}) {
    const FamilyProgram program = planned(made, ranks, 3);
    for (const ProgramNode& node : program.nodes) {
      EXPECT_EQ(node.pace, Pace::by_chunks) << node.kind->name << " on " << ranks;
      EXPECT_EQ(node.front, 0) << node.kind->name << " on " << ranks;
    }
    EXPECT_GT(program.chunks, 10);
    expect_sound(program);
  }
}

TEST(Cuts, ThatDifferAdvanceTogether) {
  const Made a = source<3>({700}, {7}), b = source<8>({700}, {7});
  expect_all_advance(added(sliced(a, 0, 3, 1, 697), sliced(b, 0, 0, 1, 697)));
  expect_all_advance(added(sliced(a, 0, 14, 1, 686), sliced(b, 0, 0, 1, 686)));
  expect_all_advance(added(sliced(a, 0, 0, 2, 350), sliced(b, 0, 350, 1, 350)));
  expect_all_advance(joined(a, b, 0));
  expect_all_advance(added(joined(sliced(a, 0, 0, 1, 333), b, 0), sliced(joined(b, b, 0), 0, 5, 1, 1033)));
  const Made other = source<5>({700}, {11});
  expect_all_advance(added(a, other));
  expect_all_advance(added({Array<Element>(other.array.rechunk({4})), other.plain}, a));
  std::vector<std::int64_t> lengths;
  for (std::int64_t left = 700; left > 0; left -= lengths.back())
    lengths.push_back(std::min(left, 1 + left % 9));
  expect_all_advance(added(a, source<5>({700}, Chunks(std::vector<std::vector<std::int64_t>>{lengths}))));
  const Made rows = source<3>({200, 12}, {5, 4}), others = source<8>({200, 12}, {7, 5});
  expect_all_advance(added(rows, others));
  expect_all_advance(joined(rows, others, 0));
  expect_all_advance(joined(rows, others, 1));
  expect_all_advance(added(sliced(rows, 1, 1, 1, 11), sliced(rows, 1, 0, 1, 11)));
}

}  // namespace
}  // namespace ramal::test
