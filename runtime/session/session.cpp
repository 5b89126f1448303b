// SPDX-License-Identifier: BSD-3-Clause
// From main() to a session and back: what happens on every rank, in order.
#include "runtime/executor/deaths.hpp"
#include "runtime/executor/exceptions.hpp"
#include "runtime/executor/record.hpp"
#include "runtime/machine/machine.hpp"
#include "runtime/machine/signal_stack.hpp"
#include "runtime/session/distributed.hpp"
#include "runtime/session/replay.hpp"
#include "runtime/session/serial.hpp"
#include "runtime/session/watching.hpp"
#include "runtime/transport/encoded.hpp"
#include "runtime/transport/first_lines.hpp"
#include "runtime/transport/inprocess.hpp"
#include "runtime/transport/mpi.hpp"

#include <ramal/detail/warnings.hpp>
#include <ramal/run.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ramal::detail {

namespace {

using Program = std::function<int(Session&)>;

constexpr int failed_status = 1;
constexpr int refused_status = 2;
constexpr double patience_seconds = 2.0;
constexpr double cancelled_patience_seconds = 10.0;  // for tasks whose results nobody wants any more

/// The number of cores bound to this rank, or its share of the host's where the launcher bound nothing.
int default_threads(int local_ranks) {
  return std::max(1, std::min(bound_cores(), online_cores() / std::max(1, local_ranks)));
}

/// Worker threads: none where one thread can do it all, which is the fastest form.
unsigned workers_for(const Options& options, int threads) {
  return threads > 1 || options.progress == "thread" ? static_cast<unsigned>(threads) : 0;
}

/// What a rank says of itself that does not change; it adds its counts when asked.
RankInfo about_this_rank(int rank, int threads, int local_ranks, const Options& options) {
  constexpr double share = 0.6;  // the rest is for what is not a result: arguments, libraries, the system
  const double usual = share * static_cast<double>(memory_bytes()) / std::max(1, local_ranks);
  return {
      .rank = rank,
      .host = host_name(),
      .pid = process_id(),
      .threads = threads,
      .cores = bound_cores(),
      .memory_bytes = options.memory_bytes > 0 ? options.memory_bytes : static_cast<std::uint64_t>(usual)};
}

/// What rank 0 knows of all ranks, and where it notes the program's ending.
struct Crew {
  std::vector<RankInfo> ranks;
  const EndingRecord& record;
  std::vector<LocalInfos> locals = {};

