// SPDX-License-Identifier: BSD-3-Clause
// What a trace says of the run that it is of.
#pragma once

#include <ramal/detail/engine.hpp>
#include <ramal/options.hpp>

#include <string>
#include <utility>
#include <vector>

namespace ramal::detail {

/// Keys and values: program, command, folder, began (UTC), hosts, threads, cores and the options as
/// `option RAMAL_X`, the environment as `environment X`.
std::vector<std::pair<std::string, std::string>> run_notes(const Options& options,
                                                           const std::vector<RankInfo>& ranks);

}  // namespace ramal::detail
