// SPDX-License-Identifier: BSD-3-Clause
// Tasks with OpenMP inside: how many threads their parallel regions have. `openmp_program PLAIN WIDE`: what a
// plain task, and one annotated with two threads, are to find.
#include <ramal/ramal.hpp>

#include <omp.h>

#include <iostream>

namespace {

/// The threads of a parallel region, each of which must do its part.
long region(long x) {
  long threads = 0;
  long sum = 0;
#pragma omp parallel reduction(+ : sum)
  {
#pragma omp single
    threads = omp_get_num_threads();
#pragma omp for
    for (long i = 0; i < 1000; ++i) sum += x;
  }
  return sum == 1000 * x ? threads : -1;
}

}  // namespace

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    const long plain = std::stol(argv[1]), wide = std::stol(argv[2]);
    std::vector<ramal::Delayed<long>> plains, wides;
    for (long i = 0; i < 50; ++i) {
      plains.push_back(ramal::delayed<region>(i));
      wides.push_back(ramal::delayed<region>.annotate({.threads = 2})(i));
    }
    for (const long found : session.compute(plains)) {
      if (found != plain) std::cout << "a plain task has " << found << " threads\n";
      if (found != plain) return 1;
    }
    for (const long found : session.compute(wides)) {
      if (found != wide) std::cout << "a wide task has " << found << " threads\n";
      if (found != wide) return 1;
    }
    return 0;
  });
}
