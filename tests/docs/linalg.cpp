#include <ramal/linalg.hpp>
#include <ramal/ramal.hpp>
#include <iostream>

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [](ramal::Session& session) {
    // Noisy samples of a polynomial, and the one that is nearest to them.
    const auto x = ramal::linspace(-1, 1, 100'000, true, {10'000});
    const auto y = 2.0 - 3.0 * x + 0.5 * x * x + ramal::random_normal<double>(1, {100'000}, 0, 0.1, {10'000});
    const auto powers = ramal::stack<double>({x * 0 + 1, x, x * x}, 1);
    const auto best = ramal::lstsq(powers, y);

    // The same by the normal equations.
    const auto gram = ramal::matmul(powers.transpose(), powers);
    const auto right = ramal::matmul(powers.transpose(), ramal::Array<double>(y));
    const auto solved = ramal::solve(gram, right, {.assume = ramal::positive_definite});

    const auto [coefficients, apart] = session.compute(best, ramal::norm(best - solved));
    std::cout.precision(3);
    std::cout << coefficients(0) << ' ' << coefficients(1) << ' ' << coefficients(2) << '\n';      // 2 -3 0.5
    std::cout << (apart < 1e-9 ? "the same" : "not the same") << " by both ways\n";      // the same by both ways
  });
}