  std::vector<std::string> hosts() const {
    std::vector<std::string> names;
    for (const RankInfo& rank : ranks) names.push_back(rank.host);
    return names;
  }
};

/// Writes the job record, if one is wanted; a failure to do so is a failure of the program, since job scripts
/// trust it.
int note_ending(const Crew& crew, int status, std::uint64_t tasks, const Rank::Stolen& stolen,
                double elapsed_seconds, const std::string& summary = {}) {
  const Ending ending{.status = status,
                      .ranks = static_cast<int>(crew.ranks.size()),
                      .hosts = distinct_hosts(crew.ranks),
                      .threads = crew.ranks.front().threads,
                      .tasks = tasks,
                      .stolen = stolen.tasks,
                      .stolen_bytes = stolen.bytes,
                      .elapsed_seconds = elapsed_seconds,
                      .summary = summary};
  if (crew.record.write(ending)) return status;
  complain("ramal: the file named by RAMAL_RECORD could not be written: " +
           std::string(std::strerror(errno)));
  return status != 0 ? status : failed_status;
}

/// True while this thread is inside of the program that was given to `run`.
thread_local bool is_in_a_program = false;

/// Throws std::logic_error inside a task or a program: the other ranks could not follow into a second run.
void refuse_run_within_run() {
  refuse_inside_a_task("ramal::run");
  if (is_in_a_program)
    throw std::logic_error(
        "ramal: ramal::run was called inside of the program of another ramal::run, on rank 0 "
        "alone; all ranks must call it, one run after the other");
}

/// The system keeps the low 8 bits of a status, and takes 0 there for success.
int exit_status(int status) { return status != 0 && (status & 0xff) == 0 ? failed_status : status; }

/// The user's program, with what leaves it as an exception said in one line.
std::optional<int> call(const Program& program, Engine& engine) {
  struct Mark {
    Mark() { is_in_a_program = true; }
    ~Mark() { is_in_a_program = false; }
  } const mark;
  try {
    Session session(engine);
    return exit_status(program(session));
  } catch (...) {
    complain("ramal: the program on rank 0 ended with an error: " + current_message());
    return std::nullopt;
  }
}

/// Says it on standard error, if there is something to say and warnings are wanted.
void warn(const Options& options, const std::string& line) {
  if (!line.empty() && options.warnings == "on") complain(line);
}

void warn_of_lost_time(const Rank& rank, double elapsed_seconds) {
  const double lost = rank.lost_seconds();
  if (lost < 0.1 || lost < 0.05 * elapsed_seconds) return;
  char text[400];
  std::snprintf(text, sizeof text,
                "ramal: warning: up to %.1f s of %.1f s were lost because messages and ready tasks waited "
                "for a rank that was "
                "inside a long task, or for rank 0's program; RAMAL_PROGRESS=thread moves them meanwhile (so "
                "does calling "
                "session.progress() now and then, on rank 0)",
                lost, elapsed_seconds);
  complain(text);
}

void tell_of_stolen_tasks(const Rank& rank) {
  const Rank::Stolen stolen = rank.all_stolen();
  char text[300];
  std::snprintf(
      text, sizeof text,
      "ramal: %llu of %llu tasks ran on another rank than planned, which had nothing to do; %.3f MB "
      "moved for it (RAMAL_STEAL=off: none)",
      static_cast<unsigned long long>(stolen.tasks), static_cast<unsigned long long>(rank.all_tasks_run()),
      static_cast<double>(stolen.bytes) / 1e6);
  complain(text);
}

/// Rank 0: the program runs here, and when it is done all ranks end.
int lead(std::unique_ptr<Transport> transport, const Images& images, const Options& options,
         const WatchPlan& plan, const Crew& crew, Locals& locals, const Program& program) {
  const double start = now_seconds();
  const SignalStack signal_stack;
  const int threads = crew.ranks.front().threads;
  const unsigned workers = workers_for(options, threads);
  Watching watching(plan, crew.ranks.front(), static_cast<int>(crew.ranks.size()), workers,
                    [&options](const std::string& line) { warn(options, line); });
  DistributedEngine engine(std::move(transport), images, workers, crew.hosts(), options.warnings == "on",
                           crew.ranks.front(), crew.locals, steal_mode(options.steal), watching.observer());
  engine.set_front_members(options.front_members * threads);
  engine.rank().take_locals(locals);
  watching.show(options, crew.ranks);
  {
    const auto held = engine.rank().lock();
    engine.set_on_status([&watching](int from, auto text) { watching.hear(from, text); });
  }
  watching.describe(options, crew.ranks);
  watching.begin(engine.rank());
  engine.rank().executor().keep_failed(options.keep_failed);
  if (options.signals == "on") engine.rank().watch_stalls(options.stall_seconds, options.dump_dir);
  const bool has_history = !options.history.empty();
  if (has_history) warn(options, engine.history().read(options.history));
  const auto status = call(program, engine);
  const bool may_hang = [&engine] {
    const auto held = engine.rank().lock();
    return engine.waits_for_cancelled_only();
  }();
  const double patience = !status    ? patience_seconds
                          : may_hang ? cancelled_patience_seconds
                                     : Rank::forever_seconds;
  if (!engine.rank().stop_all(status.value_or(failed_status), patience)) {
    if (status)
      complain("ramal: a cancelled task has not ended " + std::to_string(static_cast<int>(patience)) +
               " s after the program: ending all ranks");
    DeathReports::expect_the_end();
    engine.rank().transport().abort(failed_status);
  }
  engine.rank().close();
  engine.rank().leave_locals(locals);
  const double elapsed = now_seconds() - start;  // of the run alone: a trace takes time to be put together
  const std::string summary = watching.end(engine.rank(), options);
  if (has_history) warn(options, engine.history().write(options.history));
  if (options.warnings == "on") {
    warn_of_lost_time(engine.rank(), elapsed);
    if (engine.rank().all_stolen().tasks > 0 || options.steal == "on") tell_of_stolen_tasks(engine.rank());
  }
  return note_ending(crew, status.value_or(failed_status), engine.rank().all_tasks_run(),
                     engine.rank().all_stolen(), elapsed, summary);
}

/// The other ranks: run what rank 0 sends until it says stop.
int follow(std::unique_ptr<Transport> transport, const Images& images, const Options& options,
           const WatchPlan& plan, const RankInfo& about, Locals& locals) {
  const SignalStack signal_stack;
  const unsigned workers = workers_for(options, about.threads);
  Watching watching(plan, about, transport->ranks(), workers,
                    [&options](const std::string& line) { warn(options, line); });
  Rank rank(std::move(transport), images, workers, nullptr, about, steal_mode(options.steal),
            watching.observer(), options.keep_failed);
  rank.take_locals(locals);
  if (options.signals == "on") rank.watch_stalls(options.stall_seconds, options.dump_dir);
  watching.begin(rank);
  const int status = rank.wait_for_stop();
  watching.end_other(rank);
  rank.take_leave();
  rank.close();
  rank.leave_locals(locals);
  return status;
}

// --- the schedulers -------------------------------------------------------------------------------------

int run_serial(const Options& options, const EndingRecord& record, Locals& locals, const Program& program) {
  const double start = now_seconds();
  const SignalStack signal_stack;
  if (options.warnings == "on") introduce_serial();
  if (!options.trace.empty() || !options.status.empty() || !options.report.empty())
    warn(options, "ramal: warning: RAMAL_TRACE, RAMAL_REPORT, RAMAL_STATUS: a serial run leaves none");
  SerialEngine engine;
  engine.locals() = std::move(locals);
  const int status = call(program, engine).value_or(failed_status);
  locals = engine.left_locals();
  return note_ending({engine.info(), record}, status, engine.info()[0].tasks_run, {}, now_seconds() - start);
}

int run_in_process(const Options& options, const EndingRecord& record, const Program& program) {
  const Images images = Images::loaded();
  const int threads = std::max(1, options.threads);
  Crew crew{{}, record};
  for (int rank = 0; rank < options.ranks; ++rank)
    crew.ranks.push_back(about_this_rank(rank, threads, options.ranks, options));
  if (options.warnings == "on") introduce(crew.ranks, "in one process, without MPI");
  const DeathReports deaths(options.signals == "on", options.ranks > 1 ? -1 : 0);
  Network network(options.ranks, options.small_bytes);
  const WatchPlan plan(options);
  std::vector<std::thread> others;
  for (int rank = 1; rank < options.ranks; ++rank) {
    others.emplace_back([&, rank] {
      try {
        Locals none;
        follow(network.connect(rank), images, options, plan, crew.ranks[static_cast<std::size_t>(rank)],
               none);
      } catch (...) {
        complain("ramal: rank " + std::to_string(rank) + ": internal error: " + current_message());
        std::_Exit(failed_status);
      }
    });
  }
  Locals none;
  const int status = lead(network.connect(0), images, options, plan, crew, none, program);
  for (auto& other : others) other.join();
  return status;
}

/// What all ranks must have in common, as one text.
std::string fingerprint(const Images& images, const Options& options) {
  std::uint64_t sum = 14695981039346656037u;  // FNV-1a, 64 bits
  for (const char c : images.digest() + MpiWorld::library())
    sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return std::to_string(sum) + " options " + options.scheduler + ' ' + std::to_string(options.small_bytes) +
         ' ' + std::to_string(options.piece_bytes) + ' ' + std::to_string(options.credits);
}

/// What keeps the ranks from working together, on rank 0; empty if nothing does, and on the others.
std::string find_mismatch(const MpiWorld& world, const std::string& own) {
  const auto hosts = world.gather(host_name());
  const auto all = world.gather(own);
  const auto binary = [](const std::string& text) { return text.substr(0, text.find(" options ")); };
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] == all[0]) continue;
    const bool other_binary = binary(all[rank]) != binary(all[0]);
    return "ramal: rank " + std::to_string(rank) + " (" + hosts[rank] + ") " +
           (other_binary ? "runs another program, another version of it, or other libraries than rank 0 (" +
                               hosts[0] + "); start the same binary with the same libraries on all ranks"
                         : "has other RAMAL_* options than rank 0 (" + hosts[0] + "): '" +
                               all[rank].substr(all[rank].find(" options ") + 9) + "' instead of '" +
                               all[0].substr(all[0].find(" options ") + 9) + "'");
  }
  return {};
}

