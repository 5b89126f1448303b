// SPDX-License-Identifier: BSD-3-Clause
// What check_trace.py looks at: tasks, families, loops, collective tasks, failures and large messages. Run
// serially it prints how often each function was called; otherwise it prints nothing. Reductions of families
// are of powers of two, since an odd last member goes up the tree by a task that calls nothing.
//
// `trace_program [die]`: with `die`, a task on the last rank kills its process.
#include <ramal/ramal.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::mutex lock;
std::map<std::string, long> calls;
void note(const char* function) {
  const std::lock_guard held(lock);
  ++calls[function];
}

long leaf(long x) { return note("leaf"), x; }
long add(long a, long b) { return note("add"), a + b; }
long place(ramal::Index at) { return note("place"), at[0]; }
long half_of(long x) { return note("half_of"), x / 2; }
long refuse(long) { note("refuse"), throw std::runtime_error("no, \"never\""); }
std::vector<double> block(long n) {
  return note("block"), std::vector<double>(static_cast<std::size_t>(n), 0.5);
}
long length(const std::vector<double>& all) { return note("length"), static_cast<long>(all.size()); }
long one_more(long x) { return note("one_more"), x + 1; }
bool is_at_least(long x, long least) { return note("is_at_least"), x >= least; }
long together(ramal::Communicator& all, ramal::Inputs<long> own) {
  note("together");
  return all.rank() + static_cast<long>(own.size());
}
long nap(long x) {
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return note("nap"), x;
}
long die(long) {
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  kill(getpid(), SIGKILL);
  return 0;
}

void compute_all(ramal::Session& session) {
  using namespace ramal;
  std::vector<Delayed<long>> leaves;
  for (long i = 0; i < 200; ++i) leaves.push_back(delayed<leaf>(i));
  session.compute(reduce<add>(leaves));
  session.compute(reduce<add>(map<half_of>(family<place>(2048))));
  session.compute(iterate(
      100, [](Delayed<long> n) { return next(delayed<one_more>(n)).until(delayed<is_at_least>(n, 10L)); },
      3L));
  session.compute(reduce<add>(iterate<add>(family<place>(64), 25, {{0}, {1}}, Edge::periodic)));
  const int last = session.ranks() - 1;
  const auto large = delayed<block>.annotate({.rank = 0})(100'000);
  session.compute(delayed<length>.annotate({.rank = last})(large));
  try {
    session.compute(delayed<add>(delayed<refuse>(1L), 2L));
  } catch (const TaskError&) {
  }
  const std::vector<Delayed<long>> parts{delayed<leaf>(1), delayed<leaf>(2)};
  session.compute(collective<together>(parts));
  const auto kept = delayed<block>(50'000);
  session.persist(kept);
  session.compute(delayed<length>(kept));
  std::vector<Delayed<long>> naps;
  for (long i = 0; i < 20; ++i) naps.push_back(delayed<nap>(i));
  session.compute(reduce<add>(naps));
}

}  // namespace

int main(int argc, char** argv) {
  const bool dies = argc > 1 && std::strcmp(argv[1], "die") == 0;
  return ramal::run(argc, argv, [dies](ramal::Session& session) {
    compute_all(session);
    if (dies) {
      const int last = session.ranks() - 1;
      session.compute(ramal::delayed<die>.annotate({.rank = last})(1L));
    }
    const char* scheduler = std::getenv("RAMAL_SCHEDULER");
    if (scheduler == nullptr || std::strcmp(scheduler, "serial") != 0) return;
    for (const auto& [function, times] : calls) std::printf("%s %ld\n", function.c_str(), times);
  });
}
