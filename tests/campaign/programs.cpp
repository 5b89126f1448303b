// SPDX-License-Identifier: BSD-3-Clause
// A campaign of random programs, each of which is held against plain loops over vectors:
//
//   programs --seeds FROM COUNT    so many programs
//   programs --seed N --verbose    one, with what it does
//
//   --scheduler serial | stepped | inprocess | mpi    stepped: all ranks on one thread, repeatable
//   --ranks N, --threads N         of inprocess and stepped; without them, they change with the seed
//   --size N                       statements at most (12)
//   --without a,b,c                leaves ingredients out
//   --cancelled-is-lazy on | off   whether a cancelled handle can be computed again (on)
//   --skip 1,2,3                   without these statements, to make a program that hangs smaller by hand
//   --shrink off                   does not look for a smaller program that fails
//
// Prints what failed and how to run it again, and exits with 1; with 3 if a program hangs, at once.
#include "program.hpp"
#include "tests/support/one_process.hpp"

#include <atomic>
#include <chrono>
#include <iostream>
#include <sstream>
#include <thread>

#include <unistd.h>

namespace campaign {

std::string run_program(ramal::Session& session, const Settings& settings, Digest seed, int size, Statements skipped,
                        const std::function<void(const std::string&)>& log) {
  std::vector<Ingredient> ingredients;
  int total = 0;
  for (const auto& some : {task_ingredients(), family_ingredients(), dependence_ingredients(), loop_ingredients(),
                           collective_ingredients(), session_ingredients()}) {
    for (const Ingredient& one : some) {
      if (settings.without.contains(one.name)) continue;
      ingredients.push_back(one);
      total += one.weight;
    }
  }
  Messages::forget();
  Program program(session, settings, mixed(seed, 0));
  program.log = log;
  const int statements = std::min(size, 3 + program.random.below(settings.size));
  try {
    for (program.statement = 0; program.statement < statements; ++program.statement) {
      // Each begins anew, so that what the others do is the same without one of them.
      program.random = Random(mixed(seed, static_cast<Digest>(1 + program.statement)));
      if ((skipped >> program.statement & 1) != 0) continue;
      int at = program.random.below(total);
      std::size_t k = 0;
      while (at >= ingredients[k].weight) at -= ingredients[k++].weight;
      log(std::to_string(program.statement) + ": " + std::string(ingredients[k].name));
      ingredients[k].make(program);
    }
    program.random = Random(mixed(seed, 1000));
    log("at the end");
    check_all(program);
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

namespace {

struct Arguments {
  Settings settings;
  Digest from = 1, count = 1;
  std::string scheduler = "inprocess";
  int ranks = 0, threads = 0;
  bool shrinks = true;
  Statements skipped = 0;
};

Arguments parsed(int argc, char** argv) {
  Arguments arguments;
  const std::vector<std::string> words(argv + 1, argv + argc);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto next = [&]() -> const std::string& {
      if (++i >= words.size()) throw std::invalid_argument(words[i - 1] + ": expected something behind it");
      return words[i];
    };
    if (words[i] == "--seeds") {
      arguments.from = std::stoull(next());
      arguments.count = std::stoull(next());
    } else if (words[i] == "--seed") {
      arguments.from = std::stoull(next());
      arguments.count = 1;
    } else if (words[i] == "--verbose") {
      arguments.settings.verbose = true;
    } else if (words[i] == "--size") {
      arguments.settings.size = std::clamp(std::stoi(next()), 1, 50);
    } else if (words[i] == "--scheduler") {
      arguments.scheduler = next();
    } else if (words[i] == "--ranks") {
      arguments.ranks = std::stoi(next());
    } else if (words[i] == "--threads") {
      arguments.threads = std::stoi(next());
    } else if (words[i] == "--shrink") {
      arguments.shrinks = next() == "on";
    } else if (words[i] == "--cancelled-is-lazy") {
      arguments.settings.cancelled_is_lazy = next() == "on";
    } else if (words[i] == "--skip") {
      std::stringstream numbers(next());
      for (std::string number; std::getline(numbers, number, ',');) arguments.skipped |= Statements{1} << std::stoi(number);
    } else if (words[i] == "--without") {
      std::stringstream names(next());
      for (std::string name; std::getline(names, name, ',');) arguments.settings.without.insert(name);
    } else {
      throw std::invalid_argument("unknown argument " + words[i]);
    }
  }
  arguments.settings.one_process = arguments.scheduler != "mpi";
  arguments.settings.alone = arguments.scheduler == "stepped";
  return arguments;
}

/// Ends the process, naming the program, if one takes too long.
class Watchdog {
 public:
  Watchdog() : thread_([this] { watch(); }) {}
  ~Watchdog() {
    ends_ = true;
    thread_.join();
  }
  void begin(Digest seed, const std::string& how) {
    const std::lock_guard lock(mutex_);
    seed_ = seed;
    how_ = how;
    since_ = std::chrono::steady_clock::now();
    is_running_ = true;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    is_running_ = false;
  }

 private:
  void watch() {
    while (!ends_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      const std::lock_guard lock(mutex_);
      if (!is_running_ || std::chrono::steady_clock::now() - since_ < std::chrono::seconds(60)) continue;
      std::cout << "HANGS: --seed " << seed_ << ' ' << how_ << std::endl;
      _exit(3);
    }
  }
  std::mutex mutex_;
  Digest seed_ = 0;
  std::string how_;
  std::chrono::steady_clock::time_point since_;
  bool is_running_ = false;
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

class Campaign {
 public:
  explicit Campaign(const Arguments& arguments) : arguments_(arguments) {}

  /// One program in this session; whether it went well.
  bool run(ramal::Session& session, Digest seed, const std::string& how) {
    watchdog_.begin(seed, how);
    const auto print = [](const std::string& text) { std::cout << text << std::endl; };
    const auto silent = [](const std::string&) {};
    const auto& settings = arguments_.settings;
    std::string problem = run_program(session, settings, seed, settings.size + 3, arguments_.skipped,
                                      settings.verbose ? std::function<void(const std::string&)>(print) : silent);
    watchdog_.end();
    ++programs_;
    if (problem.empty()) return true;
    ++failures_;
    std::cout << "FAILS: --seed " << seed << ' ' << how << "\n  " << problem << std::endl;
    if (arguments_.shrinks) shrink(session, seed, how);
    return false;
  }
  int end() const {
    std::cout << programs_ << " programs, " << failures_ << " failed" << std::endl;
    return failures_ == 0 ? 0 : 1;
  }

 private:
  /// Without whatever statements it fails without, in the same session.
  void shrink(ramal::Session& session, Digest seed, const std::string& how) {
    const auto& settings = arguments_.settings;
    const auto fails = [&](Statements skipped) {
      watchdog_.begin(seed, how + " (while shrinking)");
      const bool failed = !run_program(session, settings, seed, settings.size + 3, skipped, [](const std::string&) {}).empty();
      watchdog_.end();
      return failed;
    };
    Statements skipped = 0;
    for (int k = settings.size + 3; k-- > 0;)
      if (fails(skipped | Statements{1} << k)) skipped |= Statements{1} << k;
    std::cout << "  what is left of it:" << std::endl;
    const std::string problem = run_program(session, settings, seed, settings.size + 3, skipped,
                                            [](const std::string& text) { std::cout << "    " << text << std::endl; });
    std::cout << "  " << (problem.empty() ? "which did not fail again" : problem) << std::endl;
  }

  const Arguments& arguments_;
  Watchdog watchdog_;
  Digest programs_ = 0, failures_ = 0;
};

/// So many programs share a session.
constexpr Digest batch = 20;

/// Ranks, threads and limits of a session, by the number of its batch.
struct Shape {
  ramal::Options options;

  Shape(const Arguments& arguments, Digest number) {
    Random random(mixed(4711, number));
    options.scheduler = arguments.scheduler;
    options.ranks = random.between(1, 8);
    options.threads = random.between(1, 4);
    if (arguments.ranks > 0) options.ranks = arguments.ranks;
    if (arguments.threads > 0) options.threads = arguments.threads;
    options.small_bytes = random.one_in(2) ? 64 : 1024;
    if (random.one_in(2)) options.piece_bytes = 4096;
    if (random.one_in(2)) options.credits = random.between(2, 5);
    if (random.one_in(4)) options.memory_bytes = 500;
    if (random.one_in(2)) options.front_members = random.between(1, 20);
    if (random.one_in(3)) options.steal = "on";
    if (random.one_in(4)) options.progress = "thread";
    options.warnings = "off";
  }
  std::string text() const {
    return "ranks " + std::to_string(options.ranks) + " threads " + std::to_string(options.threads) + " small " +
           std::to_string(options.small_bytes) + " piece " + std::to_string(options.piece_bytes) + " credits " +
           std::to_string(options.credits) + " memory " + std::to_string(options.memory_bytes) + " front " +
           std::to_string(options.front_members) + " steal " + options.steal + " progress " + options.progress;
  }
};

/// Sessions of their own for each batch; the next one where a program has failed.
int run_in_batches(const Arguments& arguments, int argc, char** argv) {
  Campaign campaign(arguments);
  for (Digest seed = arguments.from; seed < arguments.from + arguments.count;) {
    const Shape shape(arguments, seed / batch);
    const std::string how = "--scheduler " + arguments.scheduler + " [" + shape.text() + "]";
    const Digest last = std::min(arguments.from + arguments.count, (seed / batch + 1) * batch);
    const auto programs = [&](ramal::Session& session) {
      while (seed < last)
        if (!campaign.run(session, seed++, how)) break;
    };
    if (arguments.scheduler == "stepped") {
      // With memory enough: ranks that are moved from outside do not tell that they starve for it.
      ramal::test::SteppedRanks ranks(shape.options.ranks, static_cast<unsigned>(seed), shape.options.small_bytes,
                                      std::uint64_t{1} << 40, shape.options.steal == "on" ? ramal::detail::StealMode::on : ramal::detail::StealMode::off);
      programs(ranks.session());
    } else {
      const int status = ramal::run(argc, argv, programs, shape.options);
      if (status != 0) return status;
    }
  }
  return campaign.end();
}

/// One session for all; the options are those of the environment.
int run_at_once(const Arguments& arguments, int argc, char** argv) {
  ramal::Options options;
  options.warnings = "off";
  return ramal::run(
      argc, argv,
      [&](ramal::Session& session) {
        Campaign campaign(arguments);
        const std::string how = "--scheduler mpi [ranks " + std::to_string(session.ranks()) + "]";
        for (Digest seed = arguments.from; seed < arguments.from + arguments.count; ++seed) campaign.run(session, seed, how);
        return campaign.end();
      },
      options);
}

}  // namespace
}  // namespace campaign

int main(int argc, char** argv) {
  try {
    const auto arguments = campaign::parsed(argc, argv);
    return arguments.scheduler == "mpi" ? campaign::run_at_once(arguments, argc, argv)
                                        : campaign::run_in_batches(arguments, argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "programs: " << error.what() << '\n';
    return 2;
  }
}
