// SPDX-License-Identifier: BSD-3-Clause
// Descriptor: an open file of the system, closed with its owner.
//
// The layers above share it. graph itself, which has no input or output, does not use it.
#pragma once

#include <unistd.h>

#include <utility>

namespace ramal::detail {

class Descriptor {
 public:
  /// Takes over what `open` or `pipe` returned; below 0: none.
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  /// False, with errno, if what was written may not be there.
  bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

}  // namespace ramal::detail
