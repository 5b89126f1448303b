// expect: ramal: a class with serialize() must have a default constructor
// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/delayed.hpp>

struct Name {
#ifdef FIXED
  Name() = default;
#endif
  explicit Name(std::string text) : text_(std::move(text)) {}
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar & text_;
  }
  std::string text_;
};
std::size_t size(const Name& name) { return name.text_.size(); }
auto n = ramal::delayed<size>(Name("x"));
