// SPDX-License-Identifier: BSD-3-Clause
// What the environment says that is no option.
#pragma once

#include <string>

namespace ramal::detail {

/// Names, in one line, each RAMAL_* variable of the environment that is no option and that nothing of Ramal's
/// reads, with the option that was probably meant where a name looks mistyped. Empty if there is none.
std::string unknown_variables();

}  // namespace ramal::detail
