// SPDX-License-Identifier: BSD-3-Clause
#include "tasks.hpp"

#include <ramal/mpi.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    std::vector<long> numbers(100);
    for (long i = 0; i < 100; ++i) numbers[static_cast<std::size_t>(i)] = i + 1;
    const auto squares = sum_of_squares(99) + ramal::delayed<square>(100);
    const auto cubes = ramal::reduce<add>(ramal::map<cube>(numbers));
    const auto [a, b, c, d] =
        session.compute(squares, cubes, sum_of_shifted(100, 1), ramal::delayed<mean>(one_to_three()));
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size != session.ranks()) return 1;
    std::printf("squares %ld, cubes %ld, shifted %ld, mean %ld\n", a, b, c, d);
    return 0;
  });
}
