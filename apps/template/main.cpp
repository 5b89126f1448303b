// SPDX-License-Identifier: BSD-3-Clause
// A program to start from: pi by the series 4 (1 - 1/3 + 1/5 - …), in blocks that run on all ranks.
//
//   mpirun -n 3 build/pi [terms]
#include <ramal/ramal.hpp>

#include <cstdio>
#include <cstdlib>

namespace {

/// The series from term `first` on, `count` terms.
double block(long first, long count) {
  double sum = 0;
  for (long k = first + count - 1; k >= first; --k)  // the small ones first
    sum += (k % 2 == 0 ? 4.0 : -4.0) / (2.0 * static_cast<double>(k) + 1.0);
  return sum;
}

double add(double a, double b) { return a + b; }

/// Runs on rank 0; the calls of `block` and `add` run on every rank.
int program(ramal::Session& session, long terms) {
  constexpr long block_terms = 100'000;
  std::vector<ramal::Delayed<double>> blocks;
  for (long first = 0; first < terms; first += block_terms)
    blocks.push_back(ramal::delayed<block>(first, std::min(block_terms, terms - first)));
  const double pi = session.compute(ramal::reduce<add>(blocks));
  std::printf("pi = %.6f from %ld terms in %zu blocks\n", pi, terms, blocks.size());
  for (const auto& rank : session.info())
    std::printf("rank %d on %s ran %llu tasks\n", rank.rank, rank.host.c_str(),
                static_cast<unsigned long long>(rank.tasks_run));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const long terms = argc > 1 ? std::atol(argv[1]) : 10'000'000;
  if (terms < 1) {
    std::fputs("usage: pi [terms], of which there is 1 or more\n", stderr);
    return 2;
  }
  return ramal::run(argc, argv, [&](ramal::Session& session) { return program(session, terms); });
}
