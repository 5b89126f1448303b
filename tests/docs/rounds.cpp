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

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    const auto blocks = ramal::map<make>(std::vector<long>{0, 1, 2, 3, 4, 5, 6, 7});
    session.persist(blocks);   // the numbers stay where they are made
    double low = 0, high = 1;
    while (high - low > 1e-9) {
      const double middle = (low + high) / 2;
      const auto below = ramal::reduce<add>(ramal::map<count_below>(blocks, middle));
      const long count = session.compute(below);   // one number comes back
      (count < 4000 ? low : high) = middle;        // and decides what is asked next
    }
    std::cout << low << '\n';   // 0.249913: the median of 8000 numbers
  });
}
