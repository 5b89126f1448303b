// SPDX-License-Identifier: BSD-3-Clause
// Tasks that have failed, kept in files with their inputs.
#include "runtime/executor/exceptions.hpp"
#include "runtime/executor/executor.hpp"
#include "runtime/executor/kept_task.hpp"
#include "runtime/executor/run.hpp"

#include <unistd.h>

#include <atomic>

namespace ramal::detail {

namespace {

/// A letter, digit, dot, dash or underline; anything else would have to be quoted in a shell.
std::string file_name_of(std::string_view task) {
  std::string name;
  for (const char c : task) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += plain || c == '_' || c == '-' ? c : '.';
  }
  return name;
}

/// For the many tasks that may fail for one reason.
bool is_one_of_few() {
  constexpr int most_kept = 16;
  static std::atomic<int> kept{0};
  return kept.fetch_add(1) < most_kept;
}

}  // namespace

void Executor::keep_failed(const std::string& folder) {
  kept_folder_ = folder;
  if (!folder.empty()) keep_inputs();  // or there would be nothing left to keep
}

std::string Executor::keep_task(const void* its_run, std::uint64_t its_slot) const {
  const Run& run = *static_cast<const Run*>(its_run);
  const auto slot = static_cast<Slot>(its_slot);
  const Kind& kind = *run.kinds[run.graph.kind[slot]];
  if (kept_folder_.empty() || !is_one_of_few()) return {};
  if (kind.is_bound_to_participants()) return "it is a collective task, which is not kept";
  try {
    if (!bytes_to_give(run, slot)) return "its inputs cannot be encoded, so it is not kept";
    const Buffer task = pack(run, std::span(&slot, 1));
    const std::string file = kept_folder_ + "/" + file_name_of(kind.name) + "-run" +
                             std::to_string(home_run(run)) + "-task" + std::to_string(plan_of(run, slot)) +
                             ".task";
    write_kept_task(file, images_.digest(), task.view());
    return "to run it alone, give the program --ramal-replay " + file;
  } catch (...) {
    return "it could not be kept: " + current_message();
  }
}

}  // namespace ramal::detail
