// SPDX-License-Identifier: BSD-3-Clause
// Memory for large flat arrays, on huge pages where the system has them. The arrays of a run are
// written once from end to end, so the first touch of each page is much of their cost: with pages of
// 2 MiB there are 512 times fewer.
#pragma once

#include <cstddef>
#include <vector>

namespace ramal::detail {

/// Aligned to 64 bytes at least. Throws std::bad_alloc. Free with the same size.
void* allocate_pages(std::size_t bytes);
void free_pages(void* memory, std::size_t bytes) noexcept;

template <class T>
struct PageAllocator {
  using value_type = T;
  PageAllocator() = default;
  template <class U>
  PageAllocator(const PageAllocator<U>&) {}  // NOLINT: what an allocator must have
  T* allocate(std::size_t n) { return static_cast<T*>(allocate_pages(n * sizeof(T))); }
  void deallocate(T* memory, std::size_t n) noexcept { free_pages(memory, n * sizeof(T)); }
  bool operator==(const PageAllocator&) const { return true; }
};

/// A vector for arrays that grow with the graph.
template <class T>
using Array = std::vector<T, PageAllocator<T>>;

}  // namespace ramal::detail
