// SPDX-License-Identifier: BSD-3-Clause
// run: from main() to a Session.
//
//   int main(int argc, char** argv) {
//     return ramal::run(argc, argv, [](ramal::Session& session) { … });   // the program: on rank 0 only
//   }
//
//   rank 0    main ── run ── program(session) ──────────── stop ── return status
//   rank k    main ── run ── serves: runs rank 0's tasks ── stop ── return status
//
// Code before and after `run` runs on every rank, as in any MPI program; the function given to it runs on
// rank 0 alone, and the variables that it captures are those of rank 0. What tasks need they get as
// arguments.
//
// <ramal/mpi.hpp> has the same for MPI programs that exist.
#pragma once

#include <ramal/options.hpp>
#include <ramal/session.hpp>

#include <functional>

namespace ramal {

namespace detail {
int run(int* argc, char*** argv, const Options& options, const std::function<int(Session&)>& program);

/// The program as one that returns a status: one that returns nothing has succeeded.
template <class Program>
auto with_status(Program& program) {
  return [&program](Session& session) -> int {
    if constexpr (std::is_void_v<std::invoke_result_t<Program&, Session&>>) {
      program(session);
      return 0;
    } else {
      return program(session);
    }
  };
}
}  // namespace detail

/// Starts MPI if the program has not, calls `program(session)` on rank 0 while the other ranks serve,
/// and returns the same exit status on all ranks: what the program returned, or 0 if it returns void.
/// The system keeps the low 8 bits of a status; one that would so become 0 without being 0, such as 256,
/// is returned, and recorded (RAMAL_RECORD), as 1. All ranks must call it, as often as each other, one run
/// after the other; MPI, if it was started here, ends with the process. The same program runs under mpirun,
/// under srun, and by itself. `options` are the program's defaults: RAMAL_* variables override them.
///
/// An exception that leaves the program is printed, ends all ranks and gives status 1. Bad options and
/// ranks that run different binaries are refused before the program starts, with status 2. Throws
/// std::logic_error inside of a task or of another run's program, where the other ranks could not follow. The
/// session belongs to the calling thread.
///
///   const int status = ramal::run(argc, argv, program, {.threads = 1, .idle = "block"});
///
/// Returns when all ranks have ended: tasks that still run are waited for, those that were cancelled 10 s at
/// most, and after an error all of them 2 s at most. What the program persisted is freed then.
template <class Program>
int run(int argc, char** argv, Program&& program, const Options& options = {}) {
  return detail::run(&argc, &argv, options, detail::with_status(program));
}

}  // namespace ramal
