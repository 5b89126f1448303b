#include <ramal/ramal.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>

using Numbers = ramal::Block<double>;

Numbers make(long i) {
  Numbers numbers({1000});
  for (std::size_t k = 0; k < 1000; ++k) {
    const double x = 0.6180339887 * (1000.0 * static_cast<double>(i) + static_cast<double>(k));
    numbers(k) = std::pow(x - std::floor(x), 2);
  }
  return numbers;
}
long count_below(const Numbers& numbers, double limit) {
  return std::count_if(numbers.begin(), numbers.end(), [limit](double x) { return x < limit; });
}
long add(long a, long b) { return a + b; }
double next_low(double low, double middle, long below) { return below < 4000 ? middle : low; }
double next_high(double high, double middle, long below) { return below < 4000 ? high : middle; }

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    using ramal::delayed, ramal::Delayed;
    const auto numbers = ramal::family<make>(8);
    session.persist(numbers);
    const auto [low, high] = ramal::iterate(100, [&](Delayed<double> low, Delayed<double> high) {
      const auto middle = (low + high) / 2.0;
      const auto below = ramal::reduce<add>(ramal::map<count_below>(numbers, middle));
      const auto lower = delayed<next_low>(low, middle, below);
      const auto upper = delayed<next_high>(high, middle, below);
      return ramal::next(lower, upper).until(upper - lower <= 1e-9);
    }, 0.0, 1.0);
    std::cout << session.compute(low) << '\n';   // 0.249913, after 30 steps without a word to the program
  });
}