/// Every rank's `own`, in the order of ranks, on rank 0; nothing on the others.
template <class T>
std::vector<T> gather(const MpiWorld& world, const T& own) {
  const auto bytes = encoded(own);
  std::vector<T> all;
  for (const auto& one : world.gather({reinterpret_cast<const char*>(bytes.data()), bytes.size()})) {
    Reader reader(std::as_bytes(std::span(one)));
    all.push_back(Codec<T>::read(reader));
  }
  return all;
}

/// Why a serial run would go wrong: it does all on rank 0. On the others nothing.
std::string find_local_out_of_reach(const std::vector<LocalInfos>& locals) {
  for (std::size_t rank = 1; rank < locals.size(); ++rank) {
    if (!locals[rank].empty())
      return "RAMAL_SCHEDULER: serial does all on rank 0, but rank " + std::to_string(rank) +
             " has a local, '" + locals[rank].front().name +
             "', which it would not see; start one rank, or use mpi";
  }
  return {};
}

LocalInfos describe(Locals& locals) {
  LocalInfos infos;
  for (const auto& [name, value] : locals.values())
    infos.push_back({name, std::string(value.type().name), known_bytes(value)});
  return infos;
}

/// Tasks at once, as far as it can be told before MPI is started and says who shares this host.
int expected_threads(const Options& options) {
  if (options.threads > 0) return options.threads;
  const int local_ranks = local_ranks_from_launcher();
  const bool known = local_ranks > 0 || !under_launcher();
  return known ? default_threads(std::max(1, local_ranks)) : bound_cores();
}

