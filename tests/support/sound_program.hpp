// SPDX-License-Identifier: BSD-3-Clause
// Family programs, and what must hold of any: who makes which member when, and who sends what to whom.
#pragma once

#include "graph/families/expand.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace ramal::test {

using namespace ramal::detail;

inline FamilyProgram plan(const FamilyView& view, std::uint32_t ranks, std::int64_t front_members) {
  const std::vector families{view.node};
  const auto given = [](const Task&) { return GivenMember{1, 0}; };
  return plan_program(
             families,
             {.ranks = ranks, .front_members = front_members, .given = given, .kept = {}, .rank_on = {}})
      .program;
}

/// No member reads one of a later front, each is in one front of its owner's, and what a rank awaits from
/// others is what they send.
inline void expect_sound(const FamilyProgram& program) {
  std::set<std::pair<MemberName, std::uint32_t>> sent, awaited;  // member, and the rank that gets it
  std::set<std::pair<MemberName, std::uint32_t>> for_later, awaited_later;  // of the same rank
  std::vector<std::int64_t> seen(program.nodes.size());
  for (std::uint32_t rank = 0; rank < program.ranks; ++rank) {
    Expander expander(program, rank);
    for (std::int64_t number = 0; number < program.fronts; ++number) {
      const Front front = expander.expand(number);
      for (const Front::Part& part : front.parts) {
        seen[part.node] += part.region.volume();
        for (std::int64_t k = 0; k < part.region.volume(); ++k) {
          EXPECT_EQ(program.owner(part.node, part.region.place_of(k)), rank);
          EXPECT_EQ(program.front(part.node, part.region.place_of(k)), number);
        }
      }
      for (const Route& route : front.graph.routes) {
        EXPECT_TRUE(route.rank < program.ranks || route.rank == all_others);
        if (route.rank == rank) for_later.insert({front.names[route.remote_slot].name, rank});
        for (std::uint32_t to = 0; to < program.ranks; ++to) {
          if (to == rank || (route.rank != all_others && route.rank != to)) continue;
          EXPECT_TRUE(sent.insert({front.names[route.remote_slot].name, to}).second) << "sent twice";
        }
      }
      for (const auto& [name, one] : front.awaited) {
        const std::uint32_t node = node_of(name);
        const Index place = program.nodes[node].extent.place_of(number_of(name));
        if (program.nodes[node].left_by >= 0 && program.owner(node, place) == rank)
          continue;  // the loop gives it
        EXPECT_LE(program.front(node, place), number);
        (program.owner(node, place) != rank ? awaited : awaited_later).insert({name, rank});
        EXPECT_GE(expander.last_reader(name), number);
      }
    }
  }
  for (std::size_t node = 0; node < program.nodes.size(); ++node)
    EXPECT_EQ(seen[node], program.nodes[node].extent.volume());
  const auto told = [&](const auto& all, const auto& others) {
    std::string text;
    for (const auto& [name, to] : all) {
      if (others.contains({name, to})) continue;
      const ProgramNode& node = program.nodes[node_of(name)];
      text += std::string(node.kind->name) + node.extent.place_of(number_of(name)).text() + " to " +
              std::to_string(to) + "; ";
    }
    return text;
  };
  EXPECT_EQ(told(sent, awaited), "") << "sent in vain, on " << program.ranks << " ranks";
  EXPECT_EQ(told(awaited_later, for_later), "") << "not kept, on " << program.ranks << " ranks";
  EXPECT_EQ(told(awaited, sent), "") << "awaited in vain, on " << program.ranks << " ranks";
}

}  // namespace ramal::test
