#include <ramal/ramal.hpp>
#include <iostream>

long inc(long x) { return x + 1; }
long dec(long x) { return x - 1; }
long add(long x, long y) { return x + y; }

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {   // runs on rank 0; the other ranks serve
    using ramal::delayed;
    std::vector<ramal::Delayed<long>> zs;
    for (long i = 0; i < 128; ++i) {
      auto x = delayed<inc>(i);                 // nothing runs yet
      auto y = delayed<dec>(x);
      zs.push_back(delayed<add>(x, y));
    }
    session.persist(zs);                        // starts now, returns at once, results stay where they are made
    auto total = ramal::reduce<add>(zs);        // neighbours are summed level by level
    ramal::visualize(total, "sum.svg", {.rankdir = "LR"});
    std::cout << session.compute(total) << '\n';   // 16384
  });
}
