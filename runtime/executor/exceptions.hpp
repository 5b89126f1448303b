// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace ramal::detail {

/// What the exception being handled says, std or not, and behind it what those say that it was thrown with
/// (`std::throw_with_nested`). To be called from a catch block.
std::string current_message();

}  // namespace ramal::detail
