// SPDX-License-Identifier: BSD-3-Clause
// Who owns a family's members, and in which front they are run.
#include "tests/support/sound_program.hpp"

#include <ramal/iterate.hpp>

#include <random>
#include <sstream>

namespace {

using namespace ramal;
using namespace ramal::detail;
using test::expect_sound;
using test::plan;

double at_place(Index place) { return static_cast<double>(place[0]); }
double add(double a, double b) { return a + b; }
double same(double a) { return a; }
double sum(Inputs<double> inputs) { return inputs.empty() ? 0 : inputs[0]; }

double sum_of_three(Index, Inputs<double> row, Inputs<double> all, Inputs<double> before) {
  return sum(row) + sum(all) + sum(before);
}
double same_placed(Index, double a) { return a; }
double add_placed(Index, double a, double b) { return a + b; }
double sum_placed(Index, Inputs<double> inputs) { return sum(inputs); }

TEST(Program, EveryMemberIsInTheBlockOfItsOwnerAlone) {
  for (const Index& extent :
       {Index(1), Index(7), Index(100), Index(5, 9), Index(3, 4, 5), Index(2, 3, 2, 4)}) {
    for (const std::uint32_t ranks : {1u, 2u, 3u, 6u, 12u, 200u}) {
      const FamilyProgram program = plan(family<at_place>(extent).view(), ranks, 4);
      std::int64_t members = 0;
      for (std::uint32_t rank = 0; rank < ranks; ++rank) {
        const Region block = program.block(0, rank);
        members += block.volume();
        for (std::int64_t number = 0; number < extent.volume(); ++number) {
          const Index place = extent.place_of(number);
          EXPECT_EQ(program.owner(0, place) == rank, !block.empty() && block.contains(place))
              << extent.text() << place.text() << ranks;
        }
      }
      EXPECT_EQ(members, extent.volume()) << extent.text() << ranks;
    }
  }
}

TEST(Program, GridsHaveLittleSurface) {
  const FamilyProgram program = plan(family<at_place>(Index(1000, 1000)).view(), 16, 1 << 20);
  EXPECT_EQ(program.nodes[0].parts[0], 4);
  EXPECT_EQ(program.nodes[0].parts[1], 4);
  const FamilyProgram flat = plan(family<at_place>(Index(4, 100000)).view(), 16, 1 << 20);
  EXPECT_EQ(flat.nodes[0].parts[0], 1);
}

detail::Parts grid(std::int32_t first, std::int32_t second) {
  detail::Parts parts = detail::bands(first);
  parts[1] = second;
  return parts;
}

/// Large ones lie in bands, as long as all ranks get some.
TEST(Program, LargeGridsLieInBands) {
  const auto rows = family<at_place>(Index(1000, 8));
  const FamilyProgram bands = plan(map<same>(rows).view(), 16, 4);
  for (const ProgramNode& node : bands.nodes) EXPECT_EQ(node.parts, detail::bands(16));
  const FamilyProgram transposed = plan(transpose(rows).view(), 16, 4);
  EXPECT_EQ(transposed.nodes[0].parts, detail::bands(16));
  EXPECT_EQ(transposed.nodes[1].parts, grid(2, 8));
  const FamilyProgram summed = plan(detail::reduce_levels<add, double>(rows.view(), 0, 2, {}), 16, 4);
  for (const ProgramNode& node : summed.nodes) EXPECT_EQ(node.parts, detail::bands(16));
  EXPECT_EQ(plan(map<same>(family<at_place>(Index(8, 1000))).view(), 16, 4).nodes[1].parts, grid(2, 8));
}

TEST(Program, WhatRanksAwaitIsWhatOthersSend) {
  for (const std::uint32_t ranks : {1u, 2u, 3u, 5u, 16u}) {
    for (const std::int64_t front_members : {1, 7, 100000}) {
      for (const std::int64_t size : {1, 2, 10, 97, 300}) {
        const auto line = family<at_place>(size);
        const auto mapped = map<same>(line);
        expect_sound(plan(Family<double>(detail::reduce_levels<add, double>(mapped.view(), 0, 2, {})).view(),
                          ranks, front_members));
        expect_sound(
            plan(iterate<sum>(mapped, 12, {{-2}, {0}, {1}}, Edge::periodic).view(), ranks, front_members));
        expect_sound(
            plan(coarsen<sum>(stencil<sum>(line, {{-3}, {1}}, Edge::clamp), 3).view(), ranks, front_members));
        if (size < 20) expect_sound(plan(all_gather<sum>(line).view(), ranks, front_members));
        const auto read_first = [](const Index&, Reads& reads) { reads(0, 0); };
        expect_sound(plan(family<same_placed>(Index(2, 6, 4, 3), read_first, reduce<add>(line)).view(), ranks,
                          front_members));
      }
    }
  }
}

/// What stays where it is, as the row that steps begin from or a value that all of them read, is not looked
/// for in all of them.
TEST(Program, WhatAllStepsReadIsFoundInTheFirst) {
  static std::int64_t asked = 0;
  const auto from_row = [](const Index& at, Reads& reads) {
    ++asked;
    if (at[0] > 0) reads.self({at[0] - 1, (at[1] + 1) % 10});
    if (at[0] == 0 || at[0] % 2 == 1) reads(0, 9 - at[1]);
    if (at[1] == 3) reads(1, 0);
  };
  const auto row = family<at_place>(10);
  const auto made = [&](std::int64_t steps) {
    return family<sum_of_three>.with({.reach = Index(1, 9), .period = 2, .periodic_from = 1})(
        Index(steps, 10), from_row, map<same>(row), delayed<same>(2.0));
  };
  for (const std::uint32_t ranks : {1u, 2u, 3u, 5u, 16u}) {
    for (const std::int64_t front_members : {1, 7, 40})
      expect_sound(plan(made(50).view(), ranks, front_members));
  }
  const FamilyProgram program = plan(made(1'000'000).view(), 3, 40);
  asked = 0;
  const Front first = Expander(program, 1).expand(0);
  EXPECT_LT(asked, 5000);
}

TEST(Program, SoItIsInLoopsOfSeveralFamilies) {
  for (const std::uint32_t ranks : {1u, 2u, 5u, 16u, 21u}) {
    for (const std::int64_t front_members : {1, 100000}) {
      const auto line = family<at_place>(40);
      const auto [a, b, one] = iterate(
          9,
          [&](Family<double> a, Family<double> b, Delayed<double> one) {
            const auto next_a = map<add>(stencil<sum>(a, {{-1}, {3}}, Edge::periodic), line);
            return next(next_a, map<add>(b, one), delayed<add>(reduce<add>(next_a), a[7]));
          },
          line, coarsen<sum>(line, 3), 2.0);
      expect_sound(plan(map<add>(a, one).view(), ranks, front_members));
      expect_sound(plan(b.view(), ranks, front_members));
    }
  }
}

/// Of a front and the one it repeats: all that is in them, as text, but their places' literals. Steps count
/// from the first of the front.
std::string shape_of(const FamilyProgram& program, const Front& front, std::int64_t steps) {
  std::ostringstream text;
  const auto name = [&](MemberName member, std::int64_t stride) {
    text << node_of(member) << ':' << number_of(member) - stride * steps << ' ';
  };
  for (const Front::Part& part : front.parts) {
    Region region = part.region;
    if (program.nodes[part.node].pace == Pace::by_steps) {
      region.low[0] -= steps;
      region.high[0] -= steps;
    }
    text << part.node << region.low.text() << region.high.text() << part.first << '\n';
  }
  for (const std::uint32_t kind : front.graph.kind) text << front.kinds[kind]->name << ' ';
  for (const std::uint32_t offset : front.graph.input_offsets) text << offset << ' ';
  for (const Slot input : front.graph.inputs) text << input << ' ';
  for (const External& one : front.graph.externals) text << one.how << front.kinds[one.kind]->name << ' ';
  text << "\nlinks ";
  for (const Link& link : front.links) text << link.from << "->" << link.to << ' ';
  text << "\nroutes ";
  for (const Route& route : front.graph.routes) {
    text << route.slot << "->" << route.rank << '=';
    name(front.names[route.remote_slot].name, front.names[route.remote_slot].stride);
  }
  text << "\nawaited ";
  std::map<Slot, std::pair<MemberName, std::int64_t>> awaited;
  for (const auto& [member, one] : front.awaited) awaited[one.slot] = {member, one.stride};
  for (const auto& [slot, member] : awaited) {
    text << slot << '=';
    name(member.first, member.second);
  }
  text << "\nstates ";
  for (const Slot slot : front.states) text << slot << ' ';
  return text.str();
}

/// Fronts that are said to repeat another are what they would be if they were made anew. Returns how many.
int expect_repeats(const FamilyProgram& program) {
  int repeats = 0;
  for (std::uint32_t rank = 0; rank < program.ranks; ++rank) {
    Expander expander(program, rank);
    for (std::int64_t number = 0; number < program.fronts; ++number) {
      const auto steady = expander.steady(number);
      if (!steady.contains(number) || number == steady.first) continue;
      ++repeats;
      EXPECT_EQ(shape_of(program, expander.expand(number), (number - steady.first) * steady.rows),
                shape_of(program, expander.expand(steady.first), 0))
          << "front " << number << " of " << program.fronts << " on " << rank << " of " << program.ranks;
    }
  }
  return repeats;
}

TEST(Program, FrontsThatRepeatOthersAreAsIfMadeAnew) {
  const auto chain = [](const Index& at, Reads& reads) {
    for (std::int64_t back = 1; back <= 2 && back <= at[0]; ++back)
      reads.self({at[0] - back, (at[1] + back - 1) % 10});
    if (at[0] > 0) reads.self({at[0] - 1, (at[1] + at[0] % 3) % 10});
  };
  const auto ahead = [](const Index& at, Reads& reads) {
    for (std::int64_t step = std::max<std::int64_t>(0, at[0] - 1);
         step <= std::min<std::int64_t>(59, at[0] + 1); ++step)
      reads(0, {step, at[1] / 2});
  };
  int repeats = 0;
  for (const std::uint32_t ranks : {1u, 2u, 5u}) {
    for (const std::int64_t front_members : {1, 10, 33, 70}) {
      for (const std::int64_t steps : {60, 61, 64}) {
        const auto by_time = family<sum_placed>.with(
            {.reach = Index(2, 9), .steps = true, .period = 3, .periodic_from = 2})(Index(steps, 10), chain);
        repeats += expect_repeats(plan(by_time.view(), ranks, front_members));
        repeats += expect_repeats(plan(map<same>(map<add>(by_time, by_time)).view(), ranks, front_members));
        repeats += expect_repeats(
            plan(iterate<sum>(family<at_place>(20), steps, {{-2}, {0}, {1}}, Edge::periodic).view(), ranks,
                 front_members));
      }
      const auto by_time = family<sum_placed>.with(
          {.reach = Index(2, 9), .steps = true, .period = 3, .periodic_from = 2})(Index(60, 10), chain);
      const auto both =
          family<sum_placed>.with({.reach = Index(1, 20), .steps = true, .period = 1, .periodic_from = 1})(
              Index(60, 20), ahead, by_time);
      repeats += expect_repeats(plan(both.view(), ranks, front_members));
      const auto [a, one] = iterate(
          30,
          [&](Family<double> a, Delayed<double> one) {
            const auto next_a = map<add>(stencil<sum>(a, {{-1}, {3}}, Edge::periodic), one);
            return next(next_a, delayed<add>(reduce<add>(next_a), a[7]));
          },
          family<at_place>(40), 2.0);
      repeats += expect_repeats(plan(a.view(), ranks, front_members));
    }
  }
  EXPECT_GT(repeats, 500);
}

TEST(Program, LoopsHaveFrontsOfTheirOwn) {
  const auto line = family<at_place>(1000);
  const auto first = iterate<sum>(line, 12, {{0}});
  const auto second = iterate<sum>(map<same>(first), 7, {{0}});
  const auto beside = Family<double>(detail::reduce_levels<add, double>(line.view(), 0, 2, {}));
  const FamilyProgram program = plan(map<add>(map<add>(second, first), beside).view(), 2, 100);
  ASSERT_EQ(program.loops.size(), 2u);
  for (const ProgramLoop& loop : program.loops) {
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
      const ProgramNode& node = program.nodes[i];
      const bool is_its_own = node.loop >= 0 && &program.loops[static_cast<std::size_t>(node.loop)] == &loop;
      EXPECT_TRUE(is_its_own || node.last < loop.front || node.front > loop.epilogue) << i;
    }
  }
}

