// SPDX-License-Identifier: BSD-3-Clause
// Options as texts, and what the environment says that is no option.
#pragma once

#include <ramal/options.hpp>

#include <string>
#include <utility>
#include <vector>

namespace ramal::detail {

/// Names, in one line, each RAMAL_* variable of the environment that is no option and that nothing of Ramal's
/// reads, with the option that was probably meant where a name looks mistyped. Empty if there is none.
std::string unknown_variables();

/// Every option, under the name of its environment variable, as the text that would set it.
std::vector<std::pair<std::string, std::string>> option_texts(const Options& options);
/// What of the environment tells how a program ran: RAMAL_* and OMP_*, and the job's number and name.
std::vector<std::pair<std::string, std::string>> telling_variables();

}  // namespace ramal::detail
