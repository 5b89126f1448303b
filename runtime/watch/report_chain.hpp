// SPDX-License-Identifier: BSD-3-Clause
// The critical path of a run, as far as its trace tells. A trace does not say which task needs which. So the
// path leads back from the task that ended last: what a task, or a message that left, came after is what had
// ended last before it on that rank, a task or a message that brings work; but if the worker went from one
// task to the next at once, the one before. Where it is a message, it goes on where that was sent. So it is
// the chain of what happened last (as in backward replay, Böhme et al., "Identifying the root causes of wait
// states in large-scale parallel applications", 2010); the time between its links is when nothing that is in
// the trace held it up.
#pragma once

#include "runtime/watch/report_data.hpp"

namespace ramal::detail {

struct PathLink {
  static constexpr std::uint32_t none = ~0U;
  std::uint32_t slice = none;  ///< a task's place
  std::uint32_t flow = none;   ///< or a message's
};

/// In the order of time. Empty if there are no tasks. O(log n) a link.
std::vector<PathLink> critical_chain(const ReportData& data);

}  // namespace ramal::detail