/// Fronts are cut where what is read repeats, but never shorter than it reaches back.
TEST(Program, AFrontHasAsManyStepsAsAnyReadsBack) {
  const auto back = [](std::int64_t reach, std::int64_t period) {
    return plan(family<sum_placed>.with({.reach = Index(reach, 0), .period = period})(
                    Index(100, 4), [](const Index& place, Reads& reads) {
                      if (place[0] > 0) reads.self({place[0] - 1, place[1]});
                    }).view(), 2, 1).rows;
  };
  EXPECT_EQ(back(1, 0), 1);
  EXPECT_EQ(back(3, 0), 3);
  EXPECT_EQ(back(3, 2), 4);
  EXPECT_EQ(back(4, 2), 4);
  EXPECT_EQ(back(1, 3), 3);
}

TEST(Program, LeavesOfATreeGoByChunks) {
  const auto footprint = family<at_place>(100000);
  const FamilyProgram program = plan(detail::reduce_levels<add, double>(footprint.view(), 0, 2, {}), 4, 1000);
  EXPECT_EQ(program.chunks, 25);
  EXPECT_EQ(program.fronts, 25);
  for (const ProgramNode& node : program.nodes) EXPECT_EQ(node.pace, Pace::by_chunks);
}

/// So do those that read near places of each other, however long: what a front holds is a chunk.
TEST(Program, ALineGoesByChunks) {
  constexpr std::int64_t size = 20000, at_a_time = 200;
  const auto near = [](const Index& at, Reads& reads) {
    for (std::int64_t i = std::max<std::int64_t>(0, at[0] - 5); i <= at[0]; ++i) reads(0, i);
  };
  const auto line = family<at_place>(size);
  for (const Edge edge : {Edge::open, Edge::clamp, Edge::periodic}) {
    const auto smooth = map<same>(stencil<sum>(map<same>(line), {{-3}, {0}, {7}}, edge));
    const auto again = family<sum_placed>.with({.reach = Index(5)})(size, near, smooth);
    const FamilyProgram program =
        plan(detail::reduce_levels<add, double>(coarsen<sum>(map<add>(again, line), 7).view(), 0, 3, {}), 4,
             at_a_time);
    for (const ProgramNode& node : program.nodes) EXPECT_EQ(node.pace, Pace::by_chunks);
    expect_sound(program);
    for (std::uint32_t rank = 0; rank < 4; ++rank) {
      Expander expander(program, rank);
      for (std::int64_t front = 0; front < program.fronts; ++front) {
        for (const std::uint32_t node : {0u, 2u, 4u}) {
          std::int64_t members = 0;
          for (const Front::Part& part : expander.expand(front).parts)
            members += part.node == node ? part.region.volume() : 0;
          EXPECT_LE(members, at_a_time + 50);
        }
      }
    }
  }
  // A chunk is as long as it reads back and ahead, but not for any reach.
  const FamilyProgram far = plan(stencil<sum>(line, {{-400}, {400}}).view(), 4, at_a_time);
  EXPECT_EQ(far.nodes[1].pace, Pace::by_chunks);
  EXPECT_EQ(far.chunks, size / 4 / 800);
  EXPECT_EQ(plan(stencil<sum>(line, {{-400}, {400}}).view(), 4, 3).chunks, (size + 11) / 12);
}

