// SPDX-License-Identifier: BSD-3-Clause
// How many threads BLAS libraries are told to use, by stand-ins for them that note it.
// `threaded_libraries_program MKL BLIS OPENBLAS`: what they are told for a task of one thread; one of two
// threads, and one of all, are to get what they were annotated with, but for BLIS and OpenBLAS, whose
// numbers may be the whole process's: only the last.
#include <ramal/ramal.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace {
thread_local int mkl = 0;
/// BLIS itself reads its variable when it starts.
thread_local std::int64_t blis = std::getenv("BLIS_NUM_THREADS") != nullptr ? std::atoi(std::getenv("BLIS_NUM_THREADS")) : -1;
std::atomic<int> openblas{64};
}  // namespace

extern "C" {
int MKL_Set_Num_Threads_Local(int count) { return std::exchange(mkl, count); }
std::int64_t bli_thread_get_num_threads() { return blis; }
void bli_thread_set_num_threads(std::int64_t count) { blis = count; }
int openblas_get_num_threads() { return openblas; }
void openblas_set_num_threads(int count) { openblas = count; }
}

namespace {

std::vector<int> threads_now(int) { return {mkl, static_cast<int>(blis), openblas}; }

bool expect(ramal::Session& session, int threads, const std::vector<int>& expected) {
  std::vector<ramal::Delayed<std::vector<int>>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(ramal::delayed<threads_now>.annotate({.threads = threads})(i));
  for (const auto& found : session.compute(tasks)) {
    if (found == expected) continue;
    std::printf("with %d threads: found %d, %d, %d\n", threads, found[0], found[1], found[2]);
    return false;
  }
  return true;
}

int program(ramal::Session& session, const std::vector<int>& usual) {
  for (int round = 0; round < 3; ++round) {
    if (!expect(session, 1, usual) || !expect(session, 2, {2, usual[1], usual[2]}) ||
        !expect(session, 3, {3, 3, 3}))
      return 1;
  }
  std::puts("ok");
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  std::vector<int> usual;
  for (int i = 1; i < argc; ++i) usual.push_back(std::atoi(argv[i]));
  return ramal::run(argc, argv, [&usual](ramal::Session& session) { return program(session, usual); });
}
