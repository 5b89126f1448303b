// SPDX-License-Identifier: BSD-3-Clause
// History: what rank 0 knows of how long tasks of each kind take, on all ranks, and the file that carries it
// from one session to the next.
//
//   file  := "ramal history 1 " session "\n" line*                    frozen
//   line  := kind ' ' tasks ' ' mean-seconds ' ' session ' ' name "\n"
//   kind  := build id of its image '+' its offset there, hexadecimal
//
// `session` counts those that wrote the file: the head has the last one, a line the last that knew its kind.
// Lines of other binaries are kept for 100 sessions. Of two programs that end at once the later one's file
// stays.
//
// One thread at a time.
#pragma once

#include "graph/core/image.hpp"
#include "runtime/executor/durations.hpp"

#include <map>

namespace ramal::detail {

class History {
 public:
  explicit History(const Images& images) : images_(images) {}

  /// How many seconds a task of that kind took in the mean; 0: unknown.
  double seconds(const Kind& kind);
  void add(const Kind& kind, const DurationSum& sum);

  /// What an earlier session wrote at `path`, if there is such a file. Returns what is wrong with it in one
  /// line, which names the file and its line; from there on it is ignored.
  std::string read(const std::string& path);
  /// Writes the file, which is then there as a whole, or as it was before. Returns what went wrong in one
  /// line; empty if nothing did. A file that `read` found to be something else is left as it is.
  std::string write(const std::string& path);

 private:
  struct Entry {
    DurationSum sum;
    std::uint64_t session = 0;
    std::string name;
  };
  Entry& entry(const Kind& kind);
  static bool parse(const std::string& line, std::uint64_t last_session, std::string& kind, Entry& entry);

  const Images& images_;
  std::uint64_t session_ = 1;                        // the number of this one
  bool is_anothers_ = false;                         // the file is no history
  std::map<std::string, Entry> entries_;             // by kind as in the file
  std::unordered_map<const Kind*, Entry*> of_kind_;  // entries of the kinds that were asked for
  std::unordered_map<const Kind*, Entry> nameless_;  // kinds of images without a build id
};

}  // namespace ramal::detail
