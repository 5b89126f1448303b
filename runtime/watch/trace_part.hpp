// SPDX-License-Identifier: BSD-3-Clause
// TracePart: what one rank did, in a file of its own, which grows while it runs and can be read whatever
// becomes of the rank. merge_trace makes one trace of all ranks' parts.
//
//   part  := block*                          whatever a rank had written: the last block may be cut off
//   block := what:u32 lane:u32 bytes:u64     and behind it, by `what`:
//     about    PartAbout host                the first block
//     name     PartName kind\0 file\0        before any record that uses it
//     records  TraceRecord*                  of one lane, in the order in which they ended
//     clock    ClockMeasure                  at the start and at the end
//     notes    (key\0 value\0)*              what rank 0 says of the run
//
// Little endian, as the machine that runs them: parts are read by the same kind of machine.
//
// A lane is what one thread at a time writes: lane w has the tasks of worker w, the last one messages, runs,
// participants of collective tasks, and how the rank stands.
#pragma once

#include "runtime/watch/clocks.hpp"

#include <string>

namespace ramal::detail {

inline std::string part_path(const std::string& trace, int rank) {
  return trace + ".rank-" + std::to_string(rank) + ".part";
}

enum class PartBlock : std::uint32_t { about = 1, name, records, clock, notes };
struct PartBlockHead {
  PartBlock what;
  std::uint32_t lane;
  std::uint64_t bytes;
};

constexpr std::uint64_t part_magic = 0x31'7472'6c6d'6172;  // "ramlrt1"
struct PartAbout {
  std::uint64_t magic = part_magic;
  std::uint64_t mark = 0;  ///< the session's, so that what an earlier one left is not taken for its own
  std::int32_t rank = 0;
  std::int32_t ranks = 0;
  std::int32_t pid = 0;
  std::uint32_t workers = 0;
  Moment began = 0;
};
struct PartName {
  std::uint32_t number;
  std::uint32_t line;
};

struct TraceRecord {
  enum What : std::uint8_t { task, sent, begun, received, run_started, run_ended, stands };
  static constexpr std::uint8_t failed = 1;  // flags of a task
  static constexpr std::uint8_t member = 2;

  Moment at;  ///< a task's beginning
  std::uint64_t a, b, c, d;
  std::uint32_t name;  ///< a task's; the other rank of a message
  What what;
  std::uint8_t flags;  ///< a task's; a message's type
  std::uint16_t unused = 0;
  // task:         a: its nanoseconds   b: run          c: plan     d: 1 + the rank it was stolen from
  // messages:     a: bytes             b: run          c: slot
  // run_started:  a: number            b: home         c: front    d: tasks
  // run_ended:    a: number
  // stands:       a: ready             b: bytes held   c: landing  d: kept
};
static_assert(sizeof(TraceRecord) == 48);

}  // namespace ramal::detail
