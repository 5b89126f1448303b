// SPDX-License-Identifier: BSD-3-Clause
// Memory for blocks. Large pieces that are freed are kept for the next of about their size, since the first
// contact with fresh memory costs more than most of what is done with it.
//
// Invariants
//  - What is kept and what is in use together never exceed what once was in use, but for rounding (an eighth).
//  - At most most_kept_bytes are kept; what was not asked for longest goes first.
//
// The pool is one per process, as the heap is, whatever ranks and sessions the process holds. Any thread.
#pragma once

#include <cstddef>
#include <memory>

namespace ramal::detail {

constexpr std::size_t smallest_pooled_bytes = std::size_t{64} << 10;
constexpr std::size_t most_kept_bytes = std::size_t{256} << 20;

/// Not initialised, aligned to 64 bytes, given back when the last copy of the pointer is gone. Throws
/// std::bad_alloc. With the address sanitizer nothing is kept, so that it sees each use of freed memory.
std::shared_ptr<void> allocate_block_memory(std::size_t bytes);

struct BlockMemory {
  std::size_t used_bytes = 0;
  std::size_t kept_bytes = 0;
  std::size_t most_used_bytes = 0;
};
/// Of large pieces, now.
BlockMemory block_memory();
/// Gives what is kept back to the system.
void free_kept_block_memory();

}  // namespace ramal::detail
