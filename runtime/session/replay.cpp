// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/session/replay.hpp"

#include "runtime/executor/executor.hpp"
#include "runtime/executor/kept_task.hpp"
#include "runtime/transport/first_lines.hpp"

#include <stdexcept>
#include <string_view>

namespace ramal::detail {

namespace {

/// Hears what becomes of the task; nothing else can come of it.
struct HearsResult final : Outlet {
  std::optional<std::string> failed;
  bool is_there = false;
  void send(std::uint32_t, RunId, Slot, const Value& value) override {
    is_there = true;
    if (!value.failed()) return;
    const auto& failure = value.get<Failure>();
    failed = "arguments (" + failure.arguments + "): " + failure.message;
  }
  void enlist(RunId, std::uint32_t, std::vector<std::uint32_t>) override {}
  void join(RunId, std::uint32_t, const Failure*) override {}
  void send_member(std::uint32_t, RunId, MemberName, const Value&) override {}
  void ended(const FrontRun&, const Failure*) override {}
  void announce(ValueId, const Value&) override {}
  void hurry(bool) override {}
};

}  // namespace

std::optional<std::string> file_to_replay(int argc, char** argv) {
  constexpr std::string_view option = "--ramal-replay";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == option && i + 1 < argc) return argv[i + 1];
    if (argument.starts_with(option) && argument.substr(option.size()).starts_with('='))
      return std::string(argument.substr(option.size() + 1));
  }
  return {};
}

int replay(const std::string& file, const Images& images) {
  const auto task = read_kept_task(file, images.digest());
  complain("ramal: replaying the task in " + file);
  HearsResult outlet;
  Executor executor(0, images, outlet, 0);
  executor.keep_inputs();  // so that they can be shown
  executor.run_stolen(task);
  while (!outlet.is_there && executor.run_one()) {
  }
  if (!outlet.is_there)
    throw std::runtime_error("ramal: --ramal-replay: " + file + " holds no task that can run");
  complain(outlet.failed ? "ramal: it failed again, " + *outlet.failed
                         : "ramal: it returned, and did not fail");
  return outlet.failed ? 1 : 0;
}

}  // namespace ramal::detail
