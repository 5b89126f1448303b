// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/kept_store.hpp"

#include <algorithm>
#include <utility>

namespace ramal::detail {

std::uint64_t held_bytes(const Value& value) { return value.failed() ? 0 : value.type().held_bytes(value); }

KeptStore::Arrival KeptStore::keep(ValueId id, const Value& value) {
  const std::lock_guard lock(mutex_);
  Kept& kept = kept_[id];
  Arrival arrival{std::exchange(kept.waiting, {}), {}};
  if (kept.released) {
    kept_.erase(id);
  } else {
    kept.value = value;
    kept.bytes = held_bytes(value);
    memory_.keep(kept.bytes);
    arrival.bytes = kept.bytes;
  }
  return arrival;
}

Value KeptStore::find(ValueId id) const {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(id);
  return found == kept_.end() ? Value() : found->second.value;
}

Value KeptStore::find_or_wait(ValueId id, RunSlot slot) {
  const std::lock_guard lock(mutex_);
  Kept& kept = kept_[id];
  if (kept.value.empty()) kept.waiting.push_back(slot);
  return kept.value;
}

std::optional<std::uint64_t> KeptStore::release(ValueId id) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(id);
  if (found == kept_.end() || found->second.value.empty()) {
    kept_[id].released = true;
    return {};
  }
  const std::uint64_t bytes = found->second.bytes;
  memory_.release(bytes);
  kept_.erase(found);
  return bytes;
}

std::size_t KeptStore::count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(kept_, [](const auto& entry) { return !entry.second.value.empty(); }));
}

std::uint64_t KeptStore::bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [id, kept] : kept_) sum += kept.bytes;
  return sum;
}

}  // namespace ramal::detail
