// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/machine/free_memory.hpp"

#include "graph/core/descriptor.hpp"
#include "graph/core/pages.hpp"

#include <fcntl.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

namespace ramal::detail {

namespace {

#ifndef __GLIBC_PREREQ
#define __GLIBC_PREREQ(major, minor) 0
#endif
#if __GLIBC_PREREQ(2, 33)
std::size_t free_in_heap() { return mallinfo2().fordblks; }
void trim_heap() { malloc_trim(0); }
#else
std::size_t free_in_heap() { return 0; }
void trim_heap() {}
#endif

}  // namespace

std::size_t resident_bytes() {
  const Descriptor file(open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  char text[128] = {};
  if (!file.is_open() || read(file.number(), text, sizeof text - 1) <= 0) return 0;
  char* end = nullptr;
  std::strtoull(text, &end, 10);  // of the address space, which says nothing
  return std::strtoull(end, nullptr, 10) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void give_back_free_memory() {
  // Of all ranks in this process, as the heap is. What was given back still counts as free in the heap, so
  // the process must have grown again for it to be done again.
  static std::mutex mutex;
  static std::size_t smallest = 0;
  const std::lock_guard lock(mutex);
  const std::size_t resident = resident_bytes();
  smallest = std::min(smallest, resident);
  if (resident - smallest < worth_giving_back_bytes) return;
  if (free_in_heap() + large_memory().kept_bytes < worth_giving_back_bytes) return;
  free_kept_pages();
  trim_heap();
  smallest = resident_bytes();
}

}  // namespace ramal::detail
