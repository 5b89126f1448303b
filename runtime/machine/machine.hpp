// SPDX-License-Identifier: BSD-3-Clause
// What this process can know of the machine it runs on.
#pragma once

#include <cstdint>
#include <string>

namespace ramal::detail {

std::string host_name();
/// Cores this process may run on.
int bound_cores();
/// Cores of this host.
int online_cores();
/// Memory of this host, or of the control group this process is in.
std::uint64_t memory_bytes();
int process_id();
/// A launcher such as mpirun or srun started this process as one of several.
bool under_launcher();
/// Processes the launcher says it started together with this one; 0: it says nothing.
int launched_processes();
/// The HDF5 library in this process, such as "HDF5 1.10.8"; empty if there is none.
std::string hdf5_version();

}  // namespace ramal::detail
