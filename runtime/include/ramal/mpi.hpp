// SPDX-License-Identifier: BSD-3-Clause
// For programs that call MPI themselves. The only public header that includes mpi.h.
#pragma once

#include <ramal/communicator.hpp>

#include <mpi.h>

#include <stdexcept>

namespace ramal {

/// The MPI_Comm of a collective task: a duplicate of the session's, of the same ranks in the same order, that
/// carries no messages of Ramal's. Not to be freed. Throws std::logic_error where ranks are not MPI processes
/// (RAMAL_SCHEDULER=serial or inprocess).
inline MPI_Comm mpi_communicator(const Communicator& communicator) {
  const void* handle = communicator.mpi_communicator();
  if (handle == nullptr) {
    throw std::logic_error(
        "ramal: this collective task calls MPI, but its ranks are not MPI processes; run it with "
        "RAMAL_SCHEDULER=mpi");
  }
  return *static_cast<const MPI_Comm*>(handle);
}

}  // namespace ramal
