// SPDX-License-Identifier: BSD-3-Clause
// What tasks die of: `dies HOW`, on the last rank.
#include <ramal/ramal.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

volatile long zero = 0;

[[gnu::noinline]] long write_nowhere(long x) {
  *reinterpret_cast<volatile long*>(x) = 1;
  return x;
}
long overflow(long x) {
  volatile char large[1000] = {};
  large[x % 1000] = 1;
  return x < 0 ? 0 : overflow(x + large[0]) + large[1];
}
long read_behind_a_file() {
  const int file = memfd_create("empty", 0);
  return *static_cast<volatile long*>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0));
}
struct ThrowsAtItsEnd {
  ~ThrowsAtItsEnd() noexcept(true) { fail(); }
  static void fail() { throw std::runtime_error("the end of it"); }
};

long die(std::string how, long x) {
  if (how == "segv") return write_nowhere(x);
  if (how == "overflow") return overflow(x);
  if (how == "bus") return read_behind_a_file();
  if (how == "fpe") return x / zero;
  if (how == "ill") __builtin_trap();
  if (how == "abort") std::abort();
  if (how == "killed_by_segv") raise(SIGSEGV);
  if (how == "exit") std::exit(static_cast<int>(x));
  if (how == "terminate") ThrowsAtItsEnd();
  if (how == "in_a_thread") std::thread([x] { write_nowhere(x); }).join();
  return x;
}
long die_there(ramal::Index place) { return place == ramal::Index(2, 1) ? die("segv", 8) : 0; }
std::vector<long> make(long x) { return {x, x + 1}; }
long throws(std::vector<long> values, const std::vector<long>& same) {
  const long sum = values.at(0) + values.at(1) + same.at(0);
  values.clear();
  throw std::runtime_error("the sum is " + std::to_string(sum));
}
void own_handler(int) {
  constexpr char text[] = "the program's own handler\n";
  static_cast<void>(!write(STDERR_FILENO, text, sizeof text - 1));
  _exit(9);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "";
  if (how == "own_handler") std::signal(SIGSEGV, own_handler);
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    if (how == "program") std::exit(0);
    if (how == "member") return static_cast<int>(session.compute(ramal::family<die_there>({3, 2})).size());
    if (how == "throw")
      return static_cast<int>(
          session.compute(ramal::delayed<throws>(ramal::delayed<make>(20), ramal::delayed<make>(1))));
    if (how == "without_tools") setenv("PATH", "/nowhere", 1);
    const std::string does = how == "own_handler" || how == "without_tools" ? "segv" : how;
    return static_cast<int>(
        session.compute(ramal::delayed<die>.annotate({.rank = session.ranks() - 1})(does, 8)));
  });
}
