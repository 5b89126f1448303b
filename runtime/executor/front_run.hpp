// SPDX-License-Identifier: BSD-3-Clause
// A front of a program, on its own rank.
#pragma once

#include "graph/families/expand.hpp"

#include <memory>

namespace ramal::detail {

struct FrontRun {
  RunId program = 0;
  std::int64_t number = 0;
  std::shared_ptr<const Front> front;
  const FamilyProgram* of = nullptr;
  std::int64_t step = 0;  ///< moved on by so many steps
};

}  // namespace ramal::detail
