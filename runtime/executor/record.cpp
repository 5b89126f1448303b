// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/record.hpp"

#include <ramal/error.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ramal::detail {

EndingRecord::EndingRecord(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  // Found out now, not after hours of work.
  const bool stale_gone = unlink(path_.c_str()) == 0 || errno == ENOENT;
  std::FILE* const file = stale_gone ? std::fopen(unfinished().c_str(), "we") : nullptr;
  if (file == nullptr) {
    throw OptionError("ramal: RAMAL_RECORD: expected a file that can be written, found '" + path_ +
                      "': " + std::strerror(errno));
  }
  std::fclose(file);
  unlink(unfinished().c_str());
}

bool EndingRecord::write(const Ending& ending) const {
  if (path_.empty()) return true;
  std::FILE* const file = std::fopen(unfinished().c_str(), "we");
  if (file == nullptr) return false;
  const bool printed =
      std::fprintf(file,
                   "{\"status\": %d, \"ranks\": %d, \"hosts\": %d, \"threads\": %d, \"tasks\": %llu, "
                   "\"stolen\": %llu, \"stolen_bytes\": %llu, \"elapsed_seconds\": %.6f}\n",
                   ending.status, ending.ranks, ending.hosts, ending.threads,
                   static_cast<unsigned long long>(ending.tasks),
                   static_cast<unsigned long long>(ending.stolen),
                   static_cast<unsigned long long>(ending.stolen_bytes), ending.elapsed_seconds) > 0 &&
      std::fflush(file) == 0 && fsync(fileno(file)) == 0;
  return std::fclose(file) == 0 && printed && std::rename(unfinished().c_str(), path_.c_str()) == 0;
}

}  // namespace ramal::detail
