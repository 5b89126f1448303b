// SPDX-License-Identifier: BSD-3-Clause
// For programs with Boost.MPI: sessions on its communicators, collective tasks that take one, and whatever
// Boost.Serialization can write as a value (see <ramal/boost_serialization.hpp>). Such programs link
// ramal::boost_mpi, or what `pkg-config ramal-boost-mpi` says.
//
// Boost.MPI belongs to the program, and Ramal to MPI: it duplicates the communicator it is given, and its
// messages never meet those of the program. Inside of `run`, ranks call Boost.MPI in collective tasks alone.
#pragma once

#include <ramal/boost_serialization.hpp>
#include <ramal/collective.hpp>
#include <ramal/mpi.hpp>

#include <boost/mpi/communicator.hpp>
#include <boost/mpi/datatype.hpp>
#include <boost/mpi/environment.hpp>

#include <utility>

namespace ramal {

/// The communicator of a collective task that takes a ramal::Communicator&, for its `agree`. Belongs to the
/// session, is attached without a copy, and is not to be kept after the task. O(1). Throws std::logic_error
/// where ranks are not MPI processes (RAMAL_SCHEDULER=serial or inprocess).
inline boost::mpi::communicator boost_communicator(const Communicator& communicator) {
  return {mpi_communicator(communicator), boost::mpi::comm_attach};
}

/// So a collective task's function may take it itself:
///
///   R f(const boost::mpi::communicator& communicator, ramal::Inputs<T> mine, P... args)
///
/// An error of MPI's on it throws boost::mpi::exception where errors return on the communicator given to
/// `run`, as boost::mpi::environment has them do on MPI_COMM_WORLD.
template <>
struct CommunicatorAs<boost::mpi::communicator> {
  static boost::mpi::communicator from(Communicator& communicator) {
    return boost_communicator(communicator);
  }
};

/// `run(MPI_Comm, …)` of <ramal/mpi.hpp> on a communicator of Boost.MPI's, also a part of one: on all its
/// ranks, as often as one likes. On a rank that is not in it (`!communicator`), do not call it. An
/// intercommunicator is to be merged before. Returns the same status on all ranks, 2 where it was refused.
/// Throws std::logic_error inside of a task or of another run's program.
///
///   boost::mpi::communicator half = world.split(world.rank() % 2);
///   ramal::run(half, [](ramal::Session& session) { … });          // two runs at once, one on each half
template <class Program>
int run(const boost::mpi::communicator& communicator, Locals& locals, Program&& program,
        const Options& options = {}) {
  return run(static_cast<MPI_Comm>(communicator), locals, std::forward<Program>(program), options);
}
/// The same without locals.
template <class Program>
int run(const boost::mpi::communicator& communicator, Program&& program, const Options& options = {}) {
  return run(static_cast<MPI_Comm>(communicator), std::forward<Program>(program), options);
}

/// On all processes. Several threads a rank need an environment of boost::mpi::threading::serialized or more;
/// else a rank runs one task at a time, and asking for more is refused with status 2.
template <class Program>
int run(const boost::mpi::environment&, Locals& locals, Program&& program, const Options& options = {}) {
  return run(MPI_Comm{MPI_COMM_WORLD}, locals, std::forward<Program>(program), options);
}
/// The same without locals.
template <class Program>
int run(const boost::mpi::environment&, Program&& program, const Options& options = {}) {
  return run(MPI_Comm{MPI_COMM_WORLD}, std::forward<Program>(program), options);
}

}  // namespace ramal
