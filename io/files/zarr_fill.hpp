// SPDX-License-Identifier: BSD-3-Clause
// The value of elements that are in no chunk, as an element's bytes.
#pragma once

#include "io/files/json.hpp"

namespace ramal::detail {

/// As both formats write it: a number, a bool, two numbers for a complex one, "NaN", "Infinity", "-Infinity",
/// or in format 3 the bits of a floating-point number, "0x…". Throws FileError for what the type cannot hold.
std::string fill_bytes(const Json& value, const ElementType& type, const JsonObject& in);

}  // namespace ramal::detail
