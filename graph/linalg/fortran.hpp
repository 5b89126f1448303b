// SPDX-License-Identifier: BSD-3-Clause
// The routines of BLAS and LAPACK that are called, by their Fortran names, as templates over the type of the
// elements: `Fortran<double>::gemm` is dgemm. Matrices are column-major there.
#pragma once

#include <complex>
#include <cstddef>

namespace ramal::detail {

/// What Fortran calls INTEGER.
using FortranInt = int;
/// Behind the arguments stand the lengths of those that are characters, one of each.
using FortranLength = std::size_t;

#define RAMAL_FORTRAN_T(p, T)                                                                                \
  void p##gemm_(const char*, const char*, const FortranInt*, const FortranInt*, const FortranInt*, const T*, \
                const T*, const FortranInt*, const T*, const FortranInt*, const T*, T*, const FortranInt*,   \
                FortranLength, FortranLength);                                                               \
  void p##gemv_(const char*, const FortranInt*, const FortranInt*, const T*, const T*, const FortranInt*,    \
                const T*, const FortranInt*, const T*, T*, const FortranInt*, FortranLength);                \
  void p##trsm_(const char*, const char*, const char*, const char*, const FortranInt*, const FortranInt*,    \
                const T*, const T*, const FortranInt*, T*, const FortranInt*, FortranLength, FortranLength,  \
                FortranLength, FortranLength);                                                               \
  void p##potrf_(const char*, const FortranInt*, T*, const FortranInt*, FortranInt*, FortranLength);         \
  void p##getrf_(const FortranInt*, const FortranInt*, T*, const FortranInt*, FortranInt*, FortranInt*);     \
  void p##laswp_(const FortranInt*, T*, const FortranInt*, const FortranInt*, const FortranInt*,             \
                 const FortranInt*, const FortranInt*);                                                      \
  void p##gelqf_(const FortranInt*, const FortranInt*, T*, const FortranInt*, T*, T*, const FortranInt*,     \
                 FortranInt*);
#define RAMAL_FORTRAN_Q(name, T)                                                                          \
  void name(const FortranInt*, const FortranInt*, const FortranInt*, T*, const FortranInt*, const T*, T*, \
            const FortranInt*, FortranInt*);
#define RAMAL_FORTRAN_SVD(name, T, ...) \
  void name(const char*, const FortranInt*, const FortranInt*, T*, const FortranInt*, __VA_ARGS__);

extern "C" {
RAMAL_FORTRAN_T(s, float)
RAMAL_FORTRAN_T(d, double)
RAMAL_FORTRAN_T(c, std::complex<float>)
RAMAL_FORTRAN_T(z, std::complex<double>)
RAMAL_FORTRAN_Q(sorglq_, float)
RAMAL_FORTRAN_Q(dorglq_, double)
RAMAL_FORTRAN_Q(cunglq_, std::complex<float>)
RAMAL_FORTRAN_Q(zunglq_, std::complex<double>)
#define RAMAL_SVD_REAL(T)                                                                            \
  T*, T*, const FortranInt*, T*, const FortranInt*, T*, const FortranInt*, FortranInt*, FortranInt*, \
      FortranLength
#define RAMAL_SVD_COMPLEX(T)                                                                      \
  T*, std::complex<T>*, const FortranInt*, std::complex<T>*, const FortranInt*, std::complex<T>*, \
      const FortranInt*, T*, FortranInt*, FortranInt*, FortranLength
RAMAL_FORTRAN_SVD(sgesdd_, float, RAMAL_SVD_REAL(float))
RAMAL_FORTRAN_SVD(dgesdd_, double, RAMAL_SVD_REAL(double))
RAMAL_FORTRAN_SVD(cgesdd_, std::complex<float>, RAMAL_SVD_COMPLEX(float))
RAMAL_FORTRAN_SVD(zgesdd_, std::complex<double>, RAMAL_SVD_COMPLEX(double))
#undef RAMAL_SVD_REAL
#undef RAMAL_SVD_COMPLEX
}
#undef RAMAL_FORTRAN_T
#undef RAMAL_FORTRAN_Q
#undef RAMAL_FORTRAN_SVD

template <class T>
struct Fortran;
#define RAMAL_FORTRAN(T, p, unitary)               \
  template <>                                      \
  struct Fortran<T> {                              \
    static constexpr auto gemm = &p##gemm_;        \
    static constexpr auto gemv = &p##gemv_;        \
    static constexpr auto trsm = &p##trsm_;        \
    static constexpr auto potrf = &p##potrf_;      \
    static constexpr auto getrf = &p##getrf_;      \
    static constexpr auto laswp = &p##laswp_;      \
    static constexpr auto gelqf = &p##gelqf_;      \
    static constexpr auto make_q = &p##unitary##_; \
    static constexpr auto gesdd = &p##gesdd_;      \
  };
RAMAL_FORTRAN(float, s, orglq)
RAMAL_FORTRAN(double, d, orglq)
RAMAL_FORTRAN(std::complex<float>, c, unglq)
RAMAL_FORTRAN(std::complex<double>, z, unglq)
#undef RAMAL_FORTRAN

}  // namespace ramal::detail
