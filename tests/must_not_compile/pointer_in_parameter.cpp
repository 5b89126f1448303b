// expect: ramal: this structure has a pointer, a string_view, a span or the like among its members
// expect: Window
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

struct Window {
#ifdef FIXED
  std::vector<double> numbers;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& numbers;
  }
#else
  const double* numbers;
  long size;
#endif
};
double first(const Window& window) { return window.numbers[0]; }
auto seen = ramal::delayed<first>(Window{});