/// With more dimensions too, in the order of their numbers.
TEST(Program, GridsGoByChunks) {
  int by_chunks = 0;
  for (const std::uint32_t ranks : {1u, 2u, 3u, 5u, 16u}) {
    for (const std::int64_t front_members : {1, 3, 7, 60}) {
      for (const Index& extent :
           {Index(40, 6), Index(7, 1), Index(16, 3, 4), Index(5, 2, 3, 2), Index(6, 40)}) {
        const auto grid = family<at_place>(extent);
        for (const Edge edge : {Edge::open, Edge::clamp, Edge::periodic}) {
          std::vector<Index> offsets(3, extent);
          for (int d = 0; d < extent.dims; ++d) {
            offsets[0][d] = 0;
            offsets[1][d] = d == 0 ? -1 : 0;
            offsets[2][d] = d + 1 == extent.dims ? 2 : 0;
          }
          const auto smooth =
              map<add>(map<add>(grid, stencil<sum>(map<same>(grid), offsets, edge)), reduce<add>(grid));
          detail::FamilyView sum_of_all = smooth.view();
          for (int axis = extent.dims; axis-- > 0;)
            sum_of_all = detail::reduce_levels<add, double>(sum_of_all, axis, 3, {});
          const FamilyProgram program = plan(sum_of_all, ranks, front_members);
          by_chunks +=
              static_cast<int>(std::ranges::count(program.nodes, Pace::by_chunks, &ProgramNode::pace));
          expect_sound(program);
          if (HasFailure()) FAIL() << extent.text() << " on " << ranks << ", " << front_members;
        }
      }
    }
  }
  EXPECT_GT(by_chunks, 900);
}

