// SPDX-License-Identifier: BSD-3-Clause
// Memory for what grows with the graph and for blocks. The first contact with fresh memory costs more than
// most of what is done with it: so large pieces that are freed are kept for the next of about their size, and
// the largest are on huge pages where the system has them (with pages of 2 MiB there are 512 times fewer
// first contacts).
//
// Invariants
//  - What is kept and what is in use together never exceed what once was in use, but for rounding (an
//  eighth).
//  - At most most_kept_bytes are kept; what was not asked for longest goes first.
//
// The pool is one per process, as the heap is, whatever ranks and sessions the process holds. Any thread.
// With the address sanitizer nothing is kept, so that it sees each use of freed memory.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace ramal::detail {

constexpr std::size_t smallest_pooled_bytes = std::size_t{64} << 10;
constexpr std::size_t most_kept_bytes = std::size_t{256} << 20;

/// The memory is not initialised, and aligned to 64 bytes at least. It is to be freed with the same size.
/// Throws std::bad_alloc.
void* allocate_pages(std::size_t bytes);
void free_pages(void* memory, std::size_t bytes) noexcept;

/// The same for arrays, of which many are small: those are aligned to 16 bytes, which costs less.
constexpr std::size_t smallest_aligned_bytes = 4096;
inline void* allocate_array(std::size_t bytes) {
  return bytes < smallest_aligned_bytes ? ::operator new(bytes) : allocate_pages(bytes);
}
inline void free_array(void* memory, std::size_t bytes) noexcept {
  bytes < smallest_aligned_bytes ? ::operator delete(memory) : free_pages(memory, bytes);
}

struct LargeMemory {
  std::size_t used_bytes = 0;
  std::size_t kept_bytes = 0;
  std::size_t most_used_bytes = 0;
};
/// What the pool holds now of pieces of at least smallest_pooled_bytes. For tests.
LargeMemory large_memory();
/// Gives what is kept back to the system.
void free_kept_pages();

template <class T>
struct PageAllocator {
  using value_type = T;
  PageAllocator() = default;
  template <class U>
  PageAllocator(const PageAllocator<U>&) {}  // NOLINT: what an allocator must have
  T* allocate(std::size_t n) { return static_cast<T*>(allocate_array(n * sizeof(T))); }
  void deallocate(T* memory, std::size_t n) noexcept { free_array(memory, n * sizeof(T)); }
  bool operator==(const PageAllocator&) const { return true; }
};

/// A vector for arrays that grow with the graph.
template <class T>
using PagedVector = std::vector<T, PageAllocator<T>>;

}  // namespace ramal::detail
