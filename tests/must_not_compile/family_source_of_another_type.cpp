// expect: ramal: a source is of another type than the function's parameter for it, which takes
// expect: one T or Inputs<T> of a family of T: map it to that type first
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/family.hpp>

long start(long i) { return i; }
#ifdef FIXED
double next(const ramal::Index&, long x) { return static_cast<double>(x); }
#else
double next(const ramal::Index&, double x) { return x; }
#endif
constexpr auto own = [](const ramal::Index& place, ramal::Reads& reads) { reads(0, place); };
auto made = ramal::family<next>(4, own, ramal::family<start>(4));
