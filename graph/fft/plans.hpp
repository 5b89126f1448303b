// SPDX-License-Identifier: BSD-3-Clause
// FFTW by type, and its plans for single lines, which are kept for the process.
//
// A plan is made by FFTW_ESTIMATE, so that no time that is measured decides on bits, for one line in memory
// of FFTW's alignment. So the bits of a line's transform depend on its length and type, and not on where it
// lies or what is transformed beside it.
#pragma once

#include <fftw3.h>

#include <complex>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>

namespace ramal::detail {

enum class LineTransform : std::int32_t { forward, inverse, from_real, to_real };

/// What FFTW names by type.
template <class Real>
struct Fftw;
#define RAMAL_FFTW(Real, prefix)                                                                       \
  template <>                                                                                          \
  struct Fftw<Real> {                                                                                  \
    using Plan = prefix##plan;                                                                         \
    using Complex = prefix##complex;                                                                   \
    static constexpr auto allocate = &prefix##malloc;                                                  \
    static constexpr auto free = &prefix##free;                                                        \
    static constexpr auto destroy = &prefix##destroy_plan;                                             \
    static constexpr auto alignment = &prefix##alignment_of;                                           \
    static constexpr auto execute = &prefix##execute_dft;                                              \
    static constexpr auto execute_from_real = &prefix##execute_dft_r2c;                                \
    static constexpr auto execute_to_real = &prefix##execute_dft_c2r;                                  \
    static Plan plan(LineTransform kind, std::int64_t n, void* from, void* to) {                       \
      const prefix##iodim64 line{n, 1, 1};                                                             \
      auto* complex_from = static_cast<Complex*>(from);                                                \
      auto* complex_to = static_cast<Complex*>(to);                                                    \
      if (kind == LineTransform::from_real)                                                            \
        return prefix##plan_guru64_dft_r2c(1, &line, 0, nullptr, static_cast<Real*>(from), complex_to, \
                                           FFTW_ESTIMATE);                                             \
      if (kind == LineTransform::to_real)                                                              \
        return prefix##plan_guru64_dft_c2r(1, &line, 0, nullptr, complex_from, static_cast<Real*>(to), \
                                           FFTW_ESTIMATE);                                             \
      return prefix##plan_guru64_dft(1, &line, 0, nullptr, complex_from, complex_to,                   \
                                     kind == LineTransform::forward ? FFTW_FORWARD : FFTW_BACKWARD,    \
                                     FFTW_ESTIMATE);                                                   \
    }                                                                                                  \
  };
RAMAL_FFTW(double, fftw_)
RAMAL_FFTW(float, fftwf_)
#undef RAMAL_FFTW

/// Memory for so many T, aligned as FFTW wants it.
template <class Real, class T>
class Scratch {
 public:
  explicit Scratch(std::int64_t count)
      : memory_(static_cast<T*>(Fftw<Real>::allocate(static_cast<std::size_t>(count) * sizeof(T)))) {
    if (memory_ == nullptr) throw std::bad_alloc();
  }
  T* data() const { return memory_.get(); }

 private:
  struct Free {
    void operator()(T* memory) const { Fftw<Real>::free(memory); }
  };
  std::unique_ptr<T, Free> memory_;
};

/// FFTW's planner is not safe for threads, its execution is: whoever makes or destroys a plan holds this.
std::mutex& planner_mutex();

/// A plan of one line: in place for complex ones, else out of it. May be run in any thread.
template <class Real>
class LinePlan {
 public:
  /// Requires the planner's mutex. `from` and `to` are as lines will lie; they are not touched. Throws
  /// std::runtime_error if FFTW has no plan.
  LinePlan(LineTransform kind, std::int64_t n, void* from, void* to);
  ~LinePlan();
  LinePlan(const LinePlan&) = delete;
  LinePlan& operator=(const LinePlan&) = delete;

  void run(std::complex<Real>* line) const { Fftw<Real>::execute(plan_, as_fftw(line), as_fftw(line)); }
  void run(Real* from, std::complex<Real>* to) const {
    Fftw<Real>::execute_from_real(plan_, from, as_fftw(to));
  }
  /// Leaves anything in `from`.
  void run(std::complex<Real>* from, Real* to) const {
    Fftw<Real>::execute_to_real(plan_, as_fftw(from), to);
  }

 private:
  static auto* as_fftw(std::complex<Real>* line) {
    return reinterpret_cast<typename Fftw<Real>::Complex*>(line);
  }
  typename Fftw<Real>::Plan plan_;
};

/// The plan of such lines: the one that there is, or a new one. As many as 64 are kept, those that were used
/// last. Any thread.
template <class Real>
std::shared_ptr<const LinePlan<Real>> line_plan(LineTransform kind, std::int64_t n, void* from, void* to);

}  // namespace ramal::detail
