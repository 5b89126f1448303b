// expect: ramal: this structure has a pointer, a string_view, a span or the like among its members
// expect: Node
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

struct Node {
  int number;
#ifdef FIXED
  int next;
#else
  Node* next;
#endif
};
auto shared = ramal::value(Node{1, {}});
