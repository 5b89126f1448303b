// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace ramal::tools {

/// Shows what a status file (RAMAL_STATUS) says, each second anew until the program has ended; `once`: once,
/// as plain lines. Returns the status to exit with. Throws std::runtime_error if the file is not one, or not
/// there.
int top(const std::string& file, bool once);

}  // namespace ramal::tools
