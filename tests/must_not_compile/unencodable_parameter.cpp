// expect: ramal: this parameter's type cannot be encoded, so it cannot travel to another rank
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

#include <memory>

struct Tree {
#ifdef FIXED
  std::vector<int> nodes;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar & nodes;
  }
#else
  std::unique_ptr<int> node;
#endif
};
int depth(const Tree&) { return 1; }
auto d = ramal::delayed<depth>(Tree{});
