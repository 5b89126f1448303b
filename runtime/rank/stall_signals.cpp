// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/rank/stall_signals.hpp"

#include "runtime/machine/clock.hpp"
#include "runtime/machine/machine.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <mutex>

namespace ramal::detail {

namespace {

// Of all ranks of this process.
std::array<std::atomic<StallSignals*>, 256> all_signals;
pid_t stall_process = 0;

void hear_stall_signal(int, siginfo_t* info, void*) {
  const int error = errno;
  if (getpid() == stall_process) {
    if (info->si_code == SI_TIMER) {
      if (StallSignals* one = StallSignals::find(info->si_value.sival_ptr)) one->hear_timer();
    } else {
      StallSignals::for_each([](StallSignals& one) { one.hear_question(); });
    }
  }
  errno = error;
}

/// The handler is there, and stays: a question that comes too late must not kill the process.
bool take_signal() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  struct sigaction found {};
  if (sigaction(SIGUSR2, nullptr, &found) != 0) return false;
  const bool is_ours = (found.sa_flags & SA_SIGINFO) != 0 && found.sa_sigaction == hear_stall_signal;
  if (is_ours) return true;
  if ((found.sa_flags & SA_SIGINFO) != 0 || found.sa_handler != SIG_DFL) return false;
  stall_process = getpid();
  struct sigaction ours {};
  ours.sa_sigaction = hear_stall_signal;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&ours.sa_mask);
  return sigaction(SIGUSR2, &ours, nullptr) == 0;
}

}  // namespace

StallSignals* StallSignals::find(const void* one) {
  for (const auto& place : all_signals) {
    StallSignals* const own = place.load();
    if (own != nullptr && own == one) return own;
  }
  return nullptr;
}

void StallSignals::for_each(void (*use)(StallSignals& one)) {
  for (const auto& place : all_signals) {
    if (StallSignals* one = place.load()) use(*one);
  }
}

StallSignals::StallSignals(int rank, double seconds, const std::string& folder)
    : rank_(rank),
      seconds_(seconds),
      prefix_("ramal: rank " + std::to_string(rank) + " (" + host_name() + ", process " +
              std::to_string(process_id()) + "): "),
      path_(folder.empty() ? "" : folder + "/rank-" + std::to_string(rank) + ".txt"),
      pumped_(now_seconds()) {
  if (!path_.empty()) ::unlink(path_.c_str());  // an earlier run's
  if (!take_signal()) return;
  for (auto& place : all_signals) {
    StallSignals* none = nullptr;
    if (place.compare_exchange_strong(none, this)) break;
  }
  if (seconds_ == 0) return;
  sigevent event{};
  event.sigev_signo = SIGUSR2;
  event.sigev_value.sival_ptr = this;
#if defined(SIGEV_THREAD_ID) && defined(__GLIBC__)
  event.sigev_notify = SIGEV_THREAD_ID;  // the rank's own thread, which is inside the task
  event._sigev_un._tid = gettid();
#else
  event.sigev_notify = SIGEV_SIGNAL;
#endif
  has_timer_ = timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
  put_off();
}

StallSignals::~StallSignals() {
  if (has_timer_) timer_delete(timer_);
  for (auto& place : all_signals) {
    StallSignals* own = this;
    place.compare_exchange_strong(own, nullptr);
  }
}

void StallSignals::put_off() {
  if (!has_timer_) return;
  itimerspec once{};
  once.it_value.tv_sec = static_cast<time_t>(seconds_);
  once.it_value.tv_nsec = static_cast<long>((seconds_ - static_cast<double>(once.it_value.tv_sec)) * 1e9);
  timer_settime(timer_, 0, &once, nullptr);
}

void StallSignals::disarm() {
  const itimerspec never{};
  if (has_timer_) timer_settime(timer_, 0, &never, nullptr);
}

void StallSignals::write(std::string_view lines) {
  int file = STDERR_FILENO;
  if (!path_.empty()) file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) file = STDERR_FILENO;
  while (!lines.empty()) {
    const auto written = ::write(file, lines.data(), lines.size());
    if (written > 0) {
      lines.remove_prefix(static_cast<std::size_t>(written));
    } else if (written < 0 && errno != EINTR && errno != EAGAIN) {
      break;  // nobody can be told
    }
  }
  if (file != STDERR_FILENO) ::close(file);
}

bool StallSignals::is_first(const Kind* kind) {
  for (auto& place : told_) {
    const Kind* none = nullptr;
    if (place.compare_exchange_strong(none, kind)) return true;
    if (none == kind) return false;
  }
  return false;
}

/// Before it the thread moved messages, but for a few short tasks.
void StallSignals::tell_own(const RunningTask& task, double now) {
  const Kind* kind = task.kind.load(std::memory_order_relaxed);
  if (kind == nullptr) return;
  SignalText line;
  line << prefix_ << "inside task " << kind->name;
  tell_origin(line, task);
  line << " for " << static_cast<std::int64_t>(now - pumped_.load(std::memory_order_relaxed)) << " s\n";
  write(line.view());
}

/// Whoever moves messages is stuck, and this is another thread: what is known without a lock.
void StallSignals::tell_all(double now) {
  struct Lines {
    StallSignals& own;
    std::int64_t seconds;
  } lines{*this, static_cast<std::int64_t>(now - pumped_.load(std::memory_order_relaxed))};
  for_each_running(
      [](const RunningTask& one, void* to) {
        auto& [own, seconds] = *static_cast<Lines*>(to);
        const Kind* kind = one.kind.load(std::memory_order_relaxed);
        if (kind == nullptr || one.teller->rank() != own.rank_ || !own.is_first(kind)) return;
        SignalText line;
        line << own.prefix_ << "moves no messages, and is inside task " << kind->name << ", for " << seconds
             << " s\n";
        own.write(line.view());
      },
      &lines);
}

void StallSignals::hear_timer() {
  const RunningTask* task = this_thread_runs;
  const Kind* kind = task != nullptr ? task->kind.load(std::memory_order_relaxed) : nullptr;
  if (kind == nullptr) {
    tell_all(now_seconds());
  } else if (is_first(kind)) {
    tell_own(*task, now_seconds());
  }
}

void StallSignals::hear_question() {
  is_asked_.store(true);
  const RunningTask* task = this_thread_runs;
  const bool is_own = task != nullptr && task->kind.load(std::memory_order_relaxed) != nullptr &&
                      task->teller->rank() == rank_;
  if (is_own) tell_own(*task, now_seconds());
}

std::string StallSignals::inside_line(const Standing::Inside& one) const {
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.0f", one.seconds);
  return prefix_ + "inside task " + one.task + " for " + seconds + " s\n";
}

void StallSignals::write_everywhere(const std::string& lines) {
  write(lines);
  if (path_.empty()) return;
  static_cast<void>(!::write(STDERR_FILENO, lines.data(), lines.size()));
}

}  // namespace ramal::detail
