// expect: ramal: this structure has a pointer, a string_view, a span or the like among its members
// expect: Named
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

struct Label {
  int size;
#ifdef FIXED
  char text[8];
#else
  std::string_view text;
#endif
};
struct Named {
  double weight[3];
  Label label;
};
Named named(int size) { return {{}, {size, "four"}}; }
auto made = ramal::delayed<named>(4);
