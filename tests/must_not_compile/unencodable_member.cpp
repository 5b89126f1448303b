// expect: ramal: this member cannot be encoded; give its class a serialize() function
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#include <functional>

struct Tree {
#ifdef FIXED
  std::optional<int> node;
#else
  std::function<int()> node;
#endif
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar & node;
  }
};
int depth(const Tree&) { return 1; }
auto d = ramal::delayed<depth>(Tree{});
