// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/record.hpp"

#include "graph/core/atomic_file.hpp"

#include <ramal/error.hpp>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace ramal::detail {

EndingRecord::EndingRecord(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  // Found out now, not after hours of work.
  try {
    if (unlink(path_.c_str()) != 0 && errno != ENOENT)
      throw std::system_error(errno, std::generic_category(), path_);
    AtomicFile(path_).make();
  } catch (const std::system_error& error) {
    throw OptionError("ramal: RAMAL_RECORD: expected a file that can be written, found '" + path_ +
                      "': " + error.code().message());
  }
}

bool EndingRecord::write(const Ending& ending) const {
  if (path_.empty()) return true;
  std::array<char, 512> line;  // eight numbers take less
  const int length = std::snprintf(
      line.data(), line.size(),
      "{\"status\": %d, \"ranks\": %d, \"hosts\": %d, \"threads\": %d, \"tasks\": %llu, "
      "\"stolen\": %llu, \"stolen_bytes\": %llu, \"elapsed_seconds\": %.6f",
      ending.status, ending.ranks, ending.hosts, ending.threads,
      static_cast<unsigned long long>(ending.tasks), static_cast<unsigned long long>(ending.stolen),
      static_cast<unsigned long long>(ending.stolen_bytes), ending.elapsed_seconds);
  try {
    AtomicFile file(path_);
    std::string text(line.data(), static_cast<std::size_t>(length));
    if (!ending.summary.empty()) text += ", \"summary\": " + ending.summary;
    file.write(text + "}\n");
    file.publish();
    return true;
  } catch (const std::system_error& error) {
    errno = error.code().value();
    return false;
  }
}

}  // namespace ramal::detail
