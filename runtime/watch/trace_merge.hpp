// SPDX-License-Identifier: BSD-3-Clause
// merge_trace: of all ranks' parts one trace in the format of Chrome's trace viewer (JSON trace events),
// which Perfetto reads too.
//
//   process, thread   a rank; a worker of it, and one for messages
//   X                 tasks; a message that leaves or has come
//   s, f              the arrow from the one to the other; only of messages that are known to have come
//   b, e              runs, and large messages from when they begin to come
//   C                 bytes held and kept, tasks that are ready, bytes of large messages that are coming
//
// Times are microseconds since the first rank began, by rank 0's clock. What is known of clocks, and of the
// run (program, options, environment), stands in `otherData`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ramal::detail {

struct MergedTrace {
  std::string file;
  std::uint64_t tasks = 0;
  std::vector<int> missing = {};  ///< ranks without a part of this session that can be read
};

/// Writes FILE of the parts that stand beside it, and removes these. `mark`: of the session whose they are;
/// 0: of the one that rank 0's is of, or else the first. Linear in their size, which may exceed memory.
/// Throws std::system_error if FILE cannot be written, std::runtime_error if there is no part at all, or if
/// FILE ends in .gz and this Ramal was built without zlib; then the parts stay.
MergedTrace merge_trace(const std::string& file, std::uint64_t mark = 0);

}  // namespace ramal::detail
