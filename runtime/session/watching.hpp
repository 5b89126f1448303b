// SPDX-License-Identifier: BSD-3-Clause
// Watching: what is seen of a run on one rank, as the options want it: its part of a trace, and what it is
// at. Each rank has one, which outlives its Rank. Rank 0's shows what ranks are at, and ends with making one
// trace of all parts.
#pragma once

#include "runtime/rank/rank.hpp"
#include "runtime/watch/progress.hpp"
#include "runtime/watch/trace_writer.hpp"

#include <ramal/options.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace ramal::detail {

/// What is to be seen: rank 0's word, which all ranks follow, whatever their own environment says.
struct WatchPlan {
  std::string trace;
  std::string report;       ///< made of the trace
  bool keeps_trace = true;  ///< or it is only for the report
  std::uint64_t mark = 0;   ///< of this session
  bool counts = false;      ///< rank 0 wants to know what ranks are at

  explicit WatchPlan(const Options& options);
  /// The same from another rank's text.
  static WatchPlan from(const std::string& text);
  std::string text() const;

  WatchPlan() = default;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& trace& report& keeps_trace& mark& counts;
  }
};

class Watching {
 public:
  /// `warn`: says what could not be done, a line each.
  Watching(WatchPlan plan, const RankInfo& about, int ranks, unsigned workers,
           std::function<void(const std::string&)> warn);
  /// For the Rank; null: nobody.
  Observer* observer() { return observers_.whom(); }
  /// Rank 0's: what a trace is to say of the run.
  void describe(const Options& options, const std::vector<RankInfo>& ranks);
  /// Rank 0's, where it wants to know what ranks are at: from now on they are shown.
  void show(const Options& options, const std::vector<RankInfo>& ranks);
  /// Rank 0's: another rank says what it is at.
  void hear(int from, std::span<const std::byte> text) {
    if (progress_) progress_->hear(from, text);
  }
  /// Before anything is shipped; on all ranks, where ranks have anything to agree on.
  void begin(Rank& rank);
  /// Other ranks', when rank 0 has said stop: ends the workers.
  void end_other(Rank& rank);
  /// Rank 0's, when all have ended. Returns the summary for the job record; empty: nothing was counted.
  std::string end(Rank& rank, const Options& options);

 private:
  void merge(Rank& rank);
  void warn_of_troubles(const Rank& rank);
  void write_report();
  /// What the user has asked for.
  const char* option() const { return plan_.keeps_trace ? "RAMAL_TRACE" : "RAMAL_REPORT"; }

  const WatchPlan plan_;
  const std::function<void(const std::string&)> warn_;
  Observers observers_;
  std::unique_ptr<TraceWriter> trace_;
  std::unique_ptr<Tally> tally_;
  std::unique_ptr<Progress> progress_;  // rank 0's; reads the tally
  bool has_warned_of_trace_ = false;
  std::atomic<bool> tells_all_ = false;  // the next report is the last
};

}  // namespace ramal::detail
