// SPDX-License-Identifier: BSD-3-Clause
// MpiWorld: MPI, seen from the rest of the runtime, which does not see mpi.h. What travels between ranks, and
// how, is the transport's affair (mpi_transport.hpp).
#pragma once

#include "runtime/transport/transport.hpp"

#include <ramal/options.hpp>

#include <memory>

namespace ramal::detail {

/// MPI as this program sees it. Starts MPI unless the program has. MPI can be started only once a process, so
/// what was started here serves every later world too, and ends with the process.
class MpiWorld {
 public:
  /// A world of all processes. With `threads`, several threads will call MPI in turn; if MPI was started
  /// before by the program, without support for them, there is one thread. Throws OptionError if MPI has been
  /// ended.
  MpiWorld(int* argc, char*** argv, bool threads);
  /// The ranks of a communicator, given by the address of its MPI_Comm, of a program that has started MPI.
  /// Throws OptionError if it has not, if the communicator is null or an intercommunicator, or if `threads`
  /// are needed and the level it chose does not allow them.
  MpiWorld(const void* communicator, bool threads);
  ~MpiWorld();
  MpiWorld(const MpiWorld&) = delete;
  MpiWorld& operator=(const MpiWorld&) = delete;

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  /// Several threads may call MPI in turn.
  bool allows_threads() const { return allows_threads_; }
  /// The program started MPI, not us.
  bool is_within_a_program() const { return !is_ours_; }
  /// Ranks on this rank's host.
  int local_ranks() const { return local_ranks_; }
  /// Name and version of the MPI library, in one line.
  static std::string library();
  /// Every rank's text, on rank 0; nothing on the others, for which all of them would be too much where
  /// there are thousands. Collective.
  std::vector<std::string> gather(const std::string& text) const;
  /// Rank 0's text, on all ranks. Collective.
  std::string broadcast(std::string text) const;
  std::unique_ptr<Transport> connect(const Options& options) const;
  /// Ends all ranks at once.
  [[noreturn]] void abort(int status) const;

 private:
  struct Communicator;
  void look_around(bool threads);

  std::unique_ptr<Communicator> communicator_;
  bool is_ours_ = false;
  bool allows_threads_ = false;
  int rank_ = 0;
  int ranks_ = 1;
  int local_ranks_ = 1;
};

/// Ranks on this host as far as the launcher's environment tells before MPI is started; 0: unknown.
int local_ranks_from_launcher();

}  // namespace ramal::detail
