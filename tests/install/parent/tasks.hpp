// SPDX-License-Identifier: BSD-3-Clause
// Tasks of a library: some are called from it alone, some from the program alone, some from both.
#pragma once

#include <ramal/ramal.hpp>

long square(long x);
long cube(long x);
long mean(const std::vector<long>& values);
inline long add(long x, long y) { return x + y; }

ramal::Delayed<long> sum_of_squares(long n);
ramal::Delayed<long> sum_of_shifted(long n, long by);
ramal::Delayed<std::vector<long>> one_to_three();
