// SPDX-License-Identifier: BSD-3-Clause
// From the text of a picture to a file. Everything is made beside the target and renamed at the end, so
// that a run that fails leaves neither half a picture nor a lost old one.
#include "graph/core/atomic_file.hpp"
#include "graph/core/descriptor.hpp"

#include <ramal/array_picture.hpp>
#include <ramal/visualize.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ramal::detail {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> extensions{".dot", ".svg", ".png", ".pdf"};
constexpr std::array<std::string_view, 4> rankdirs{"BT", "TB", "LR", "RL"};

void check_one_of(std::span<const std::string_view> allowed, const std::string& found, const char* what,
                  const fs::path& file) {
  if (std::find(allowed.begin(), allowed.end(), found) != allowed.end()) return;
  std::string text =
      "ramal: visualize: " + file.string() + ": " + what + " is \"" + found + "\", allowed are";
  for (const auto one : allowed) text += " " + std::string(one);
  throw std::invalid_argument(text);
}

[[noreturn]] void fail(const fs::path& file, const std::string& why) {
  throw std::runtime_error("ramal: visualize: cannot write " + file.string() + ": " + why);
}
std::string reason(int error) { return std::generic_category().message(error); }

/// A file next to the target, gone at the end unless it has become the target.
class Temporary {
 public:
  Temporary(const fs::path& target, const std::string& suffix)
      : target_(target), file_(target.string(), '-' + std::to_string(getpid()) + suffix) {}

  fs::path path() const { return file_.part(); }
  void write(const std::string& text) {
    or_fail([&] { file_.write(text); });
  }
  /// For somebody else to write.
  void lend() { file_.adopt(); }
  void become_target() {
    or_fail([&] { file_.publish(); });
  }

 private:
  template <class Action>
  void or_fail(const Action& action) const {
    try {
      action();
    } catch (const std::system_error& error) {
      fail(target_, reason(error.code().value()));
    }
  }

  const fs::path target_;
  AtomicFile file_;
};

/// A program that runs with `input` as its standard input and all it says going to `said`. Not fork():
/// that is unsafe beside MPI's registered memory. Not a shell: a file may have any name.
pid_t start(const std::vector<std::string>& command, const fs::path& input, const Descriptor& said,
            const fs::path& file) {
  posix_spawn_file_actions_t actions;
  if (const int error = posix_spawn_file_actions_init(&actions); error != 0) fail(file, reason(error));
  posix_spawn_file_actions_adddup2(&actions, said.number(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, said.number(), STDERR_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input.c_str(), O_RDONLY, 0);
  std::vector<char*> arguments;
  for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) {
    fail(file, "Graphviz's program \"" + command[0] +
                   "\" was not found; install the package graphviz, or ask for a file that ends in .dot");
  }
  if (error != 0) fail(file, "cannot start \"" + command[0] + "\": " + reason(error));
  return child;
}

std::string read_all(const Descriptor& from) {
  std::string text;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t bytes = ::read(from.number(), part.data(), part.size());
    if (bytes > 0) text.append(part.data(), static_cast<std::size_t>(bytes));
    if (bytes == 0 || (bytes < 0 && errno != EINTR)) return text;
  }
}

/// How it ended if that was badly, else nothing.
std::string wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    // Where the program ignores SIGCHLD no status is left; the missing picture will tell.
    if (errno != EINTR) return {};
  }
  if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status));
  return WEXITSTATUS(status) == 0 ? "" : "failed with status " + std::to_string(WEXITSTATUS(status));
}

void lay_out(const fs::path& source, const fs::path& picture, const std::string& format,
             const fs::path& file) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail(file, reason(errno));
  const Descriptor said(ends[0]);
  Descriptor to_say(ends[1]);
  // Absolute, so that no name is taken for an option.
  const pid_t child =
      start({"dot", "-T" + format, "-o", fs::absolute(picture).string()}, source, to_say, file);
  to_say.close();
  std::string words = read_all(said);
  const std::string end = wait_for(child);
  if (end.empty()) return;
  while (!words.empty() && words.back() == '\n') words.pop_back();
  fail(file, "Graphviz's dot " + end + (words.empty() ? "" : ": " + words));
}

/// `to_dot` opens with a comment where it could not draw every task.
void say_what_is_left_out(const std::string& text, const fs::path& file, std::size_t most_nodes) {
  constexpr std::string_view comment = "// ";
  if (!text.starts_with(comment)) return;
  const std::string note = text.substr(comment.size(), text.find('\n') - comment.size());
  std::fprintf(stderr, "ramal: %s: %s: one by one they are more than most_nodes = %zu, or too entangled\n",
               file.c_str(), note.c_str(), most_nodes);
}

}  // namespace

void visualize(std::span<const Task* const> targets, const std::string& name,
               const VisualizeOptions& options) {
  const fs::path file = name;
  const std::string extension = file.extension().string();
  check_one_of(extensions, extension, "the extension", file);
  check_one_of(rankdirs, options.rankdir, "rankdir", file);
  const std::string text = to_dot(targets, options);
  Temporary source(file, ".dot");
  source.write(text);
  if (extension == ".dot") {
    source.become_target();
  } else {
    Temporary picture(file, extension);
    picture.lend();
    lay_out(source.path(), picture.path(), extension.substr(1), file);
    picture.become_target();
  }
  say_what_is_left_out(text, file, options.most_nodes);
}

void write_svg(const std::string& svg, const std::string& name) {
  const fs::path file = name;
  constexpr std::array<std::string_view, 1> svg_alone{".svg"};
  check_one_of(svg_alone, file.extension().string(), "the extension", file);
  Temporary picture(file, ".svg");
  picture.write(svg);
  picture.become_target();
}

}  // namespace ramal::detail
