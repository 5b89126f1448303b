// SPDX-License-Identifier: BSD-3-Clause
// One target as libFuzzer calls it: FUZZ_TARGET names it.
#include "tests/fuzz/choices.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ramal::test::FUZZ_TARGET(std::as_bytes(std::span(data, size)));
  return 0;
}
