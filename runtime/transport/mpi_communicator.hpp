// SPDX-License-Identifier: BSD-3-Clause
// MpiCommunicator: what collective tasks get to speak with each other. Separate from all other messages,
// since it has a communicator of its own. Seen by the sources of this room alone, since it names MPI's types.
#pragma once

#include <ramal/communicator.hpp>

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ramal::detail {

class MpiCommunicator final : public Communicator {
 public:
  /// Has all of the parent's ranks; collective among them. `gather` moves at most so many bytes in a round.
  /// `errors`: what the program wants to become of errors on it.
  MpiCommunicator(MPI_Comm parent, std::size_t round_bytes, MPI_Errhandler errors);
  /// Has some of another's ranks, in this order. Collective among these.
  MpiCommunicator(const MpiCommunicator& all, const std::vector<std::uint32_t>& ranks);
  ~MpiCommunicator() override;
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  int rank() const override;
  int size() const override;
  std::vector<std::string> gather(const std::string& text) override;
  const void* mpi_communicator() const override { return &handle_; }

 private:
  MPI_Comm handle_ = MPI_COMM_NULL;
  const std::size_t round_bytes_;
};

}  // namespace ramal::detail
