// SPDX-License-Identifier: BSD-3-Clause
// The success record: what a job script can trust. A launcher's exit status cannot be: mpirun returns 0
// for some aborted programs, and a killed one may have printed all it had to print.
#pragma once

#include <cstdint>
#include <string>

namespace ramal::detail {

/// How a run ended, on all ranks.
struct Ending {
  int status = 0;
  int ranks = 1;
  int hosts = 1;
  int threads = 1;  ///< of rank 0
  std::uint64_t tasks = 0;
  std::uint64_t stolen = 0;  ///< of these, run by another rank than planned
  std::uint64_t stolen_bytes = 0;
  double elapsed_seconds = 0;
  std::string summary = {};  ///< where the time went, an object of JSON; empty: it was not counted
};

class EndingRecord {
 public:
  /// Removes what an earlier run left at `path`. Nothing is written if it is empty. Throws OptionError if
  /// no file can be made there.
  explicit EndingRecord(std::string path);

  /// One line of JSON, there as a whole or not at all. False, with errno, if it could not be written.
  bool write(const Ending& ending) const;

 private:
  std::string path_;
};

}  // namespace ramal::detail
