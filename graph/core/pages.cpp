// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/pages.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <mutex>
#include <new>

namespace ramal::detail {

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool keeps = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool keeps = false;
#else
constexpr bool keeps = true;
#endif
#else
constexpr bool keeps = true;
#endif

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
constexpr std::size_t small_alignment = 64;

bool is_huge(std::size_t bytes) { return bytes >= 2 * huge_page_bytes; }

void* allocate_raw(std::size_t bytes) {
  if (!is_huge(bytes)) return ::operator new (bytes, std::align_val_t{small_alignment});
  void* memory = ::operator new (bytes, std::align_val_t{huge_page_bytes});
  madvise(memory, bytes, MADV_HUGEPAGE);  // a wish; a kernel without them says no, and that is fine
  return memory;
}
void free_raw(void* memory, std::size_t bytes) noexcept {
  ::operator delete (memory, std::align_val_t{is_huge(bytes) ? huge_page_bytes : small_alignment});
}

/// Sizes are rounded up to eighths of powers of two, so that blocks of an array's ragged end find a place
/// too, and arrays of graphs that differ a little.
std::size_t rounded(std::size_t bytes) {
  const std::size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

class Pool {
 public:
  void* take(std::size_t size) {
    {
      const std::lock_guard lock(mutex_);
      used_ += size;
      most_used_ = std::max(most_used_, used_);
      const auto found = kept_.find(size);
      if (found != kept_.end() && !found->second.free.empty()) {
        void* memory = found->second.free.back();
        found->second.free.pop_back();
        found->second.last_asked = ++asked_;
        kept_bytes_ -= size;
        return memory;
      }
      kept_[size].last_asked = ++asked_;
      make_room(0);
    }
    try {
      return allocate_raw(size);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      used_ -= size;
      make_room(~std::size_t{0} / 2);
      throw;
    }
  }
  void give_back(void* memory, std::size_t size) {
    const std::lock_guard lock(mutex_);
    used_ -= size;
    if (keeps && size <= most_kept_bytes) {
      make_room(size);
      kept_[size].free.push_back(memory);
      kept_bytes_ += size;
    } else {
      free_raw(memory, size);
    }
  }
  void free_all() {
    const std::lock_guard lock(mutex_);
    make_room(~std::size_t{0} / 2);
  }
  LargeMemory numbers() {
    const std::lock_guard lock(mutex_);
    return {used_, kept_bytes_, most_used_};
  }

 private:
  struct Size {
    std::vector<void*> free;  // last used first: it is in the caches
    std::uint64_t last_asked = 0;
  };
  /// Frees until `more` bytes can be kept as well.
  void make_room(std::size_t more) {
    while (kept_bytes_ > 0 &&
           (kept_bytes_ + more > most_kept_bytes || kept_bytes_ + more + used_ > most_used_)) {
      auto oldest = kept_.end();
      for (auto one = kept_.begin(); one != kept_.end(); ++one) {
        if (!one->second.free.empty() &&
            (oldest == kept_.end() || one->second.last_asked < oldest->second.last_asked))
          oldest = one;
      }
      free_raw(oldest->second.free.back(), oldest->first);
      kept_bytes_ -= oldest->first;
      oldest->second.free.pop_back();
      if (oldest->second.free.empty() && oldest->second.last_asked + 1000 < asked_) kept_.erase(oldest);
    }
  }

  std::mutex mutex_;
  std::map<std::size_t, Size> kept_;
  std::size_t kept_bytes_ = 0;
  std::size_t used_ = 0;
  std::size_t most_used_ = 0;
  std::uint64_t asked_ = 0;
};

/// Never destroyed: what has static storage may be freed at the very end.
Pool& pool() {
  static Pool& one = *new Pool;
  return one;
}

}  // namespace

void* allocate_pages(std::size_t bytes) {
  if (bytes < smallest_pooled_bytes) return allocate_raw(bytes);
  const std::size_t size = rounded(bytes);
  if (size < bytes) throw std::bad_alloc();
  return pool().take(size);
}

void free_pages(void* memory, std::size_t bytes) noexcept {
  if (bytes < smallest_pooled_bytes) {
    free_raw(memory, bytes);
  } else {
    pool().give_back(memory, rounded(bytes));
  }
}

LargeMemory large_memory() { return pool().numbers(); }
void free_kept_pages() { pool().free_all(); }

}  // namespace ramal::detail
