// SPDX-License-Identifier: BSD-3-Clause
// Memory for blocks, from the process's pool of large pieces: what a block gave back the next one gets.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <cstddef>
#include <memory>

namespace ramal::detail {

/// Memory that is not initialised, aligned to 64 bytes, and given back when the last copy of the pointer is
/// gone. Throws std::bad_alloc.
std::shared_ptr<void> allocate_block_memory(std::size_t bytes);

}  // namespace ramal::detail
