// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/transport/first_lines.hpp"

#include "runtime/machine/machine.hpp"
#include "runtime/machine/options.hpp"
#include "runtime/transport/mpi.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string_view>

namespace ramal::detail {

namespace {

std::string counted(int count, const char* thing) {
  return std::to_string(count) + ' ' + thing + (count == 1 ? "" : "s");
}
/// "2 threads", or "1 to 4 threads" where ranks differ.
std::string spread(const std::vector<RankInfo>& ranks, int RankInfo::*number, const char* thing) {
  const auto [least, most] =
      std::minmax_element(ranks.begin(), ranks.end(),
                          [number](const RankInfo& a, const RankInfo& b) { return a.*number < b.*number; });
  return (*least.*number == *most.*number ? "" : std::to_string(*least.*number) + " to ") +
         counted(*most.*number, thing);
}

void introduce_as(const std::string& line) {
  static std::atomic_flag said;
  if (said.test_and_set()) return;
  complain("ramal " RAMAL_VERSION ": " + line);
  if (const std::string unknown = unknown_variables(); !unknown.empty())
    complain("ramal: warning: set, but no options of Ramal: " + unknown);
}

}  // namespace

void complain(const std::string& text) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", text.c_str());
  std::fflush(stderr);
}

int distinct_hosts(const std::vector<RankInfo>& ranks) {
  std::set<std::string_view> names;
  for (const RankInfo& rank : ranks) names.insert(rank.host);
  return static_cast<int>(names.size());
}

void introduce(const std::vector<RankInfo>& ranks, const std::string& library) {
  std::string text = counted(static_cast<int>(ranks.size()), "rank") + " on " +
                     counted(distinct_hosts(ranks), "host") + ", each " +
                     spread(ranks, &RankInfo::threads, "thread") + " on " +
                     spread(ranks, &RankInfo::cores, "core") + "; " + library;
  if (const std::string hdf5 = hdf5_version(); !hdf5.empty()) text += "; " + hdf5;
  introduce_as(text);
}

void introduce_serial() { introduce_as("serial, in one process"); }

void warn_of_crowded_cores(const std::vector<RankInfo>& ranks) {
  const auto crowded = std::find_if(ranks.begin(), ranks.end(),
                                    [](const RankInfo& rank) { return rank.threads > rank.cores; });
  if (crowded == ranks.end()) return;
  const std::string threads = std::to_string(crowded->threads);
  complain("ramal: warning: rank " + std::to_string(crowded->rank) + " (" + crowded->host + ") runs " +
           threads + " tasks at once but is bound to " + counted(crowded->cores, "core") +
           "; give it as many (mpirun --map-by slot:PE=" + threads +
           " or --bind-to none; srun --cpus-per-task=" + threads +
           "), or set RAMAL_THREADS=" + std::to_string(crowded->cores));
}

void warn_of_lone_processes(int ranks) {
  const int launched = launched_processes();
  const char* number = std::getenv("SLURM_PROCID");
  if (number == nullptr) number = std::getenv("PMI_RANK");
  if (ranks > 1 || launched < 2 || (number != nullptr && std::string_view(number) != "0")) return;
  complain("ramal: warning: the launcher started " + std::to_string(launched) +
           " processes, but each is alone: MPI sees one rank. Under Slurm name the right plugin (srun "
           "--mpi=pmix; srun --mpi=list shows what there is); an mpirun must belong to the MPI library of "
           "the program, " +
           MpiWorld::library());
}

}  // namespace ramal::detail
