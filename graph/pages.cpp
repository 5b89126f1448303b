// SPDX-License-Identifier: BSD-3-Clause
#include "graph/pages.hpp"

#include <sys/mman.h>

#include <new>

namespace ramal::detail {

namespace {

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

constexpr std::size_t small_alignment = 64;

bool is_large(std::size_t bytes) { return bytes >= 2 * huge_page_bytes; }

}  // namespace

void* allocate_pages(std::size_t bytes) {
  if (!is_large(bytes)) return ::operator new(bytes, std::align_val_t{small_alignment});
  void* memory = ::operator new (bytes, std::align_val_t{huge_page_bytes});
  madvise(memory, bytes, MADV_HUGEPAGE);  // a wish; a kernel without them says no, and that is fine
  return memory;
}

void free_pages(void* memory, std::size_t bytes) noexcept {
  if (!is_large(bytes)) {
    ::operator delete(memory, std::align_val_t{small_alignment});
  } else {
    ::operator delete (memory, std::align_val_t{huge_page_bytes});
  }
}

}  // namespace ramal::detail
