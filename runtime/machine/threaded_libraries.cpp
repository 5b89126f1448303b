// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/machine/threaded_libraries.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>

namespace ramal::detail {

namespace {

template <class Function>
void find(Function*& function, const char* name) {
  function = reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

bool says_otherwise(std::initializer_list<const char*> variables) {
  return std::ranges::any_of(variables, [](const char* name) { return std::getenv(name) != nullptr; });
}

}  // namespace

ThreadedLibraries::ThreadedLibraries() {
  find(get_openmp_, "omp_get_max_threads");
  find(set_openmp_, "omp_set_num_threads");
  find(set_mkl_, "MKL_Set_Num_Threads_Local");
  find(get_blis_, "bli_thread_get_num_threads");
  find(set_blis_, "bli_thread_set_num_threads");
  find(get_openblas_, "openblas_get_num_threads");
  find(set_openblas_, "openblas_set_num_threads");
}

void ThreadedLibraries::share_cores() const {
  if (set_openmp_ != nullptr && !says_otherwise({"OMP_NUM_THREADS"})) set_openmp_(1);
  if (set_mkl_ != nullptr && !says_otherwise({"MKL_NUM_THREADS", "OMP_NUM_THREADS"})) set_mkl_(1);
  if (set_blis_ != nullptr && !says_otherwise({"BLIS_NUM_THREADS", "OMP_NUM_THREADS"})) set_blis_(1);
  if (set_openblas_ != nullptr &&
      !says_otherwise({"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"}))
    set_openblas_(1);
}

ThreadedLibraries::Threads ThreadedLibraries::set(int count, bool alone) const {
  Threads before;
  if (get_openmp_ != nullptr && set_openmp_ != nullptr) {
    before.openmp = get_openmp_();
    set_openmp_(count);
  }
  if (set_mkl_ != nullptr) before.mkl = set_mkl_(count);
  if (alone && get_blis_ != nullptr && set_blis_ != nullptr) {
    before.blis = std::max<std::int64_t>(1, get_blis_());  // -1 where nobody has set it
    set_blis_(count);
  }
  if (alone && get_openblas_ != nullptr && set_openblas_ != nullptr) {
    before.openblas = get_openblas_();
    set_openblas_(count);
  }
  return before;
}

void ThreadedLibraries::restore(const Threads& threads) const {
  if (threads.openmp > 0) set_openmp_(threads.openmp);
  if (set_mkl_ != nullptr) set_mkl_(threads.mkl);  // 0: as many as the whole process
  if (threads.blis > 0) set_blis_(threads.blis);
  if (threads.openblas > 0) set_openblas_(threads.openblas);
}

}  // namespace ramal::detail
