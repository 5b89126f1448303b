// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/block_memory.hpp>

#include "graph/core/pages.hpp"

namespace ramal::detail {

std::shared_ptr<void> allocate_block_memory(std::size_t bytes) {
  return {allocate_pages(bytes), [bytes](void* memory) { free_pages(memory, bytes); }};
}

}  // namespace ramal::detail
