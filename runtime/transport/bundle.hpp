// SPDX-License-Identifier: BSD-3-Clause
// Bundle: many ranks' subgraphs of one run in one message, which goes along a tree of ranks.
//
//   bundle := ( to:u32 after:u32 relays:u32 0:u32 bytes:u64 subgraph padded to 8 )*    in the order of ranks
//
// The tree is binomial, with rank 0 as its root: a rank's parent is itself without its lowest bit that is
// set, and its subtree the ranks that follow it up to the next multiple of that bit:
//
//        0 ─┬─ 1
//           ├─ 2 ── 3              a rank's entries in a bundle are contiguous, so passing them on
//           └─ 4 ─┬─ 5             needs no look inside; rank 0 sends log2(P) messages
//                 └─ 6 ── 7
//
// A rank that only passes others' on has an entry of no bytes, so that it counts what it has passed on.
#pragma once

#include "graph/core/subgraph.hpp"

#include <bit>
#include <cstring>

namespace ramal::detail {

constexpr std::uint32_t tree_parent(std::uint32_t rank) { return rank & (rank - 1); }
/// Behind the last rank of own's subtree, of so many ranks.
constexpr std::uint32_t tree_end(std::uint32_t own, std::uint32_t ranks) {
  const std::uint32_t lowest_bit = own & (~own + 1);
  return own == 0 || ranks - own < lowest_bit ? ranks : own + lowest_bit;
}
/// The child of `own` that leads to `to`, which is in own's subtree.
constexpr std::uint32_t tree_child(std::uint32_t own, std::uint32_t to) {
  return own + std::bit_floor(to - own);
}

/// A program's way along the tree: its bytes, padded to 8, then one of these for each rank of the subtree.
struct ProgramEntry {
  std::uint32_t to;
  std::uint32_t after;  ///< as in a BundleEntry
};

struct BundleEntry {
  std::uint32_t to;
  std::uint32_t after;   ///< as in the slot of what rank 0 sends directly; see Shipping
  std::uint32_t relays;  ///< 1: results for rank 0 go along the tree
  std::uint32_t unused;
  std::uint64_t bytes;
};
/// The bytes of an entry and its subgraph of so many bytes, together.
constexpr std::size_t padded_entry(std::uint64_t bytes) { return sizeof(BundleEntry) + (bytes + 7) / 8 * 8; }

/// Entries one by one: `at` moves on behind the one returned.
inline BundleEntry next_entry(std::span<const std::byte> bundle, std::size_t& at) {
  BundleEntry entry{};
  if (bundle.size() - at < sizeof entry) throw DecodeError("a bundle of subgraphs ends too early");
  std::memcpy(&entry, bundle.data() + at, sizeof entry);
  // The first, since rounding up what is near 2^64 wraps around.
  if (entry.bytes > bundle.size() || bundle.size() - at < padded_entry(entry.bytes))
    throw DecodeError("a bundle of subgraphs ends too early");
  at += padded_entry(entry.bytes);
  return entry;
}

}  // namespace ramal::detail
