#include <ramal/ramal.hpp>
#include <algorithm>
#include <iostream>

double start(long i) { return i == 5'000 ? 1000.0 : 0.0; }
double spread(double left, double here, double right) { return 0.25 * left + 0.5 * here + 0.25 * right; }
double add(double a, double b) { return a + b; }
double warmer(double a, double b) { return std::max(a, b); }
bool is_cool(double degrees) { return degrees < 30; }
long one_more(long count) { return count + 1; }

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    const auto rod = ramal::family<start>(10'000);                  // start(0), start(1), …
    const auto later = ramal::iterate<spread>(rod, 1'000, {{-1}, {0}, {1}}, ramal::Edge::clamp);
    std::cout << session.compute(ramal::reduce<add>(later)) << '\n';   // 1000, after 10 million tasks

    const auto [cool, steps] = ramal::iterate(10'000, [](ramal::Family<double> now, ramal::Delayed<long> count) {
      const auto next = ramal::stencil<spread>(now, {{-1}, {0}, {1}}, ramal::Edge::clamp);
      return ramal::next(next, ramal::delayed<one_more>(count))
          .until(ramal::delayed<is_cool>(ramal::reduce<warmer>(next)));
    }, rod, 0L);
    std::cout << session.compute(steps) << '\n';   // 354: no more of the 10,000 were made
  });
}
