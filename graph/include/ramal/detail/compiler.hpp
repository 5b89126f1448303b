// SPDX-License-Identifier: BSD-3-Clause
// What Ramal needs of a compiler. Every public header includes this before anything else, so that an older
// one says so in one error, and ends there, instead of in pages about what it does not understand.
#pragma once

#if __cplusplus < 202002L
#error \
    "Ramal needs C++20, which this compiler was not asked for or does not know: -std=c++20 with GCC 12 or Clang 16"
#define RAMAL_REFUSED
#elif defined(__apple_build_version__) || defined(__NVCOMPILER)
// Their versions are counted otherwise.
#elif defined(__clang__)
#if __clang_major__ < 16
#pragma message("this compiler is " __VERSION__)
#error "Ramal needs Clang 16 or newer, or GCC 12 or newer; this is an older Clang"
#define RAMAL_REFUSED
#endif
#elif defined(__GNUC__) && __GNUC__ < 12
#pragma message("this compiler is GCC " __VERSION__)
#error "Ramal needs GCC 12 or newer, or Clang 16 or newer; this is an older GCC"
#define RAMAL_REFUSED
#endif

#ifdef RAMAL_REFUSED
#include <no file, but the end: see the error before this one>  // Compilers go on after an error, but not after this.
#endif
