// expect: ramal: rfft and rfftn are for real numbers
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/fft.hpp>

#ifdef FIXED
auto made = ramal::fft::rfft(ramal::zeros<double>({2, 2}));
#else
auto made = ramal::fft::rfft(ramal::zeros<std::complex<double>>({2, 2}));
#endif
