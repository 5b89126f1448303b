// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/error.hpp>
#include <ramal/session.hpp>

#include "runtime/executor/exceptions.hpp"

namespace ramal {

namespace {

std::string describe(const TaskError::Details& details) {
  std::string text = "ramal: task " + details.task;
  if (details.line != 0) text += " (called at " + details.file + ":" + std::to_string(details.line) + ")";
  text += " failed on rank " + std::to_string(details.rank);
  if (!details.host.empty()) text += " (" + details.host + ")";
  return text + ", arguments (" + details.arguments + "): " + details.message;
}

}  // namespace

std::string detail::message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (...) {
    return current_message();
  }
}

TaskError::TaskError(Details details) : std::runtime_error(describe(details)), details_(std::move(details)) {}

}  // namespace ramal
