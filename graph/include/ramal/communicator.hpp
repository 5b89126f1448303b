// SPDX-License-Identifier: BSD-3-Clause
// Communicator: what a collective task sees of the ranks that run it together.
//
//   double norm(ramal::Communicator& communicator, ramal::Inputs<Field> mine) {
//     Table table;
//     communicator.agree([&] { table = read_table(communicator.rank()); });   // throws on all ranks or none
//     … MPI_Allreduce(…, ramal::mpi_communicator(communicator)) …
//   }
#pragma once

#include <ramal/detail/compiler.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace ramal {

/// The ranks that run one collective task, numbered from 0 in the order in which they were stated. Belongs to
/// the session; use it only inside the task and in the thread that runs it. `gather` and `agree` are
/// collective: all ranks make the same calls in the same order, or some wait for ever. In one process
/// (RAMAL_SCHEDULER=serial) there is one rank, whose collective calls return at once.
///
/// For MPI calls of your own, <ramal/mpi.hpp> gives the MPI_Comm behind it.
class Communicator {
 public:
  virtual ~Communicator() = default;
  /// This rank's number in here, which differs from that in the session where `on` named ranks.
  virtual int rank() const = 0;
  /// How many ranks run this task; at most the session's.
  virtual int size() const = 0;
  /// Every rank's text, in the order of ranks, on every rank. Collective. O(all texts) in time and memory, so
  /// it is for what is short; for data call MPI, or return them. Texts may hold any bytes.
  virtual std::vector<std::string> gather(const std::string& mine) = 0;

  /// Calls `step` on every rank. If it throws on any, throws on all: there its own exception, elsewhere a
  /// std::runtime_error with the message of the lowest rank that failed. So whatever may fail on one rank
  /// alone (opening a file, allocating) goes in here, before the collective calls that would wait for it.
  /// Collective: costs one `gather` of short texts. What `step` does itself need not be collective.
  ///
  ///   std::FILE* file = nullptr;
  ///   communicator.agree([&] {
  ///     file = std::fopen(name.c_str(), "r");
  ///     if (file == nullptr) throw std::runtime_error(name + " cannot be opened");
  ///   });
  template <class Step>
  void agree(const Step& step) {
    std::exception_ptr own;
    std::string message;
    try {
      step();
    } catch (const std::exception& error) {
      own = std::current_exception();
      message = std::string(1, failed) + error.what();
    } catch (...) {
      own = std::current_exception();
      message = std::string(1, failed) + "an exception that is no std::exception";
    }
    const auto all = gather(message);
    if (own) std::rethrow_exception(own);
    for (std::size_t rank = 0; rank < all.size(); ++rank) {
      if (all[rank].empty()) continue;
      throw std::runtime_error("on rank " + std::to_string(rank) + ": " + all[rank].substr(1));
    }
  }

  /// The MPI_Comm's address; null where ranks are not processes of MPI. For <ramal/mpi.hpp>.
  virtual const void* mpi_communicator() const = 0;

 private:
  static constexpr char failed = '!';  // so that an error without a message is one too
};

}  // namespace ramal
