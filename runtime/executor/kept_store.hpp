// SPDX-License-Identifier: BSD-3-Clause
// KeptStore: values that outlive the run that makes them, by id. May be called in any thread.
//
// Who wants a value before it is there leaves the slot it is for, and is told when it comes. Who does not
// want it any more says so, before or after it comes. Whoever gets a value gets a copy that shares its
// memory, so it does not matter here how long others hold it, nor where this holds it.
#pragma once

#include "runtime/executor/run_slot.hpp"
#include "runtime/machine/memory_bound.hpp"

#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace ramal::detail {

/// The bytes of memory that a value keeps, as Type::held_bytes tells; 0 of a failure.
std::uint64_t held_bytes(const Value& value);

class KeptStore {
 public:
  /// `memory` is told what the values take.
  explicit KeptStore(MemoryBound& memory) : memory_(memory) {}

  struct Arrival {
    std::vector<RunSlot> waiting;        ///< for it; the caller fills them
    std::optional<std::uint64_t> bytes;  ///< that it takes; nothing: it is not kept
  };
  /// It is there from now on, unless it was released before.
  Arrival keep(ValueId id, const Value& value);
  /// Empty while it is not there.
  Value find(ValueId id) const;
  /// The same, but then the slot waits for it.
  Value find_or_wait(ValueId id, RunSlot slot);
  /// It is wanted no more; if it is still to come, it will not be kept. The bytes that it took, if it was
  /// there.
  std::optional<std::uint64_t> release(ValueId id);
  /// Those of so many ids from the first on that are there. Linear in what is kept. Calls
  /// `released(id, bytes)` for each.
  template <class Released>
  void release_all(ValueId first, std::uint64_t count, const Released& released);

  std::size_t count() const;
  std::uint64_t bytes() const;

 private:
  struct Kept {
    Value value;
    bool released = false;
    std::uint64_t bytes = 0;  // as counted by memory_
    std::vector<RunSlot> waiting;
  };

  MemoryBound& memory_;
  mutable std::mutex mutex_;
  std::unordered_map<ValueId, Kept> kept_;
};

template <class Released>
void KeptStore::release_all(ValueId first, std::uint64_t count, const Released& released) {
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [&](const auto& entry) {
    const auto& [id, kept] = entry;
    if (id - first >= count) return false;
    memory_.release(kept.bytes);
    if (!kept.value.empty()) released(id, kept.bytes);
    return true;
  });
}

}  // namespace ramal::detail
