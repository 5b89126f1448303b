// SPDX-License-Identifier: BSD-3-Clause
// Subgraph: one rank's share of a run, in the very form it travels in, and executed from in place.
//
//   subgraph := header kinds kind[T] plan[T] input_offsets[T+1] inputs[E] literal_offsets[T+1]
//               externals routes keeps priorities needs pins literals    each section padded to 8 bytes
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
    std::uint32_t tasks, kinds, inputs, externals, routes, keeps, priorities, needs, pins;
    std::uint64_t literal_words;
  };
  static constexpr std::uint64_t expected_magic = 0x31'6c'61'6d'61'72ULL;

  Buffer bytes;
  RunId run = 0;
  std::span<const KindRef> kinds;
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

  /// Takes over the byte form. Throws DecodeError if its lengths or indices do not fit together.
  static Subgraph read(Buffer bytes);
  Subgraph copy() const;
  /// Memory for a subgraph of this shape, its spans writable through `writable`.
  static Subgraph make(const Header& shape);

 private:
  void map(const Header& header);
};

/// A section's memory, for whoever fills a subgraph that `make` has just returned.
template <class T>
T* writable(std::span<const T> section) {
  return const_cast<T*>(section.data());
}

/// What a subgraph is made of, as it grows task by task. Inputs may be slots of tasks to come.
struct SubgraphDraft {
  std::vector<KindRef> kinds;
  std::vector<std::uint32_t> kind, plan, input_offsets{0}, literal_offsets{0};
  std::vector<Slot> inputs;
  std::vector<std::byte> literals;
  std::vector<External> externals;
  std::vector<Route> routes;
  std::vector<Priority> priorities;
  std::vector<Need> needs;

  /// Ends a task: its are all inputs and literals that were added since the last one ended.
  void end_task(std::uint32_t its_kind);
  /// A task whose index in the plan was not stated has its slot for it.
  Subgraph subgraph(RunId run) const;
};

}  // namespace ramal::detail
