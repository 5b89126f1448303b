// SPDX-License-Identifier: BSD-3-Clause
// Whether advice is wanted, for code that sees no session.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <atomic>

namespace ramal::detail {

/// The option RAMAL_WARNINGS of the session that began last in this process. Any thread may read it.
inline std::atomic<bool> warnings_wanted{true};

}  // namespace ramal::detail
