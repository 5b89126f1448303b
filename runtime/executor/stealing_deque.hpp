// SPDX-License-Identifier: BSD-3-Clause
// StealingDeque: ready tasks of one worker. Its owner pushes and pops at the bottom, without locks; others
// steal the oldest at the top. After Chase and Lev (Dynamic Circular Work-Stealing Deque, SPAA 2005), with
// the orders of Le, Pop, Cohen and Zappa Nardelli (PPoPP 2013), and sequentially consistent accesses in place
// of fences.
//
// Invariants
//  - Items stand at indices top to bottom - 1, which only grow but for the owner's own pops.
//  - An item is overwritten only when top has moved past it. So a thief that moves top from t to t + 1 owns
//  what
//    it read at t, though it read an item's two words one after the other.
//  - Buffers that were outgrown live as long as the deque: a thief may still read them.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

namespace ramal::detail {

/// Item: two words, made of (pointer, number) by `Item(first, second)`, with members `run` and `slot`.
template <class Item>
class StealingDeque {
 public:
  explicit StealingDeque(std::size_t capacity = 256) { grow(capacity); }
  StealingDeque(const StealingDeque&) = delete;
  StealingDeque& operator=(const StealingDeque&) = delete;

  /// The owner's. Whoever looks at `empty` after it has announced, by a sequentially consistent write, that
  /// it is about to sleep, sees the item, or the owner sees the announcement.
  void push(const Item& item) {
    const auto bottom = bottom_.load(std::memory_order_relaxed);
    const auto top = top_.load(std::memory_order_acquire);
    Buffer* buffer = buffer_.load(std::memory_order_relaxed);
    if (bottom - top >= static_cast<std::int64_t>(buffer->size())) buffer = grow_from(*buffer, top, bottom);
    buffer->put(bottom, item);
    bottom_.store(bottom + 1, std::memory_order_seq_cst);
  }
  /// The owner's: the newest.
  bool pop(Item& item) {
    const auto bottom = bottom_.load(std::memory_order_relaxed) - 1;
    if (top_.load(std::memory_order_relaxed) > bottom) return false;  // surely empty: top only grows
    Buffer* buffer = buffer_.load(std::memory_order_relaxed);
    bottom_.store(bottom, std::memory_order_seq_cst);
    auto top = top_.load(std::memory_order_seq_cst);
    if (top > bottom) {
      bottom_.store(bottom + 1, std::memory_order_relaxed);
      return false;
    }
    item = buffer->get(bottom);
    if (top < bottom) return true;
    // The last one: a thief may be after it too.
    const bool won = top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst);
    bottom_.store(bottom + 1, std::memory_order_relaxed);
    return won;
  }
  /// Anyone's: the oldest. False if there is none, or somebody else got it.
  bool steal(Item& item) {
    auto top = top_.load(std::memory_order_seq_cst);
    if (top >= bottom_.load(std::memory_order_seq_cst)) return false;
    const Item found = buffer_.load(std::memory_order_acquire)->get(top);
    if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst)) return false;
    item = found;
    return true;
  }
  /// About so many.
  std::size_t size() const {
    const auto size = bottom_.load(std::memory_order_relaxed) - top_.load(std::memory_order_relaxed);
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  /// At some moment during the call.
  bool empty() const {
    return top_.load(std::memory_order_seq_cst) >= bottom_.load(std::memory_order_seq_cst);
  }

 private:
  struct Place {
    std::atomic<decltype(Item::run)> run;
    std::atomic<decltype(Item::slot)> slot;
  };
  class Buffer {
   public:
    explicit Buffer(std::size_t size) : places_(std::make_unique<Place[]>(size)), size_(size) {}
    std::size_t size() const { return size_; }
    void put(std::int64_t index, const Item& item) {
      Place& place = at(index);
      place.run.store(item.run, std::memory_order_relaxed);
      place.slot.store(item.slot, std::memory_order_relaxed);
    }
    Item get(std::int64_t index) const {
      const Place& place = at(index);
      return Item(place.run.load(std::memory_order_relaxed), place.slot.load(std::memory_order_relaxed));
    }

   private:
    Place& at(std::int64_t index) const { return places_[static_cast<std::size_t>(index) & (size_ - 1)]; }
    std::unique_ptr<Place[]> places_;
    const std::size_t size_;  // a power of two
  };

  Buffer* grow(std::size_t size) {
    buffers_.push_back(std::make_unique<Buffer>(std::bit_ceil(size)));
    buffer_.store(buffers_.back().get(), std::memory_order_release);
    return buffers_.back().get();
  }
  Buffer* grow_from(const Buffer& old, std::int64_t top, std::int64_t bottom) {
    auto larger = std::make_unique<Buffer>(2 * old.size());
    for (auto i = top; i < bottom; ++i) larger->put(i, old.get(i));
    buffers_.push_back(std::move(larger));
    buffer_.store(buffers_.back().get(), std::memory_order_release);
    return buffers_.back().get();
  }

  alignas(64) std::atomic<std::int64_t> top_{0};
  alignas(64) std::atomic<std::int64_t> bottom_{0};
  std::atomic<Buffer*> buffer_{nullptr};
  std::vector<std::unique_ptr<Buffer>> buffers_;
};

}  // namespace ramal::detail