/// Every rank of `world` calls it: they agree that all can work together, then run the program or serve it.
int run_in(const MpiWorld& world, const Images& images, const Options& options,
           const std::string& option_error, Locals& locals, const Program& program) {
  // MPI was started for so many threads; what it knows now of local ranks can only make them fewer.
  int threads = options.threads > 0
                    ? options.threads
                    : std::min(expected_threads(options), default_threads(world.local_ranks()));
  if (!world.allows_threads()) threads = 1;
  std::string error = option_error;
  std::optional<EndingRecord> record;
  try {
    record.emplace(world.rank() == 0 ? options.record : std::string());
  } catch (const OptionError& refused) {
    error = refused.what();
    record.emplace(std::string());
  }
  std::string problem;
  for (const auto& one : world.gather(error)) {
    if (problem.empty()) problem = one;
  }
  const std::string mismatch = find_mismatch(world, fingerprint(images, options));
  problem = world.broadcast(problem.empty() ? mismatch : problem);
  if (!problem.empty()) {
    if (world.rank() == 0) complain(problem);
    return refused_status;
  }
  const RankInfo about = about_this_rank(world.rank(), threads, world.local_ranks(), options);
  const Crew crew{gather(world, about), *record, gather(world, describe(locals))};
  if (world.rank() == 0 && options.warnings == "on") {
    if (options.scheduler != "serial") introduce(crew.ranks, MpiWorld::library());
    if (options.scheduler == "mpi") warn_of_crowded_cores(crew.ranks);
    if (!world.is_within_a_program()) warn_of_lone_processes(world.ranks());
  }
  const DeathReports deaths(
      options.signals == "on", world.rank(),
      [](const void* of, int status) { static_cast<const MpiWorld*>(of)->abort(status); }, &world);
  if (options.scheduler == "serial") {
    const std::string out_of_reach = world.broadcast(find_local_out_of_reach(crew.locals));
    if (!out_of_reach.empty()) {
      if (world.rank() == 0) complain("ramal: " + out_of_reach);
      return refused_status;
    }
    return world.rank() == 0 ? run_serial(options, *record, locals, program) : 0;
  }
  try {
    const WatchPlan plan = WatchPlan::from(world.broadcast(WatchPlan(options).text()));
    auto transport = world.connect(options);
    if (world.rank() == 0) return lead(std::move(transport), images, options, plan, crew, locals, program);
    return follow(std::move(transport), images, options, plan, about, locals);
  } catch (...) {
    // The other ranks wait for this one, and nothing but the end of all would tell them.
    complain("ramal: rank " + std::to_string(world.rank()) + ": internal error: " + current_message());
    DeathReports::expect_the_end();
    world.abort(failed_status);
  }
}

