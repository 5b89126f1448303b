// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/machine/machine.hpp"

#include <dlfcn.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <fstream>
#include <memory>

namespace ramal::detail {

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

int bound_cores() {
  // The set must be as large as the kernel's, which may exceed what a cpu_set_t holds.
  for (int cpus = CPU_SETSIZE; cpus <= 1 << 20; cpus *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(static_cast<std::size_t>(cpus)),
                                                               [](cpu_set_t* s) { CPU_FREE(s); });
    const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus));
    if (sched_getaffinity(0, size, set.get()) == 0) return CPU_COUNT_S(size, set.get());
  }
  return online_cores();
}

int online_cores() { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); }

/// What a control group, such as a batch job's or a container's, allows; a huge number if nothing.
static std::uint64_t memory_allowed() {
  std::uint64_t allowed = ~std::uint64_t{0};
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const auto colon = line.rfind(':');
    if (colon == std::string::npos) continue;
    const bool unified = line.starts_with("0::");
    if (!unified && line.find("memory") == std::string::npos) continue;
    const std::string root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    const char* const limit = unified ? "/memory.max" : "/memory.limit_in_bytes";
    // A group is also bound by those it is in.
    for (std::string group = line.substr(colon + 1);; group.erase(group.rfind('/'))) {
      std::ifstream file(root + (group == "/" ? "" : group) + limit);
      if (std::uint64_t bytes = 0; file >> bytes) allowed = std::min(allowed, bytes);
      if (group.find_last_of('/') == std::string::npos) break;
    }
  }
  return allowed;
}

std::uint64_t memory_bytes() {
  const auto host =
      static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return std::min(host, memory_allowed());
}

int process_id() { return static_cast<int>(getpid()); }

bool under_launcher() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"}) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

int launched_processes() {
  // Slurm's variable is inherited by the daemons of an mpirun inside its steps, so it comes last.
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    if (const char* text = std::getenv(name)) return std::atoi(text);
  }
  return 0;
}

std::string hdf5_version() {
  // The function is found by name, since the runtime does not depend on HDF5.
  using GetVersion = int (*)(unsigned*, unsigned*, unsigned*);
  const auto get = reinterpret_cast<GetVersion>(dlsym(RTLD_DEFAULT, "H5get_libversion"));
  unsigned major = 0, minor = 0, release = 0;
  if (get == nullptr || get(&major, &minor, &release) < 0) return {};
  return "HDF5 " + std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(release);
}

}  // namespace ramal::detail
