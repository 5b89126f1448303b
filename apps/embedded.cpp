// SPDX-License-Identifier: BSD-3-Clause
// Ramal within an MPI program: plain MPI sets up its blocks, Ramal transforms and reduces them, plain MPI
// goes on. `mpirun -n 4 embedded`.
//
// A 1-d wave of sines lies distributed over the ranks, as in any MPI program. Two runs of Ramal follow each
// other: one on all ranks, one on every second rank only.
#include <ramal/mpi.hpp>
#include <ramal/ramal.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

namespace {

using Field = ramal::Block<double>;

/// By value: a copy of what a rank had before, which is never changed; later fields are damped in place.
Field damped(Field field, double factor) {
  for (double& x : field) x *= factor;
  return field;
}
double energy(const Field& field) {
  double sum = 0;
  for (const double x : field) sum += x * x;
  return sum;
}
double add(double a, double b) { return a + b; }

/// Damps every rank's field, leaves it there again, and prints the energy before and after.
int transform(MPI_Comm communicator, ramal::Locals& locals, double factor) {
  return ramal::run(communicator, locals, [&](ramal::Session& session) {
    const auto fields = session.from_local<Field>("field");
    const auto before = ramal::reduce<add>(ramal::map<energy>(fields));
    const auto after = ramal::map<damped>(fields, factor);
    session.persist(after);
    const auto [had, has] = session.compute(before, ramal::reduce<add>(ramal::map<energy>(after)));
    std::printf("energy %.6f, damped %.6f (ranks: %d)\n", had, has, session.ranks());
    session.to_local("field", after);
  });
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  int ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);

  // The program's own memory, which Ramal uses without copying it in.
  constexpr std::size_t points = 1000;
  std::vector<double> memory(points);
  const double first = static_cast<double>(points) * rank;
  for (std::size_t i = 0; i < points; ++i) memory[i] = std::sin(0.01 * (first + static_cast<double>(i)));

  ramal::Locals locals;
  locals.put("field", Field::wrap(memory.data(), {points}, {points * static_cast<std::uint64_t>(rank)}));
  int status = transform(MPI_COMM_WORLD, locals, 0.5);

  // Ranks of even number go on by themselves.
  MPI_Comm even = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2 == 0 ? 0 : MPI_UNDEFINED, rank, &even);
  if (status == 0 && even != MPI_COMM_NULL) status = transform(even, locals, 0.1);
  if (even != MPI_COMM_NULL) MPI_Comm_free(&even);

  double own = energy(locals.take<Field>("field"));
  double all = 0;
  MPI_Reduce(&own, &all, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
  if (rank == 0) std::printf("plain MPI again: energy %.6f (ranks: %d)\n", all, ranks);
  MPI_Finalize();
  return status;
}
