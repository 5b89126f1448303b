// SPDX-License-Identifier: BSD-3-Clause
// Subgraph: one rank's share of a run, in the very form it travels in, and executed from in place.
//
//   subgraph := header kinds sites kind[T] plan[T] input_offsets[T+1] inputs[E] literal_offsets[T+1]
//               externals routes keeps priorities needs pins attempts literals
//
// each section padded to 8 bytes.
//
// A slot holds one value: slots 0 .. T-1 are the rank's tasks, in the order of the plan; those from T on
// are externals: values that exist on this rank already (imports, by id) or that another rank sends
// (arrivals). `routes` say where a slot's value goes, `keeps` which values outlive the run, `pins` which
// tasks were asked for on this rank and stay there, in ascending order, and literals of task i are bytes
// 8*literal_offsets[i] .. 8*literal_offsets[i+1] (decoding needs no more).
#pragma once

#include "graph/core/image.hpp"
#include "graph/core/pages.hpp"

#include <ramal/detail/task.hpp>

#include <cstring>
#include <memory>

namespace ramal::detail {

using Slot = std::uint32_t;
/// Names a kept value for the whole session.
using ValueId = std::uint64_t;
/// Names a run for the whole session. Rank 0 counts them up from 1; a rank numbers what it has stolen from
/// 2^62 on, and its fronts from 2^63 on (runtime/executor/run.hpp, programs.cpp), so none is ever given
/// twice: at a run a nanosecond it would take 146 years.
using RunId = std::uint64_t;

struct FreePages {
  std::size_t size = 0;
  void operator()(std::byte* memory) const { free_array(memory, size); }
};

/// Bytes with one owner, aligned to 16 and not initialised.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t size)
      : memory_(static_cast<std::byte*>(allocate_array(size)), FreePages{size}) {}
  static Buffer copy_of(std::span<const std::byte> bytes) {
    Buffer buffer(bytes.size());
    if (!bytes.empty()) std::memcpy(buffer.data(), bytes.data(), bytes.size());
    return buffer;
  }
  std::byte* data() const { return memory_.get(); }
  std::size_t size() const { return memory_ ? memory_.get_deleter().size : 0; }
  std::span<const std::byte> view() const { return {data(), size()}; }

 private:
  std::unique_ptr<std::byte, FreePages> memory_;
};

/// A value this rank does not make in this run.
struct External {
  static constexpr std::uint32_t import = 0, arrival = 1;
  std::uint64_t id;    ///< an import's ValueId; of an arrival, its task's index in the run's graph
  std::uint32_t how;   ///< import or arrival
  std::uint32_t kind;  ///< the kind of its task, hence its type
};
/// Send slot's value to another rank's slot.
struct Route {
  Slot slot;
  std::uint32_t rank;
  Slot remote_slot;
};
/// What is to become of slot's value under an id: kept after the run, kept and rank 0 told when it is there,
/// or only handed to rank 0's session, on whose rank this stands.
struct Keep {
  ValueId id;
  Slot slot;
  std::uint32_t how;
  static constexpr std::uint32_t quietly = 0, announced = 1, handed_over = 2;
};
/// A task that is tried again.
struct Attempt {
  Slot slot;
  std::uint32_t attempt;  ///< 2 for the first time that it is
};
struct Priority {
  Slot slot;
  std::int32_t priority;
};
/// What a task takes of its rank besides one thread.
struct Need {
  std::uint64_t result_bytes;  ///< 0: not stated
  Slot slot;
  std::uint32_t threads;
};

struct Subgraph {
  struct Header {
    std::uint64_t magic;
    RunId run;
    std::uint32_t tasks, kinds, inputs, externals, routes, keeps, priorities, needs, pins, attempts;
    std::uint64_t literal_words;
    bool operator==(const Header&) const = default;
  };
  static constexpr std::uint64_t expected_magic = 0x31'6c'61'6d'61'72ULL;

