// SPDX-License-Identifier: BSD-3-Clause
// Status: what a rank is at, as it tells rank 0 once a second, and what rank 0 shows of all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ramal::detail {

/// What one rank is at. Kinds are called by their names, which need no explanation elsewhere.
struct RankStatus {
  struct Of {
    std::string kind;
    std::uint64_t tasks = 0;  ///< that have ended
    std::uint64_t running = 0;
    double seconds = 0;  ///< that those which have ended took
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
      archive& kind& tasks& running& seconds;
    }
  };
  struct Running {
    std::string kind;
    double seconds = 0;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {
      archive& kind& seconds;
    }
  };
  std::uint64_t tasks = 0;  ///< that have ended
  std::uint64_t ready = 0;
  std::uint64_t bytes_held = 0;
  std::uint64_t bytes_kept = 0;
  double elapsed_seconds = 0;
  double busy_seconds = 0;  ///< of all threads, also in tasks that have not ended
  std::vector<Of> kinds = {};
  std::vector<Running> running = {};  ///< the longest first

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& tasks& ready& bytes_held& bytes_kept& elapsed_seconds& busy_seconds& kinds& running;
  }
};

/// What rank 0 knows of all ranks.
struct JobStatus {
  struct Rank {
    std::string host;
    int threads = 1;
    double heard_seconds_ago = 0;  ///< 0 of rank 0
    bool is_heard = false;         ///< it has told at all
    RankStatus status = {};
    /// Share of its threads' time that was spent in tasks.
    double busy() const {
      const double all = status.elapsed_seconds * threads;
      return all > 0 ? status.busy_seconds / all : 0;
    }
  };
  struct Kind {
    std::string name;
    std::uint64_t planned = 0;
    bool at_most = false;  ///< of a loop that may end early
    std::uint64_t done = 0;
    std::uint64_t running = 0;
    double seconds = 0;  ///< that those which are done took
  };
  double elapsed_seconds = 0;
  bool has_ended = false;
  std::vector<Rank> ranks = {};
  std::vector<Kind> kinds = {};  ///< in the order in which they were planned

  /// From what is left of each kind, as long as its tasks took until now, at the pace of all until now; below
  /// 0 where a kind's tasks are not known yet.
  double seconds_left() const;
};

/// One object of JSON, on lines of its own: {"ramal_status": 1, …}.
std::string status_json(const JobStatus& status);
/// One line, without its end: "ramal: 12 s, 300 of 511 tasks, …".
std::string status_line(const JobStatus& status);
/// A line for each kind, at most `most_lines` and `width` columns wide: those that are under way first.
std::vector<std::string> status_bars(const JobStatus& status, std::size_t width, std::size_t most_lines);
/// Such as "1.50 GB".
std::string shown_bytes(std::uint64_t bytes);
/// Such as "250 ms", "12 s", "3:05", "2:00:00".
std::string shown_seconds(double seconds);

}  // namespace ramal::detail
