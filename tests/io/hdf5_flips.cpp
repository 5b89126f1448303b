// SPDX-License-Identifier: BSD-3-Clause
// `hdf5_flips old|new COUNT SEED`: flips bits of a small file that has something of everything, and reads
// each damaged file whole, in a process of its own with little memory and time.
//   read     everything was read, and what a checksum covers is as it was
//   error    an Hdf5Error
//   unseen   data came out different without an error; HDF5's old format has no checksums but over data, so
//            that a flip in its indices can lead to other data, or to none
//   silent   the same, but all flips lie under checksums: never
//   crash    a signal; hang: more than 20 s. Printed with the seed that shows them again. Never in the new
//   format,
//            and in at most one of a hundred files in the old one, where HDF5 1.10 itself reads outside of
//            its memory: in its scale-offset filter, and where a chunk is smaller than the header says.
#include "tests/io/files.hpp"
#include "tests/support/one_process.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <random>

using namespace ramal;

namespace {

enum Outcome { read_whole = 0, error = 10, silent = 11, other = 12 };

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Everything that a program could ask for. `expected` lists what h5py read before the damage.
Outcome read_everything(const std::string& path, const std::vector<test::Listed>& expected) {
  test::SerialRanks ranks;
  Outcome outcome = read_whole;
  const auto attempt = [&](const auto& action) {
    try {
      action();
    } catch (const Hdf5Error&) {
      if (outcome == read_whole) outcome = error;
    } catch (const std::invalid_argument&) {  // a shape of more blocks than anybody wants
      if (outcome == read_whole) outcome = error;
    } catch (const TaskError&) {
      if (outcome == read_whole) outcome = error;
    }
  };
  attempt([&] { describe(path); });
  attempt([&] { read_hdf5_attribute<std::string>(path, "/", "text"); });
  attempt([&] { read_hdf5_attribute<std::vector<long>>(path, "/", "numbers"); });
  for (test::Listed one : expected) {
    one.file = path;
    test::with_type(one.type, [&]<class T>() {
      attempt([&] {
        const auto grid = read_hdf5<T>(path, one.dataset, {.block_bytes = 200});
        if (grid.blocks().size() > 1000) throw Hdf5Error("an implausible shape");
        const bool same = test::assembled(ranks.session(), grid) == test::raw_elements<T>(one.raw);
        if (!same && grid.shape() == one.shape && one.dataset.starts_with("/checked")) outcome = silent;
      });
    });
  }
  return outcome;
}

/// Which bytes of the file have a checksum.
std::vector<bool> checked_bytes(const std::string& path, std::size_t size, bool new_format) {
  std::vector<bool> checked(size, new_format);
  std::ifstream chunks(path + ".chunks");
  for (std::size_t from = 0, to = 0; chunks >> from >> to;) {
    for (; from < to; ++from) checked.at(from) = true;
  }
  return checked;
}

std::string outcome_of(const std::string& path, const std::vector<test::Listed>& expected) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit memory{rlim_t{2} << 30, rlim_t{2} << 30}, seconds{20, 20}, no_core{0, 0};
    setrlimit(RLIMIT_AS, &memory);
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_CORE, &no_core);
    alarm(60);
    try {
      _exit(read_everything(path, expected));
    } catch (const std::exception& unexpected) {
      std::fprintf(stderr, "%s\n", unexpected.what());
      _exit(other);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return number == SIGXCPU || number == SIGALRM || number == SIGKILL ? "hang" : "crash";
  }
  switch (WEXITSTATUS(status)) {
    case read_whole:
      return "read";
    case error:
      return "error";
    case silent:
      return "silent";
    default:
      return "other exception";
  }
}

bool is_bad(const std::string& outcome) {
  return outcome != "read" && outcome != "error" && outcome != "unseen";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string name = "flips_" + std::string(argv[1]) + ".h5";
  std::vector<test::Listed> expected;
  for (const auto& one : test::manifest()) {
    if (one.file == test::file(name)) expected.push_back(one);
  }
  const std::string whole = bytes_of(test::file(name));
  const std::string path = test::file(std::string("flipped_") + argv[1] + ".h5");
  const unsigned first = static_cast<unsigned>(std::stoul(argv[3]));
  const auto checked = checked_bytes(test::file(name), whole.size(), argv[1] == std::string("new"));
  std::map<std::string, int> counts;
  for (unsigned seed = first; seed < first + std::stoul(argv[2]); ++seed) {
    std::mt19937 random(seed);
    std::string damaged = whole;
    bool all_checked = true;
    for (unsigned flips = 1 + random() % 3; flips > 0; --flips) {
      const std::size_t at = random() % damaged.size();
      damaged[at] ^= static_cast<char>(1u << random() % 8);
      all_checked = all_checked && checked[at];
    }
    std::remove(path.c_str());
    std::ofstream(path, std::ios::binary) << damaged;
    std::string outcome = outcome_of(path, expected);
    if (outcome == "silent" && !all_checked) outcome = "unseen";
    ++counts[outcome];
    if (is_bad(outcome)) std::printf("%s: %s, seed %u\n", name.c_str(), outcome.c_str(), seed);
  }
  for (const auto& [outcome, count] : counts)
    std::printf("%s: %d times %s\n", name.c_str(), count, outcome.c_str());
  const bool is_old = argv[1] == std::string("old");
  for (const auto& [outcome, count] : counts) {
    if (is_bad(outcome) && !(is_old && outcome == "crash" && count * 100 <= std::stoi(argv[2]))) return 1;
  }
  return 0;
}