  Buffer bytes;
  RunId run = 0;
  std::span<const KindRef> kinds;
  std::span<const CallSiteRef> sites;  ///< by kind: the line that makes these tasks
  std::span<const std::uint32_t> kind;
  std::span<const std::uint32_t> plan;  ///< the task's index in the run's graph, for errors
  std::span<const std::uint32_t> input_offsets;
  std::span<const Slot> inputs;
  std::span<const std::uint32_t> literal_offsets;
  std::span<const External> externals;
  std::span<const Route> routes;
  std::span<const Keep> keeps;
  std::span<const Priority> priorities;
  std::span<const Need> needs;
  std::span<const Slot> pins;
  std::span<const Attempt> attempts;  ///< in rising order of slots; of others it is the first
  std::span<const std::byte> literals;

  std::size_t tasks() const { return kind.size(); }
  std::size_t slots() const { return kind.size() + externals.size(); }
  std::span<const Slot> inputs_of(Slot task) const {
    return inputs.subspan(input_offsets[task], input_offsets[task + 1] - input_offsets[task]);
  }
  std::span<const std::byte> literals_of(Slot task) const {
    return literals.subspan(8 * std::size_t{literal_offsets[task]},
                            8 * std::size_t{literal_offsets[task + 1] - literal_offsets[task]});
  }

  /// Which time it is that the task is tried. O(log of those that are tried again).
  std::uint32_t attempt_of(Slot task) const;

  /// Takes over the byte form. Throws DecodeError if its lengths or indices do not fit together.
  static Subgraph read(Buffer bytes);
  Subgraph copy() const;
};

/// Makes a subgraph. Tasks are added in the order of their slots, and each may read slots of tasks to come.
/// What else is said of slots is listed beside them.
class SubgraphDraft {
 public:
  /// What all tasks take.
  struct Size {
    std::uint32_t tasks = 0;
    std::uint64_t inputs = 0, literal_words = 0;
  };
  /// Where a task's own are to be written, before the next task is added.
  struct Room {
    Slot* inputs;
    std::byte* literals;
  };

  std::vector<KindRef> kinds;
  std::vector<CallSiteRef> sites;  ///< by kind; may be fewer
  PagedVector<External> externals;
  PagedVector<Route> routes;
  PagedVector<Keep> keeps;
  std::vector<Priority> priorities;
  std::vector<Need> needs;
  std::vector<Slot> pins;         ///< in rising order
  std::vector<Attempt> attempts;  ///< in rising order of slots

  /// How many there are so far.
  Slot tasks() const { return used_.tasks; }
  /// Makes room for so many tasks in all. If there will be neither more nor fewer of anything, and the lists
  /// are complete, then the subgraph is made right there: whoever measures first needs no copy. Throws
  /// std::length_error for more than 2^32 inputs or 32 GiB of literals.
  void reserve(const Size& size);
  /// `kind`: into `kinds`; `plan`: its index in the run's graph.
  Room add_task(std::uint32_t kind, std::uint32_t plan, std::size_t inputs, std::size_t literal_bytes) {
    const std::size_t words = (literal_bytes + 7) / 8;
    if (used_.tasks == room_.tasks || inputs > room_.inputs - used_.inputs ||
        words > room_.literal_words - used_.literal_words) [[unlikely]] {
      grow(inputs, words);
    }
    const Room room{inputs_ + used_.inputs, literals_ + 8 * used_.literal_words};
    if (words > 0) std::memset(room.literals + 8 * (words - 1), 0, 8);
    kind_[used_.tasks] = kind;
    plan_[used_.tasks] = plan;
    ++used_.tasks;
    input_offsets_[used_.tasks] = static_cast<std::uint32_t>(used_.inputs += inputs);
    literal_offsets_[used_.tasks] = static_cast<std::uint32_t>(used_.literal_words += words);
    return room;
  }
  /// The last call.
  Subgraph finish(RunId run);

 private:
  Subgraph::Header header(const Size& size) const;
  void grow(std::size_t inputs, std::size_t literal_words);

  Size used_;
  Size room_;
  // the sections of tasks, in `memory_`
  std::uint32_t *kind_ = nullptr, *plan_ = nullptr;
  std::uint32_t *input_offsets_ = nullptr, *literal_offsets_ = nullptr;
  Slot* inputs_ = nullptr;
  std::byte* literals_ = nullptr;
  Buffer memory_;
  Subgraph::Header laid_out_{};
};

}  // namespace ramal::detail
