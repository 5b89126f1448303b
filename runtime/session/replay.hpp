// SPDX-License-Identifier: BSD-3-Clause
// Replay: one task of an earlier run, kept by RAMAL_KEEP_FAILED, run alone in this process, for debuggers.
#pragma once

#include "graph/core/image.hpp"

#include <optional>
#include <string>

namespace ramal::detail {

/// The file named behind --ramal-replay among a program's arguments; none if that is not there.
std::optional<std::string> file_to_replay(int argc, char** argv);

/// Runs its task in this thread, and says on standard error what becomes of it. Returns the program's status:
/// 0 if the task returned, 1 if it threw. Throws std::runtime_error if the file is not what it should be.
int replay(const std::string& file, const Images& images);

}  // namespace ramal::detail
