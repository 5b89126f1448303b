// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/arguments.hpp>

#include <cmath>

namespace ramal::detail {

Annotation checked(Annotation wishes) {
  if (!(wishes.cost > 0) || !std::isfinite(wishes.cost)) {
    throw std::invalid_argument("ramal: annotate: expected a positive, finite cost, found " +
                                std::to_string(wishes.cost));
  }
  if (wishes.rank < -1) {
    throw std::invalid_argument("ramal: annotate: expected a rank of 0 or more, found " +
                                std::to_string(wishes.rank));
  }
  if (wishes.threads < 1) {
    throw std::invalid_argument("ramal: annotate: expected 1 thread or more, found " +
                                std::to_string(wishes.threads));
  }
  return wishes;
}

const Task* existing(const Task* task) {
  if (task == nullptr)
    throw std::invalid_argument("ramal: this Delayed was moved from, it names no task any more");
  return task;
}

}  // namespace ramal::detail
