#include <ramal/ramal.hpp>
#include <iostream>

double start(long i) { return i == 5'000 ? 1000.0 : 0.0; }
double spread(double left, double here, double right) { return 0.25 * left + 0.5 * here + 0.25 * right; }
double add(double a, double b) { return a + b; }

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    const auto rod = ramal::family<start>(10'000);                  // start(0), start(1), …
    const auto later = ramal::iterate<spread>(rod, 1'000, {{-1}, {0}, {1}}, ramal::Edge::clamp);
    std::cout << session.compute(ramal::reduce<add>(later)) << '\n';   // 1000, after 10 million tasks
  });
}
