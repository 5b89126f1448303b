// SPDX-License-Identifier: BSD-3-Clause
// What rank 0 says before the program starts: on what it runs, and what about that is unlikely to be meant.
#pragma once

#include <ramal/detail/engine.hpp>

namespace ramal::detail {

/// Writes a line on standard error, after what standard output holds.
void complain(const std::string& text);

int distinct_hosts(const std::vector<RankInfo>& ranks);
/// Ranks, hosts, threads, cores and libraries, in one line; then RAMAL_* variables that are no options, if
/// there are any. Once a process, however often it runs something.
void introduce(const std::vector<RankInfo>& ranks, const std::string& library);
/// The same for RAMAL_SCHEDULER=serial, where tasks run in order in one process.
void introduce_serial();
/// More threads than cores bound, and how to bind more.
void warn_of_crowded_cores(const std::vector<RankInfo>& ranks);
/// Several processes were started, but MPI sees one: srun with the wrong plugin, or a foreign mpirun.
void warn_of_lone_processes(int ranks);

}  // namespace ramal::detail
