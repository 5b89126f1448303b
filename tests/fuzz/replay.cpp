// SPDX-License-Identifier: BSD-3-Clause
// fuzz_replay TARGET CORPUS [MUTATIONS]: runs a target without a fuzzer, for builds with any compiler. First
// each file of the folder (or the one file) CORPUS, then so many mutations of them, the same in every run.
// What it was inside of when it was ended is left in the file failed-TARGET.
#include "tests/fuzz/choices.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace ramal::test {
namespace {

using Input = std::vector<std::byte>;
Input input;  // what is being run
std::string failed_name;

void leave_input() {
  std::ofstream(failed_name, std::ios::binary)
      .write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size()));
  std::fprintf(stderr, "fuzz: the input is in %s\n", failed_name.c_str());
}

Input read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// A few of what libFuzzer does: bytes changed, put in, taken out, and the end of another input.
Input mutated(const std::vector<Input>& corpus, unsigned seed) {
  std::minstd_rand random(seed);
  random.discard(3);
  const auto below = [&random](std::size_t n) { return random() % n; };
  Input bytes = corpus[below(corpus.size())];
  for (std::size_t left = 1 + below(6); left > 0; --left) {
    const std::size_t at = below(bytes.size() + 1);
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto some = static_cast<std::byte>(random() >> 8);
    switch (below(5)) {
      case 0:
        bytes.insert(place, some);
        break;
      case 1:
        if (at < bytes.size()) bytes.erase(place);
        break;
      case 2: {
        const Input& other = corpus[below(corpus.size())];
        const std::size_t from = below(other.size() + 1);
        bytes.erase(place, bytes.end());
        bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
        break;
      }
      default:
        if (at < bytes.size()) *place = below(3) == 0 ? *place ^ std::byte{1} : some;
        break;
    }
  }
  return bytes;
}

void (*target_named(std::string_view name))(Bytes) {
  return name == "frames"     ? fuzz_frames
         : name == "walker"   ? fuzz_walker
         : name == "planner"  ? fuzz_planner
         : name == "executor" ? fuzz_executor
                              : nullptr;
}

int replay(const std::string& name, const std::filesystem::path& from, unsigned mutations) {
  const auto target = target_named(name);
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(from)) {
    for (const auto& entry : std::filesystem::directory_iterator(from)) files.push_back(entry.path());
    std::ranges::sort(files);
  } else {
    files.push_back(from);
  }
  for (const auto& file : files) {
    if (std::ifstream(file).good()) continue;
    std::fprintf(stderr, "fuzz: %s cannot be read\n", file.c_str());
    return 2;
  }
  std::vector<Input> corpus;
  for (const auto& file : files) corpus.push_back(read_file(file));
  if (target == nullptr || corpus.empty()) {
    std::fprintf(stderr, "fuzz: no such target, or no files to begin with\n");
    return 2;
  }
  failed_name = "failed-" + name;
  std::signal(SIGABRT, [](int) { leave_input(); });  // then abort ends the process
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(leave_input);
  for (const Input& one : corpus) target(input = one);
  for (unsigned seed = 1; seed <= mutations; ++seed) target(input = mutated(corpus, seed));
  std::printf("%s: %zu inputs and %u mutations of them\n", name.c_str(), corpus.size(), mutations);
  return 0;
}

}  // namespace
}  // namespace ramal::test

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: fuzz_replay frames|walker|planner|executor CORPUS [MUTATIONS]\n");
    return 2;
  }
  return ramal::test::replay(argv[1], argv[2], argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 0);
}