/// A value that all of a large one read is told of once a rank.
TEST(Program, AReaderOfASingleValueIsFoundOnceARank) {
  const FamilyProgram program = plan(
      map<add>(family<at_place>(Index(1000, 1000, 1000, 1000)), delayed<same>(family<at_place>(1)[0])).view(),
      4, 256);
  for (std::uint32_t rank = 0; rank < 4; ++rank) Expander(program, rank).expand(0);
}

/// What holds a front of them is near what was asked for.
TEST(Program, AFrontOfAGridHoldsAChunk) {
  constexpr std::int64_t at_a_time = 500;
  const auto cube = family<at_place>(Index(100, 100, 100));
  detail::FamilyView all = map<same>(cube).view();
  for (int axis = 3; axis-- > 0;) all = detail::reduce_levels<add, double>(all, axis, 2, {});
  const FamilyProgram program = plan(all, 4, at_a_time);
  EXPECT_EQ(program.chunks, 500);
  Expander expander(program, 2);
  for (std::int64_t front = 0; front < program.fronts; ++front) {
    const Front made = expander.expand(front);
    EXPECT_LE(made.graph.kind.size(), at_a_time * 4 + 100);
    EXPECT_LE(made.awaited.size(), 50u)
        << front;  // partial sums of the chunks before, two of each level at most
  }
}

