// SPDX-License-Identifier: BSD-3-Clause
// What programs wait for: `stalls HOW`. All of them end after some seconds, so that tests do.
#include <ramal/ramal.hpp>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr auto long_enough = std::chrono::milliseconds(2300);

long endless(long x) {
  std::this_thread::sleep_for(long_enough);
  return x;
}
long asks(long x) {
  raise(SIGUSR2);
  return x;
}
long after(long x) { return x + 1; }
long stopped(long x) {
  const pid_t own = getpid();
  if (fork() == 0) {
    std::this_thread::sleep_for(long_enough);
    kill(own, SIGCONT);
    _exit(0);
  }
  raise(SIGSTOP);
  return x;
}
std::timed_mutex one, other;
long lock_both(long x) {
  std::timed_mutex& first = x == 0 ? one : other;
  std::timed_mutex& second = x == 0 ? other : one;
  const std::unique_lock held(first);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const std::unique_lock both(second, long_enough);  // as if for ever
  return x;
}
long together(ramal::Communicator& communicator, ramal::Inputs<long> own) {
  communicator.gather("");
  return static_cast<long>(own.size());
}
long in_place(ramal::Index place) { return place == 3 ? endless(3) : 0; }
long neighbours(ramal::Inputs<long> near) { return static_cast<long>(near.size()); }

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "";
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    const int last = session.ranks() - 1;
    const auto on = [](int rank) { return ramal::Annotation{.rank = rank}; };
    const auto chain = [&](auto slow) {
      const auto middle = ramal::delayed<after>.annotate(on(last / 2))(slow);
      session.compute(ramal::delayed<after>.annotate(on(0))(middle));
    };
    if (how == "endless") chain(ramal::delayed<endless>.annotate(on(last))(1));
    if (how == "asks") chain(ramal::delayed<asks>.annotate(on(last))(1));
    if (how == "info") {
      const auto busy = ramal::delayed<endless>.annotate(on(last))(1);
      session.persist(busy);
      session.wait_for(busy, std::chrono::milliseconds(300));
      const auto begin = std::chrono::steady_clock::now();
      const auto all = session.info();
      const bool at_once = std::chrono::steady_clock::now() - begin < std::chrono::seconds(1);
      return static_cast<int>(all.size()) == session.ranks() && all.back().answered && at_once ? 0 : 1;
    }
    if (how == "stopped") chain(ramal::delayed<stopped>.annotate(on(last))(1));
    if (how == "lock") {
      std::vector<ramal::Delayed<long>> tasks;
      for (long x : {0, 1}) tasks.push_back(ramal::delayed<lock_both>.annotate(on(last))(x));
      session.compute(tasks);
    }
    if (how == "collective") {
      std::vector<ramal::Delayed<long>> inputs;
      for (int rank = 0; rank <= last; ++rank)
        inputs.push_back(rank == last ? ramal::delayed<endless>.annotate(on(rank))(1)
                                      : ramal::delayed<after>.annotate(on(rank))(1));
      session.compute(ramal::collective<together>(inputs));
    }
    if (how == "family")
      session.compute(ramal::stencil<neighbours>(ramal::family<in_place>(4), {{-1}, {0}, {1}}));
    return 0;
  });
}
