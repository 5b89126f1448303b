// SPDX-License-Identifier: BSD-3-Clause
#include "tasks.hpp"

#include <numeric>

long square(long x) { return x * x; }
long cube(long x) { return x * x * x; }
long mean(const std::vector<long>& values) {
  return std::accumulate(values.begin(), values.end(), 0L) / static_cast<long>(values.size());
}

namespace {
ramal::Delayed<long> sum(long n, const auto& of) {
  std::vector<ramal::Delayed<long>> terms;
  for (long i = 1; i <= n; ++i) terms.push_back(of(i));
  return ramal::reduce<add>(terms);
}
}  // namespace

ramal::Delayed<long> sum_of_squares(long n) { return sum(n, ramal::delayed<square>); }
ramal::Delayed<long> sum_of_shifted(long n, long by) {
  return sum(n, ramal::delay([by](long x) { return x + by; }));
}
ramal::Delayed<std::vector<long>> one_to_three() { return ramal::value(std::vector<long>{1, 2, 3}); }
