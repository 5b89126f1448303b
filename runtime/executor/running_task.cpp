// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/running_task.hpp"

#include <ramal/detail/engine.hpp>
#include <ramal/this_task.hpp>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace ramal {

namespace {

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): neighbouring numbers get unlike ones.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::array<std::atomic<detail::RunningTask*>, 1024> all_running;
std::atomic<int> lookers{0};

}  // namespace

detail::RunningTask::RunningTask() {
  for (auto& place : all_running) {
    RunningTask* none = nullptr;
    if (place.compare_exchange_strong(none, this)) return;
  }
}

/// Whoever looks must not find it gone. A handler in this very thread has returned before this goes on.
detail::RunningTask::~RunningTask() {
  for (auto& place : all_running) {
    RunningTask* own = this;
    if (!place.compare_exchange_strong(own, nullptr)) continue;
    while (lookers.load() > 0) std::this_thread::yield();
    return;
  }
}

void detail::for_each_running(void (*look)(const RunningTask& one, void* about), void* about) {
  lookers.fetch_add(1);
  for (const auto& place : all_running) {
    if (const RunningTask* one = place.load()) look(*one, about);
  }
  lookers.fetch_sub(1);
}

void detail::tell_origin(SignalText& text, const RunningTask& task) {
  const TaskOrigin origin = task.origin();
  if (origin.place) {
    text << "[";
    for (int d = 0; d < origin.place->dims; ++d) text << (d > 0 ? ", " : "") << (*origin.place)[d];
    text << "]";
  }
  if (origin.site.line != 0) text << " (called at " << origin.site.file << ":" << origin.site.line << ")";
}

void detail::refuse_inside_a_task(const char* call) {
  const Kind* kind = running_kind();
  if (kind == nullptr) return;
  throw std::logic_error(
      "ramal: " + std::string(call) + " was called inside the task " + std::string(kind->name) +
      ", which may run on any rank, where there is no session; call it in the program that "
      "is given to ramal::run, round by round if what is to run depends on results");
}

TaskInfo this_task() {
  const detail::Kind* kind = detail::running_kind();
  if (kind == nullptr)
    throw std::logic_error(
        "ramal: this_task was called where no task runs, or in a thread that a task has started");
  const detail::RunningTask& me = *detail::this_thread_runs;
  const detail::TaskOrigin origin = me.origin();
  return {.name = kind->name,
          .rank = me.teller->rank(),
          .file = origin.site.file,
          .line = origin.site.line,
          .attempt = static_cast<int>(origin.attempt),
          .place = origin.place,
          .seed = mixed(mixed(origin.run) ^ origin.plan)};
}

void detail::log_text(const std::string& text) {
  std::string prefix = "ramal: ";
  if (running_kind() != nullptr) {
    const TaskInfo me = this_task();
    prefix = "rank " + std::to_string(me.rank) + ", " + std::string(me.name) +
             (me.place ? me.place->text() : "") + ": ";
  }
  std::string lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (begin < text.size() || begin == 0) lines += prefix + text.substr(begin, end - begin) + '\n';
    begin = end + 1;
  }
  // By the system, not by stdio, which could cut it in pieces.
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  for (std::size_t done = 0; done < lines.size();) {
    const auto written = ::write(STDERR_FILENO, lines.data() + done, lines.size() - done);
    if (written > 0) {
      done += static_cast<std::size_t>(written);
    } else if (written < 0 && errno != EINTR && errno != EAGAIN) {
      return;  // nobody can be told
    }
  }
}

}  // namespace ramal
