// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/machine/backtrace.hpp"

#include "runtime/machine/signal_text.hpp"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

namespace ramal::detail {

namespace {

constexpr int not_there = 127;

/// A copy of this process, as fork makes it, but without what libraries want done before: they would take
/// locks. Negative if there can be none.
pid_t copy_process() {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
  return _Fork();
#else
  return -1;
#endif
}

/// In the copy: what goes wrong there is nobody's business.
void keep_quiet() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGPIPE}) {
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    sigaction(signal, &usual, nullptr);
  }
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_UNBLOCK, &all, nullptr);
}

/// Waits for it; it is killed after so many seconds.
bool ends_well(pid_t child, double seconds) {
  constexpr double pause_seconds = 0.01;
  int status = 0;
  for (double waited = 0;; waited += pause_seconds) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (ended < 0 && errno != EINTR) return false;
    if (waited > seconds) break;
    const timespec pause{0, 10'000'000};
    nanosleep(&pause, nullptr);
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return false;
}

/// Where an instruction is in the file that it was loaded from.
struct InFile {
  const char* file = nullptr;
  const char* symbol = nullptr;
  std::uintptr_t offset = 0;
  std::uintptr_t behind_symbol = 0;
};

/// Where this program was loaded from. One thread at a time.
const char* own_file() {
  static char path[4096];
  const auto size = path[0] == 0 ? readlink("/proc/self/exe", path, sizeof path - 1) : 0;
  return path[0] != 0 || size > 0 ? path : "?";
}

InFile in_file(std::uintptr_t address) {
  Dl_info known{};
  link_map* map = nullptr;
  if (dladdr1(reinterpret_cast<void*>(address), &known, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) ==
          0 ||
      map == nullptr)
    return {};
  InFile found{map->l_name, known.dli_sname, address - map->l_addr,
               address - reinterpret_cast<std::uintptr_t>(known.dli_saddr)};
  if (found.file == nullptr || *found.file == 0) found.file = own_file();
  return found;
}

/// Runs addr2line for one instruction, and makes one line of what it says. False if it knows nothing, and
/// `is_there` too if there is none. Some milliseconds, more for large programs.
bool ask_addr2line(const InFile& place, SignalText& answer, bool& is_there) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  SignalText offset;
  offset << SignalText::Hex{place.offset} << std::string_view("\0", 1);
  const pid_t child = copy_process();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(STDERR_FILENO);
    execlp("addr2line", "addr2line", "-Cfpie", place.file, offset.view().data(), nullptr);
    _exit(not_there);
  }
  close(ends[1]);
  char text[2048];
  std::size_t size = 0;
  while (child > 0 && size < sizeof text) {
    const auto got = read(ends[0], text + size, sizeof text - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  close(ends[0]);
  if (child < 0) return false;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == not_there) is_there = false;
  std::string_view all(text, size);
  while (all.ends_with('\n')) all.remove_suffix(1);
  if (all.empty() || all.starts_with("??")) return false;
  constexpr std::string_view long_string =
      "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min({all.find('\n', at), all.find(long_string, at), all.size()});
    answer << all.substr(at, end - at);
    if (end == all.size()) break;
    answer << (all[end] == '\n' ? "," : "std::string");
    at = end + (all[end] == '\n' ? 1 : long_string.size());
  }
  return true;
}

}  // namespace

bool in_a_copy(double seconds, void (*action)(void* about), void* about) {
  const pid_t child = copy_process();
  if (child == 0) {
    keep_quiet();
    action(about);
    _exit(0);
  }
  return child > 0 && ends_well(child, seconds);
}

void Backtrace::prepare() {
  void* one = nullptr;
  backtrace(&one, 1);  // loads the unwinder
}

void Backtrace::take(std::uintptr_t from) {
  end_ = backtrace(at_.data(), most);
  for (first_ = 0; first_ < end_; ++first_) {
    if (from != 0 && reinterpret_cast<std::uintptr_t>(at_[static_cast<std::size_t>(first_)]) == from) break;
  }
  first_is_exact_ = first_ < end_;
  if (!first_is_exact_) first_ = std::min(end_, 1);
}

void Backtrace::write(std::string_view prefix, bool asks_addr2line,
                      Line (*judge)(std::string_view function)) const {
  constexpr int most_alike = 3;
  bool is_there = true;
  int number = 0;
  int alike = 0;
  SignalText name, last;
  for (int i = first_; i < end_; ++i) {
    auto address = reinterpret_cast<std::uintptr_t>(at_[static_cast<std::size_t>(i)]);
    if (i > first_ || !first_is_exact_) --address;
    const InFile place = in_file(address);
    name.clear();
    if (place.file == nullptr) {
      name << SignalText::Hex{address};
    } else if (asks_addr2line && is_there && ask_addr2line(place, name, is_there)) {
      const Line what = judge(name.view());
      if (what == Line::end) return;
      if (what == Line::left_out) continue;
    } else {
      name << place.file << " at " << SignalText::Hex{place.offset};
      if (place.symbol != nullptr)
        name << ", " << place.symbol << " + " << SignalText::Hex{place.behind_symbol};
    }
    alike = name.view() == last.view() ? alike + 1 : 1;
    last = name;
    SignalText line;
    line << prefix;
    if (alike <= most_alike) {
      line << "#" << number++ << " " << name.view();
    } else if (alike == most_alike + 1) {
      line << "and so on";
    } else {
      continue;
    }
    line.write_line(STDERR_FILENO);
  }
  if (is_there && asks_addr2line) return;
  SignalText line;
  line << prefix << "addr2line -Cfpie FILE ADDRESS names their functions and lines";
  line.write_line(STDERR_FILENO);
}

}  // namespace ramal::detail
