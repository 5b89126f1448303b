// SPDX-License-Identifier: BSD-3-Clause
// A program that includes MPI's own header first, as most do that exist, with whatever that declares.
#include <mpi.h>

#include <ramal/mpi.hpp>
#include <ramal/ramal.hpp>

#include <iostream>

namespace {

int rank_of_this(ramal::Communicator& communicator, ramal::Inputs<int>) {
  int rank = -1;
  MPI_Comm_rank(ramal::mpi_communicator(communicator), &rank);
  return rank;
}
int one() { return 1; }

}  // namespace

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    const std::vector<ramal::Delayed<int>> parts(2, ramal::delayed<one>());
    std::cout << "rank " << session.compute(ramal::collective<rank_of_this>(parts)) << '\n';
  });
}