/// What all members of another may read is planned at once, so that they are looked at once; what reads it
/// goes by chunks when that is there.
TEST(Program, WhatIsReadAnywhereIsPlannedAtOnce) {
  static std::int64_t asked = 0;
  const auto anywhere = [](const Index& at, Reads& reads) {
    ++asked;
    reads(0, (at[0] * 7919) % 5000);
  };
  const auto line = family<at_place>(5000);
  const FamilyProgram program =
      plan(map<same>(family<same_placed>(20'000, anywhere, map<same>(line))).view(), 3, 100);
  EXPECT_EQ(program.nodes[1].pace, Pace::once);
  EXPECT_EQ(program.nodes[2].pace, Pace::by_chunks);
  EXPECT_EQ(program.nodes[3].pace, Pace::by_chunks);
  expect_sound(program);
  asked = 0;
  Expander expander(program, 1);
  for (std::int64_t front = 0; front < program.fronts; ++front) {
    EXPECT_LE(expander.expand(front).graph.kind.size(), front <= program.nodes[1].front ? 2000u : 300u);
  }
  EXPECT_LT(asked, 20'000 * 3);
}

TEST(Program, SoIsWhatStepsOfALoopReadAnywhere) {
  static std::int64_t asked = 0;
  const auto both = [](const Index& at, Reads& reads) {
    ++asked;
    reads(0, (at[0] * 7919) % 5000);
    reads(1, at[0]);
  };
  const auto line = map<same>(family<at_place>(5000));
  const auto looped = iterate(
      5, [&](Family<double> a) { return next(family<add_placed>(50, both, line, a)); }, family<at_place>(50));
  const FamilyProgram program = plan(looped.view(), 3, 10);
  expect_sound(program);
  asked = 0;
  Expander expander(program, 1);
  for (std::int64_t front = 0; front < program.fronts; ++front) expander.expand(front);
  EXPECT_LT(asked, 50 * 20);
}

TEST(Program, FewWantedMembersTakeFewFronts) {
  const auto line = family<at_place>(100'000'000);
  FamilyProgram program = plan(stencil<sum>(map<same>(line), {{-1}, {1}}).view(), 4, 256);
  EXPECT_GT(program.fronts, 1000);
  program.wants.push_back({name_of(2, 50'000'000), 1, Keep::announced});
  program.need_only_wants();
  plan_fronts(program, 256);
  EXPECT_EQ(program.fronts, 1);
  std::int64_t members = 0;
  for (std::uint32_t rank = 0; rank < program.ranks; ++rank) {
    for (const Front::Part& part : Expander(program, rank).expand(0).parts) members += part.region.volume();
  }
  EXPECT_EQ(members, 1 + 3 + 3);  // with the place between the two that are read
}

TEST(Program, ItsBytesDoNotDependOnItsExtent) {
  const Images images = Images::loaded();
  const auto bytes = [&](std::int64_t extent) {
    return plan(map<same>(family<at_place>(extent)).view(), 64, 256).encode(images).size();
  };
  const auto loop_bytes = [&](std::int64_t steps) {
    return plan(iterate<sum>(family<at_place>(100), steps, {{-1}, {1}}).view(), 64, 256)
        .encode(images)
        .size();
  };
  EXPECT_EQ(loop_bytes(1), loop_bytes(std::int64_t{1} << 40));
  EXPECT_EQ(bytes(std::int64_t{1} << 20), bytes(std::int64_t{1} << 40));
  EXPECT_LT(bytes(std::int64_t{1} << 40), 1024u);
}

TEST(Program, ItsByteFormIsRefusedWhenCut) {
  const Images images = Images::loaded();
  const auto bytes = plan(map<same>(family<at_place>(10)).view(), 2, 256).encode(images);
  const FamilyProgram read = FamilyProgram::decode(bytes, images);
  ASSERT_EQ(read.nodes.size(), 2u);
  EXPECT_EQ(read.nodes[1].extent, Index(10));
  EXPECT_EQ(read.nodes[1].kind->name, "same");
  EXPECT_EQ(read.nodes[1].sources.at(0).node, 0u);
  for (std::size_t size = 0; size < bytes.size(); size += 7)
    EXPECT_THROW(FamilyProgram::decode(std::span(bytes).first(size), images), DecodeError);
}

TEST(Program, ItsByteFormIsRefusedWhereASortDoesNotFit) {
  const Images images = Images::loaded();
  const FamilyProgram program = plan(map<same>(family<at_place>(10)).view(), 2, 256);
  for (const bool is_task : {false, true}) {
    FamilyProgram damaged = program;
    damaged.nodes[1].is_task = is_task;
    if (!is_task) damaged.nodes[1].kind = &given_kind<long>;
    EXPECT_THROW(FamilyProgram::decode(damaged.encode(images), images), DecodeError);
  }
}

/// Whatever number another rank sends, it is refused, or what follows it stays within bounds.
TEST(Program, ItsByteFormIsReadOrRefusedWhateverItsNumbers) {
  const Images images = Images::loaded();
  const auto loop = iterate<sum>(family<at_place>(12), 5, {{-1}, {1}}).view();
  std::minstd_rand random(3);
  for (const auto& view : {map<same>(family<at_place>(10)).view(), loop}) {
    const auto bytes = plan(view, 3, 4).encode(images);
    std::size_t refused = 0;
    for (int round = 0; round < 4000; ++round) {
      auto damaged = bytes;
      const std::size_t at = random() % damaged.size();
      damaged[at] = static_cast<std::byte>(random() % 2 == 0 ? random() : 255 * (random() % 2));
      try {
        const FamilyProgram read = FamilyProgram::decode(damaged, images);
        for (std::uint32_t node = 0; node < read.nodes.size(); ++node) {
          if (read.nodes[node].extent.volume() == 0) continue;
          read.owner(node, read.nodes[node].extent.place_of(0));
          read.front(node, read.nodes[node].extent.place_of(read.nodes[node].extent.volume() - 1));
        }
      } catch (const DecodeError&) {
        ++refused;
      }
    }
    EXPECT_GT(refused, 500u);
  }
}

}  // namespace
