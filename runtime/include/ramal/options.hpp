// SPDX-License-Identifier: BSD-3-Clause
// Options of a run. Each can also be set by an environment variable, which wins over the program, so
// that a job script has the last word. All ranks must agree.
#pragma once

#include <ramal/detail/compiler.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace ramal {

struct Options {
  /// RAMAL_SCHEDULER: `mpi`; `inprocess`: ranks are threads of one process; `serial`: everything in
  /// one process, in order, in the caller's stack, for debuggers.
  std::string scheduler = "mpi";
  /// RAMAL_RANKS: how many ranks an `inprocess` run has. Of no meaning under MPI.
  int ranks = 4;
  /// RAMAL_THREADS: tasks a rank runs at once. 0: cores bound to the rank, divided by local ranks.
  int threads = 0;
  /// RAMAL_PROGRESS: `auto`: messages move between tasks and inside session calls. `thread`: a mostly
  /// sleeping thread moves them also while all workers are inside long tasks and rank 0 is busy with
  /// its own work. With more than one thread a rank, that thread is always there.
  std::string progress = "auto";
  /// RAMAL_IDLE: what a rank with one thread does while it has nothing to do. `poll`: it looks for messages
  /// again and again, and sleeps in between. `block`: it waits inside MPI (MPI_Waitany), which is exact where
  /// time is simulated and most MPI libraries do at the price of a busy core.
  std::string idle = "poll";
  /// RAMAL_SMALL_BYTES: results up to this size travel together in one message. 64 to 60000.
  std::size_t small_bytes = 1024;
  /// RAMAL_PIECE_BYTES: a larger message is split into pieces of this size. At least 4096; at most 1 GiB.
  std::size_t piece_bytes = std::size_t{1} << 30;
  /// RAMAL_CREDITS: messages one rank may send another that it has not taken in yet. At least 2.
  int credits = 64;
  /// RAMAL_MEMORY_BYTES: what a rank's results may take before it waits with tasks that state how much they
  /// will make. At half of it, large results from other ranks wait while there are ready tasks to make room.
  /// 0: 60 % of the memory of the host, or of the job, over the ranks that share it.
  std::uint64_t memory_bytes = 0;
  /// RAMAL_FRONT_MEMBERS: about how many members of families a rank plans at a time, for each of its threads,
  /// but at least a step. What is planned at once should fit into the caches.
  std::int64_t front_members = 256;
  /// RAMAL_STEAL: whether a rank with nothing to do runs ready tasks of another, whose results go back to
  /// where they were planned. `auto`: those whose kind is known to take much longer than their way, from
  /// about 100 us on; `on`: any, for tests; `off`: none. Never tasks annotated with rank, host, priority,
  /// threads or result_bytes. A rank that waits inside MPI (RAMAL_IDLE=block) does not ask by `auto`.
  std::string steal = "auto";
  /// RAMAL_WARNINGS: `on` or `off`: a line at the start that says on what the program runs, and advice,
  /// such as time lost to a busy rank 0 or a RAMAL_* variable that is no option, on standard error; at the
  /// end how many tasks were stolen, if any. What is said at the start is said once a process.
  std::string warnings = "on";
  /// RAMAL_SIGNALS: `on` or `off`: whether a process that dies in a run, of SIGSEGV, SIGBUS, SIGFPE, SIGILL,
  /// SIGABRT, std::terminate or exit, says on standard error in which task, and where; and whether ranks
  /// look out for what hangs (RAMAL_STALL_SECONDS). Signal handlers that the program or a sanitizer has
  /// installed stay in any case.
  std::string signals = "on";
  /// RAMAL_STALL_SECONDS: when nothing has been done anywhere for so long, rank 0 says on standard error what
  /// holds up the program; and each rank names a kind of task that it has been inside of for so long, once.
  /// 0: neither. Whatever it is, each rank says what it is inside of and waits for when it gets SIGUSR2.
  int stall_seconds = 60;
  /// RAMAL_DUMP_DIR: a folder, which is there, for what each rank says of itself then: `rank-0.txt` and so on,
  /// to be read after the job was killed, by ramal-why. Empty: standard error.
  std::string dump_dir = {};
  /// RAMAL_KEEP_FAILED: a folder, which is there, in which each rank keeps up to 16 tasks that threw or died, with
  /// their inputs, each in a file that the same binary runs alone: `program --ramal-replay FILE`. Tasks then
  /// copy what they would have moved out of their inputs. Not with RAMAL_SCHEDULER=serial, and not of
  /// collective tasks. Empty: none.
  std::string keep_failed = {};
  /// RAMAL_RECORD: a file that rank 0 writes when the program has ended on all ranks, whatever its status,
  /// for job scripts to trust: {"status": 0, "ranks": 4, "hosts": 2, "threads": 1, "tasks": 511,
  /// "stolen": 0, "stolen_bytes": 0, "elapsed_seconds": 1.5}. It is there as a whole or not at all. Empty:
  /// none.
  std::string record = {};
  /// RAMAL_HISTORY: a file in which rank 0 leaves how long tasks of each function took, for later sessions of
  /// the same binary to place theirs by. Read at the start, if it is there, and replaced at the end; a
  /// damaged one, or one that cannot be written, is a warning. Empty: what is learnt ends with the session.
  std::string history = {};
  /// RAMAL_TRACE: a file for Perfetto and chrome://tracing: what each thread of each rank ran when, and the
  /// messages between them. Compressed if it ends in .gz. While the program runs, each rank writes
  /// FILE.rank-N.part beside it; rank 0 makes FILE of these at the end, if it sees them all. A file that
  /// cannot be written is a warning. Rank 0's option counts for all. Empty: none.
  std::string trace = {};
  /// RAMAL_PROGRESS_BAR: how far the program's tasks are, on rank 0's standard error. `auto`: bars, one for
  /// each kind of task, where that is a terminal; `on`: elsewhere too, a line now and then; `off`: nothing.
  std::string progress_bar = "auto";
  /// RAMAL_STATUS: a file that rank 0 replaces every second while the program runs: what each rank is at.
  /// `ramal top FILE` shows it. Rank 0's option counts for all. Empty: none.
  std::string status = {};
  /// RAMAL_SUMMARY: where the time went, on rank 0's standard error at the end. `auto`: where bars were shown
  /// and it took five seconds; `on`, `off`. RAMAL_RECORD has the same, as "summary", wherever it was counted:
  /// with bars, RAMAL_STATUS or `on`.
  std::string summary = "auto";
  /// RAMAL_REPORT: a page of HTML, below 5 MB, that shows the run in a browser without a network. It is made
  /// of a trace at the end, by rank 0; without RAMAL_TRACE that one stands meanwhile beside it as FILE.trace,
  /// and is removed. A file that cannot be written is a warning. Rank 0's option counts for all. Empty: none.
  std::string report = {};

  /// These options, overridden by the RAMAL_* environment variables that are set. Throws OptionError,
  /// naming the variable, what was found and what is allowed. Other variables that begin with RAMAL_ are no
  /// errors, since they may be others' own: `run` says in one line which there are, and what was probably
  /// meant.
  static Options from_environment(Options defaults);
};

}  // namespace ramal
