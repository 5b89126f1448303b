#include <ramal/ramal.hpp>
#include <iostream>
#include <stdexcept>

/// One in three works the second time only, and one never does.
double solve(long i) {
  if (i == 7) throw std::invalid_argument("no solution");
  if (i % 3 == 0 && ramal::this_task().attempt < 2) throw std::runtime_error("try again");
  return 1.0 / static_cast<double>(i + 1);
}

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    std::vector<ramal::Delayed<double>> runs;
    for (long i = 0; i < 12; ++i) runs.push_back(ramal::delayed<solve>(i));
    session.persist(runs);                          // what works is kept, and not made again
    auto outcomes = session.compute_each(runs);     // no failure keeps the others from you
    std::cout << outcomes.failed.size() << " of 12 failed\n";    // 5 of 12 failed
    for (int attempt = 2; attempt <= 3; ++attempt) {
      std::vector<ramal::Delayed<double>> again;
      for (const auto& failure : outcomes.failed) again.push_back(runs[failure.index]);
      session.retry(again);
      outcomes = session.compute_each(runs);
    }
    for (const auto& failure : outcomes.failed)
      std::cout << "run " << failure.index << " failed for good\n";   // run 7 failed for good
  });
}
