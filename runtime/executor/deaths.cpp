// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/deaths.hpp"

#include "runtime/executor/exceptions.hpp"
#include "runtime/executor/failure.hpp"
#include "runtime/executor/running_task.hpp"
#include "runtime/machine/backtrace.hpp"
#include "runtime/machine/machine.hpp"
#include "runtime/machine/signal_stack.hpp"
#include "runtime/machine/signal_text.hpp"

#include <dlfcn.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <exception>

namespace ramal::detail {

namespace {

struct Deadly {
  int signal;
  const char* name;
  struct sigaction before = {};
  bool is_ours = false;
};
std::array<Deadly, 5> deadly{
    {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"}}};

// Of the run that is under way. Written before the handlers are there.
int own_rank = -1;
pid_t own_pid = 0;
char own_host[256];
DeathReports::EndAll end_all_of_run = nullptr;
const void* world_of_run = nullptr;
std::atomic<bool> is_under_way{false};

std::terminate_handler terminate_before = nullptr;
char terminated_by[512];  // what std::terminate was called for

// The process dies once, in one thread; what goes wrong while that tells of it is skipped.
std::atomic<pid_t> dying_thread{0};
volatile sig_atomic_t is_at_risk = 0;
sigjmp_buf after_the_risk;
SignalText death_line;
Backtrace backtrace_of_death;

template <class Action>
void at_risk(const Action& action) {
  if (sigsetjmp(after_the_risk, 1) == 0) {
    is_at_risk = 1;
    action();
  }
  is_at_risk = 0;
}

void begin_line() {
  death_line.clear();
  death_line << "ramal: ";
  const RunningTask* task = this_thread_runs;
  const bool tells = own_rank < 0 && task != nullptr && task->kind.load(std::memory_order_relaxed) != nullptr;
  if (const int rank = tells ? task->teller->rank() : own_rank; rank >= 0)
    death_line << "rank " << rank << " ";
  death_line << "(" << own_host << ", process " << std::int64_t{own_pid} << ")";
}

const char* cause_of(int signal, const siginfo_t& info) {
  if (info.si_code <= 0) return "";  // somebody has sent it
  switch (signal) {
    case SIGFPE:
      return info.si_code == FPE_INTDIV ? " (an integer division by zero, or one whose result does not fit)"
                                        : " (a floating-point exception that is not masked)";
    case SIGILL:
      return " (an instruction that this processor does not have)";
    case SIGBUS:
      return " (memory that is not there, as behind the end of a mapped file)";
    default:
      return "";
  }
}

void tell_address(const siginfo_t& info) {
  if (info.si_code <= 0) return;
  const auto address = reinterpret_cast<std::uintptr_t>(info.si_addr);
  if (SignalStack::has_overflowed(address)) {
    death_line
        << " (the stack has overflowed: too deep a recursion, or too large local variables; ulimit -s, or "
           "OMP_STACKSIZE, makes it larger)";
  } else if (info.si_code == SEGV_MAPERR) {
    death_line << " (nothing is at address " << SignalText::Hex{address} << ")";
  } else if (info.si_code == SEGV_ACCERR) {
    death_line << " (no right to use address " << SignalText::Hex{address} << " so)";
  }
}

/// Behind "inside ": the calling thread's task, or those of others.
void tell_where() {
  const RunningTask* task = this_thread_runs;
  const Kind* kind = task != nullptr ? task->kind.load(std::memory_order_relaxed) : nullptr;
  if (kind != nullptr) {
    death_line << " inside task " << kind->name;
    at_risk([&] { tell_origin(death_line, *task); });
    return;
  }
  death_line << " outside of tasks, or in a thread that one has started";
  int count = 0;
  for_each_running(
      [](const RunningTask& one, void* counted) {
        if (const Kind* its = one.kind.load(std::memory_order_relaxed))
          death_line << ((*static_cast<int*>(counted))++ == 0 ? "; tasks under way here: " : ", ")
                     << its->name;
      },
      &count);
}

/// In the copy: needs the heap, and runs what users' types show themselves by.
void tell_arguments(void*) {
  const RunningTask& task = *this_thread_runs;
  const Kind& kind = *task.kind.load(std::memory_order_relaxed);
  const std::string shown = shown_arguments(kind, *task.frame);
  begin_line();
  death_line << ": arguments (" << shown << ")";
  death_line.write_line(STDERR_FILENO);
}

/// The same: encodes its inputs.
void tell_kept(void*) {
  const RunningTask& task = *this_thread_runs;
  const std::string kept = task.teller->keep_task(task.run.load(), task.slot.load());
  if (kept.empty()) return;
  begin_line();
  death_line << ": " << kept;
  death_line.write_line(STDERR_FILENO);
}

/// What calls a task's function is of no interest.
Backtrace::Line judge_function(std::string_view function) {
  for (const char* ours : {"ramal::detail::call_into<", "ramal::detail::read_and_call<",
                           "ramal::detail::Executor::", "ramal::detail::SerialEngine::"}) {
    if (function.find(ours) != std::string_view::npos) return Backtrace::Line::end;
  }
  for (const char* between : {"std::__invoke", "std::invoke<", "::hear_terminate()"}) {
    if (function.find(between) != std::string_view::npos) return Backtrace::Line::left_out;
  }
  return Backtrace::Line::shown;
}

void tell_backtrace(bool asks_addr2line) {
  begin_line();
  const SignalText prefix = death_line << ": ";
  backtrace_of_death.write(prefix.view(), asks_addr2line, judge_function);
}

/// Where the thread was when the signal came; 0: not known.
std::uintptr_t interrupted_at([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<const ucontext_t*>(context)->uc_mcontext.pc;
#else
  return 0;
#endif
}

/// All but the first line, which is there whatever goes wrong here.
void tell_details(const void* context) {
  constexpr double patience_seconds = 20;  // for large inputs, and for addr2line
  constexpr double short_patience_seconds = 5;
  if (running_kind() != nullptr && !in_a_copy(short_patience_seconds, tell_arguments, nullptr)) {
    begin_line();
    death_line << ": its arguments could not be shown";
    death_line.write_line(STDERR_FILENO);
  }
  if (running_kind() != nullptr && !in_a_copy(patience_seconds, tell_kept, nullptr)) {
    begin_line();
    death_line << ": it could not be kept for a replay";
    death_line.write_line(STDERR_FILENO);
  }
  at_risk([&] {
    backtrace_of_death.take(interrupted_at(context));
    const auto by_addr2line = [](void*) { tell_backtrace(true); };
    if (!in_a_copy(patience_seconds, by_addr2line, nullptr)) tell_backtrace(false);
  });
}

void tell_of_death(int signal, const siginfo_t& info, const void* context) {
  const char* name = "";
  for (const Deadly& one : deadly) {
    if (one.signal == signal) name = one.name;
  }
  begin_line();
  death_line << " died of " << name << cause_of(signal, info);
  if (signal == SIGSEGV) at_risk([&] { tell_address(info); });
  tell_where();
  if (terminated_by[0] != 0) death_line << ": std::terminate was called, " << terminated_by;
  death_line.write_line(STDERR_FILENO);
  tell_details(context);
}

void die_by_default(int signal, const siginfo_t& info) {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  sigaction(signal, &usual, nullptr);
  // What the processor has raised comes again where it came from, which is what a core dump should show.
  if (info.si_code <= 0 || signal == SIGABRT) raise(signal);
}

void hear_deadly_signal(int signal, siginfo_t* info, void* context) {
  if (getpid() != own_pid || !is_under_way.load()) {
    die_by_default(signal, *info);
    return;
  }
  pid_t dying = 0;
  if (!dying_thread.compare_exchange_strong(dying, gettid())) {
    while (dying != gettid()) pause();  // that thread ends us all
    if (is_at_risk != 0) siglongjmp(after_the_risk, 1);
    die_by_default(signal, *info);
    return;
  }
  tell_of_death(signal, *info, context);
  die_by_default(signal, *info);
}

/// std::abort comes next, and with it the signal.
[[noreturn]] void hear_terminate() {
  if (std::current_exception() != nullptr) {
    const std::string text = "since nobody caught: " + current_message();
    text.copy(terminated_by, sizeof terminated_by - 1);
  } else {
    std::string_view("without an exception, as by a std::thread that was not joined")
        .copy(terminated_by, sizeof terminated_by - 1);
  }
  if (terminate_before != nullptr) terminate_before();
  std::abort();
}

/// Called by exit. Others' threads still run, and other ranks wait for this one.
void hear_exit(int status) {
  constexpr int failed_status = 1;
  if (!is_under_way.exchange(false) || getpid() != own_pid) return;
  begin_line();
  death_line << " called exit(" << status << ")";
  tell_where();
  death_line << ", and the run had not ended";
  death_line.write_line(STDERR_FILENO);
  const int its = (status & 0xff) != 0 ? status : failed_status;
  if (end_all_of_run != nullptr) end_all_of_run(world_of_run, its);
  std::_Exit(its);
}

void watch_exits() {
#ifdef __GLIBC__
  static const int watched = on_exit([](int status, void*) { hear_exit(status); }, nullptr);
#else
  static const int watched = std::atexit([] { hear_exit(0); });
#endif
  static_cast<void>(watched);
}

/// Nobody's, or one that Open MPI has put there to print the addresses of its own functions.
bool is_free_to_take(const struct sigaction& found) {
  const bool plain = (found.sa_flags & SA_SIGINFO) == 0;
  if (plain && found.sa_handler == SIG_DFL) return true;
  if (plain && found.sa_handler == SIG_IGN) return false;
  const void* handler = plain ? reinterpret_cast<const void*>(found.sa_handler)
                              : reinterpret_cast<const void*>(found.sa_sigaction);
  Dl_info known{};
  return dladdr(handler, &known) != 0 && known.dli_fname != nullptr &&
         std::string_view(known.dli_fname).find("libopen-pal") != std::string_view::npos;
}

}  // namespace

DeathReports::DeathReports(bool on, int rank, EndAll end_all, const void* its_world) : on_(on) {
  if (!on_) return;
  own_rank = rank;
  own_pid = getpid();
  host_name().copy(own_host, sizeof own_host - 1);
  end_all_of_run = end_all;
  world_of_run = its_world;
  Backtrace::prepare();
  watch_exits();
  is_under_way = true;
  terminate_before = std::set_terminate(hear_terminate);
  for (Deadly& one : deadly) {
    struct sigaction ours {};
    ours.sa_sigaction = hear_deadly_signal;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&ours.sa_mask);
    one.is_ours = sigaction(one.signal, nullptr, &one.before) == 0 && is_free_to_take(one.before) &&
                  sigaction(one.signal, &ours, nullptr) == 0;
  }
}

DeathReports::~DeathReports() {
  if (!on_) return;
  is_under_way = false;
  for (Deadly& one : deadly) {
    // Who has come in the meantime stays.
    struct sigaction now {};
    const bool is_there = std::exchange(one.is_ours, false) && sigaction(one.signal, nullptr, &now) == 0 &&
                          (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == hear_deadly_signal;
    if (is_there) sigaction(one.signal, &one.before, nullptr);
  }
  if (std::get_terminate() == hear_terminate) std::set_terminate(terminate_before);
}

void DeathReports::expect_the_end() { is_under_way = false; }

}  // namespace ramal::detail
