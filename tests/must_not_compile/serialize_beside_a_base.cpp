// expect: ramal: this class has no serialize() of its own, only a base has
// expect: archive & static_cast<Base&>(*this)
// expect: Derived
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

struct Base {
  int a = 1;
};
template <class Archive>
void serialize(Archive& archive, Base& base, unsigned) {
  archive& base.a;
}
struct Derived : Base {
  std::string b;
};
#ifdef FIXED
template <class Archive>
void serialize(Archive& archive, Derived& derived, unsigned) {
  archive& static_cast<Base&>(derived) & derived.b;
}
#endif
Derived make(int i) { return {{i}, "here"}; }
auto made = ramal::delayed<make>(1);
