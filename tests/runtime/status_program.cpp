// SPDX-License-Identifier: BSD-3-Clause
// A program that takes some seconds, for progress and status: short tasks, and long ones on the last rank.
#include <ramal/ramal.hpp>

#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

long wait_for(long milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return milliseconds;
}
long nap(long milliseconds) { return wait_for(milliseconds); }
long sleep_long(long milliseconds) { return wait_for(milliseconds); }

}  // namespace

int main(int argc, char** argv) {
  const long milliseconds = argc > 1 ? std::atol(argv[1]) : 2500;
  return ramal::run(argc, argv, [milliseconds](ramal::Session& session) {
    using namespace ramal;
    std::vector<Delayed<long>> all;
    for (int i = 0; i < 60; ++i) all.push_back(delayed<nap>(milliseconds / 40));
    const int last = session.ranks() - 1;
    all.push_back(delayed<sleep_long>.annotate({.rank = last})(milliseconds));
    session.compute(all);
  });
}
