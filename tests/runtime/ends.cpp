// SPDX-License-Identifier: BSD-3-Clause
// How programs end: `ends HOW`.
#include <ramal/ramal.hpp>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

long slow(long x) {
  std::this_thread::sleep_for(std::chrono::seconds(30));
  return x;
}
long bad(long) { throw std::runtime_error("the disk is on fire"); }
long fine(long x) { return x; }
long never_ends(long x) {
  for (;;) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return x;
}
long wait_for_each_other(ramal::Communicator& communicator, ramal::Inputs<long>) {
  if (communicator.rank() == 1) throw std::runtime_error("only here");
  communicator.gather("");
  return 0;
}
#ifdef ANOTHER_BINARY
[[gnu::used]] long makes_it_differ = 1;
#endif

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "";
  const auto program = [&](ramal::Session& session) {
    if (how == "twice") {
      const auto far = ramal::delayed<fine>.annotate({.rank = session.ranks() - 1})(5);
      return session.compute(far) == 5 ? 0 : 1;
    }
    if (how == "cancel_what_never_ends") {
      const auto endless = ramal::delayed<never_ends>.annotate({.rank = session.ranks() - 1})(1);
      session.persist(endless);
      session.wait_for(endless, std::chrono::milliseconds(200));
      session.cancel(endless);
    }
    if (how == "status") return 7;
    if (how == "status_256") return 256;
    if (how == "throw") throw std::runtime_error("the user's own mistake");
    if (how == "throw_oddly") throw 5;
    if (how == "throw_while_busy") {
      session.persist(ramal::delayed<slow>.annotate({.rank = session.ranks() - 1})(1));
      throw std::runtime_error("too impatient");
    }
    if (how == "hang_together")
      session.compute(ramal::collective<wait_for_each_other>(std::vector<ramal::Delayed<long>>()));
    if (how == "vanish") std::_Exit(0);
    if (how == "task_error") session.compute(ramal::delayed<bad>(1));
    if (how == "busy_program") {
      // The program's own work while rank 0 has tasks to run: with one thread they wait for it.
      std::vector<ramal::Delayed<long>> some;
      for (long i = 0; i < 4; ++i) some.push_back(ramal::delayed<fine>(i));
      session.persist(some);
      std::this_thread::sleep_for(std::chrono::milliseconds(700));
      session.wait(some);
    }
    if (how == "leave_work_behind") {
      std::vector<ramal::Delayed<long>> many;
      for (long i = 0; i < 1000; ++i) many.push_back(ramal::delayed<fine>(i));
      session.persist(many);
    }
    return 0;
  };
  const int status = ramal::run(argc, argv, program);
  return how == "twice" && status == 0 ? ramal::run(argc, argv, program) : status;
}
