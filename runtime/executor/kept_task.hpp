// SPDX-License-Identifier: BSD-3-Clause
// Kept tasks: files that hold one task that failed, with its inputs, so that the same binary can run it
// alone.
//
//   file := "ramal task 1\n" digest-bytes:u64 digest task     task: as tasks are given to another rank
//                                                             (executor_steal.cpp)
#pragma once

#include "graph/core/subgraph.hpp"

#include <string>

namespace ramal::detail {

/// There as a whole or not at all. `digest` says which binaries it is for. Throws std::system_error.
void write_kept_task(const std::string& file, const std::string& digest, std::span<const std::byte> task);

/// The task of such a file. Throws std::runtime_error if there is none, or one of other binaries.
std::vector<std::byte> read_kept_task(const std::string& file, const std::string& digest);

}  // namespace ramal::detail
