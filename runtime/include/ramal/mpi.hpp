// SPDX-License-Identifier: BSD-3-Clause
// For programs that call MPI themselves. The only public header that includes mpi.h.
//
// Such a program links MPI too: CMake's ramal::mpi, which find_package(ramal) defines, or pkg-config's
// ramal-mpi. These also define OMPI_SKIP_MPICXX and MPICH_SKIP_MPICXX, so that of mpi.h the C interface alone
// is declared. Without them, where <mpi.h> is included before this header and MPI still has the C++ bindings
// that MPI 3.0 removed (Open MPI 4 as Debian builds it), the linker asks for MPI::Win::Free() and others.
#pragma once

#include <ramal/communicator.hpp>
#include <ramal/locals.hpp>
#include <ramal/run.hpp>

#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

#include <stdexcept>

namespace ramal {

/// The MPI_Comm of a collective task: of the session's ranks in the same order, or of those stated by `on` in
/// theirs. It carries no messages of Ramal's, is the same for each task of the same ranks, so that an error
/// handler or attributes stay, and is not to be freed. Valid inside the task; no other thread of the rank
/// calls MPI meanwhile. Throws std::logic_error where ranks are not MPI processes (RAMAL_SCHEDULER=serial or
/// inprocess).
inline MPI_Comm mpi_communicator(const Communicator& communicator) {
  const void* handle = communicator.mpi_communicator();
  if (handle == nullptr) {
    throw std::logic_error(
        "ramal: this collective task calls MPI, but its ranks are not MPI processes; run it with "
        "RAMAL_SCHEDULER=mpi");
  }
  return *static_cast<const MPI_Comm*>(handle);
}

namespace detail {
int run(const void* mpi_communicator, Locals& locals, const Options& options,
        const std::function<int(Session&)>& program);
}

/// `run` within an MPI program that exists: on the ranks of any communicator, at any thread level, as often
/// as one likes, one run after the other. Collective over it. Calls `program(session)` on its rank 0 while
/// the others serve, and returns the same status on all (see `run` in <ramal/run.hpp>). Works on a duplicate
/// of the communicator, and finalises nothing. A null communicator and an intercommunicator are refused with
/// status 2. `locals` carries each rank's own data in and out: what it held before is given away, and it then
/// holds what `session.to_local` left.
///
/// Several threads a rank need a program that started MPI with MPI_THREAD_SERIALIZED or more; else a rank
/// runs one task at a time, and asking for more is refused with status 2. So is a program that has not
/// started MPI. Throws std::logic_error inside of a task or of another run's program.
///
///   ramal::Locals locals;
///   locals.put("field", std::move(field));
///   const int status = ramal::run(communicator, locals, [](ramal::Session& session) { … });
///   if (status == 0) field = locals.take<Field>("field");
template <class Program>
int run(MPI_Comm communicator, Locals& locals, Program&& program, const Options& options = {}) {
  return detail::run(&communicator, locals, options, detail::with_status(program));
}
/// The same without locals.
template <class Program>
int run(MPI_Comm communicator, Program&& program, const Options& options = {}) {
  Locals none;
  return run(communicator, none, program, options);
}

}  // namespace ramal
