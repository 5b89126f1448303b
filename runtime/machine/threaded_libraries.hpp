// SPDX-License-Identifier: BSD-3-Clause
// Libraries that the program brought and that use several threads in one call: OpenMP, OpenBLAS, MKL and
// BLIS. Found by the names of their functions, since the runtime depends on none of them.
#pragma once

#include <cstdint>

namespace ramal::detail {

class ThreadedLibraries {
 public:
  /// How many threads a call may use; 0 of a library that is not there.
  struct Threads {
    int openmp = 0;
    int mkl = 0;
    std::int64_t blis = 0;
    int openblas = 0;
  };

  ThreadedLibraries();
  /// The calling thread runs tasks beside others: one thread each, unless the user's environment says
  /// otherwise.
  void share_cores() const;
  /// From here on calls of this thread may use so many; returns what it was. OpenBLAS with threads of
  /// its own has one number for the whole process, and so has BLIS in some versions: these are changed only
  /// if this thread is `alone`.
  Threads set(int count, bool alone) const;
  void restore(const Threads& threads) const;
  /// OpenMP's number for the calling thread; 0 without OpenMP.
  int openmp_threads() const { return get_openmp_ != nullptr ? get_openmp_() : 0; }

 private:
  int (*get_openmp_)();
  void (*set_openmp_)(int);
  int (*set_mkl_)(int);  // of this thread; returns what it was
  std::int64_t (*get_blis_)();
  void (*set_blis_)(std::int64_t);
  int (*get_openblas_)();
  void (*set_openblas_)(int);
};

}  // namespace ramal::detail
