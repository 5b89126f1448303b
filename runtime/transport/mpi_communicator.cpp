// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/transport/mpi_communicator.hpp"

#include <algorithm>
#include <climits>
#include <utility>

namespace ramal::detail {

MpiCommunicator::MpiCommunicator(MPI_Comm parent, std::size_t round_bytes, MPI_Errhandler errors)
    : round_bytes_(round_bytes) {
  MPI_Comm_dup(parent, &handle_);
  MPI_Comm_set_errhandler(handle_, errors);
}

MpiCommunicator::MpiCommunicator(const MpiCommunicator& all, const std::vector<std::uint32_t>& ranks)
    : round_bytes_(all.round_bytes_) {
  const std::vector<int> numbers(ranks.begin(), ranks.end());
  MPI_Group group_of_all = MPI_GROUP_NULL;
  MPI_Group group = MPI_GROUP_NULL;
  MPI_Comm_group(all.handle_, &group_of_all);
  MPI_Group_incl(group_of_all, static_cast<int>(numbers.size()), numbers.data(), &group);
  MPI_Comm_create_group(all.handle_, group, 0, &handle_);
  MPI_Errhandler errors = MPI_ERRHANDLER_NULL;
  MPI_Comm_get_errhandler(all.handle_, &errors);
  MPI_Comm_set_errhandler(handle_, errors);
  MPI_Errhandler_free(&errors);
  MPI_Group_free(&group);
  MPI_Group_free(&group_of_all);
}

MpiCommunicator::~MpiCommunicator() { MPI_Comm_free(&handle_); }

int MpiCommunicator::rank() const {
  int rank = 0;
  MPI_Comm_rank(handle_, &rank);
  return rank;
}

int MpiCommunicator::size() const {
  int size = 0;
  MPI_Comm_size(handle_, &size);
  return size;
}

/// In rounds of so many bytes of all ranks together, since MPI counts in ints.
std::vector<std::string> MpiCommunicator::gather(const std::string& text) {
  const auto count = static_cast<std::size_t>(size());
  const std::uint64_t mine = text.size();
  std::vector<std::uint64_t> sizes(count);
  MPI_Allgather(&mine, 1, MPI_UINT64_T, sizes.data(), 1, MPI_UINT64_T, handle_);
  const std::uint64_t longest = *std::ranges::max_element(sizes);
  const std::uint64_t piece =
      std::max<std::uint64_t>(1, std::min<std::uint64_t>(round_bytes_, INT_MAX) / count);
  std::vector<std::string> texts(count);
  std::string round;
  std::vector<int> counts(count), offsets(count);
  for (std::uint64_t at = 0; at < longest; at += piece) {
    int total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      counts[i] = static_cast<int>(std::min(piece, sizes[i] - std::min(at, sizes[i])));
      offsets[i] = std::exchange(total, total + counts[i]);
    }
    round.resize(static_cast<std::size_t>(total));
    MPI_Allgatherv(text.data() + std::min(at, mine),
                   static_cast<int>(std::min(piece, mine - std::min(at, mine))), MPI_CHAR, round.data(),
                   counts.data(), offsets.data(), MPI_CHAR, handle_);
    for (std::size_t i = 0; i < count; ++i)
      texts[i].append(round, static_cast<std::size_t>(offsets[i]), static_cast<std::size_t>(counts[i]));
  }
  return texts;
}

}  // namespace ramal::detail