/// Options and, where they are wrong, why.
std::pair<Options, std::string> read_options(const Options& defaults) {
  try {
    const Options options = Options::from_environment(defaults);
    warnings_wanted = options.warnings == "on";
    return {options, {}};
  } catch (const OptionError& error) {
    return {Options{}, error.what()};
  }
}

}  // namespace

std::uint64_t room_bytes() {
  static const std::uint64_t bytes = memory_bytes();
  return bytes;
}
void refuse_to_gather(const std::string& array) {
  throw std::length_error(
      "ramal: session.compute: the memory of rank 0, " + std::to_string(room_bytes() >> 20) +
      " MiB, does not hold all of it: " + array +
      ". Compute a part of it, as a(slice(1000)), or reduce it; to keep it on all ranks, use "
      "session.persist; to have it in a file, write it");
}

int run(int* argc, char*** argv, const Options& defaults, const Program& program) {
  refuse_run_within_run();
  const auto [options, option_error] = read_options(defaults);
  Locals none;
  try {
    if (const auto file = file_to_replay(*argc, *argv)) return replay(*file, Images::loaded());
    // Under a launcher even a serial run starts MPI, which tells each process whether it is rank 0.
    if (under_launcher() || (options.scheduler == "mpi" && option_error.empty())) {
      const Images images = Images::loaded();  // before MPI loads plugins, which may differ between hosts
      const MpiWorld world(argc, argv, workers_for(options, expected_threads(options)) > 0);
      return run_in(world, images, options, option_error, none, program);
    }
    if (!option_error.empty()) {
      complain(option_error);
      return refused_status;
    }
    const EndingRecord record(options.record);
    if (options.scheduler != "serial") return run_in_process(options, record, program);
    const DeathReports deaths(options.signals == "on", 0);
    return run_serial(options, record, none, program);
  } catch (const std::exception& error) {
    complain(error.what());
    return refused_status;
  }
}

int run(const void* mpi_communicator, Locals& locals, const Options& defaults, const Program& program) {
  refuse_run_within_run();
  const auto [options, option_error] = read_options(defaults);
  try {
    const MpiWorld world(mpi_communicator, options.threads > 1 || options.progress == "thread");
    return run_in(world, Images::loaded(), options, option_error, locals, program);
  } catch (const std::exception& error) {
    complain(error.what());
    return refused_status;
  }
}

}  // namespace ramal::detail
