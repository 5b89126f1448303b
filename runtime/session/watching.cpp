// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/session/watching.hpp"

#include "graph/core/atomic_file.hpp"
#include "runtime/session/run_notes.hpp"
#include "runtime/transport/encoded.hpp"
#include "runtime/watch/report.hpp"
#include "runtime/watch/trace_merge.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <exception>

namespace ramal::detail {

namespace {

/// Such as "1-3, 7".
std::string ranges(const std::vector<int>& rising) {
  std::string text;
  for (std::size_t i = 0; i < rising.size();) {
    std::size_t last = i;
    while (last + 1 < rising.size() && rising[last + 1] == rising[last] + 1) ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(rising[i]);
    if (last > i) text += "-" + std::to_string(rising[last]);
    i = last + 1;
  }
  return text;
}

ProgressForm form_of(const Options& options) {
  if (options.progress_bar == "off") return ProgressForm::none;
  if (shows_on_a_terminal()) return ProgressForm::bars;
  return options.progress_bar == "on" ? ProgressForm::lines : ProgressForm::none;
}

}  // namespace

WatchPlan::WatchPlan(const Options& options)
    : trace(!options.trace.empty() || options.report.empty() ? options.trace : options.report + ".trace"),
      report(options.report),
      keeps_trace(!options.trace.empty()),
      mark(trace.empty() ? 0 : new_mark()),
      counts(options.summary == "on" || !options.status.empty() || form_of(options) != ProgressForm::none) {}

WatchPlan WatchPlan::from(const std::string& text) {
  Reader reader(std::as_bytes(std::span(text)));
  return Codec<WatchPlan>::read(reader);
}

std::string WatchPlan::text() const {
  const auto bytes = encoded(*this);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Watching::Watching(WatchPlan plan, const RankInfo& about, int ranks, unsigned workers,
                   std::function<void(const std::string&)> warn)
    : plan_(std::move(plan)), warn_(std::move(warn)) {
  if (!plan_.trace.empty()) {
    const PartAbout part{
        .mark = plan_.mark, .rank = about.rank, .ranks = ranks, .pid = about.pid, .workers = workers};
    trace_ = std::make_unique<TraceWriter>(part_path(plan_.trace, about.rank), part, about.host);
    observers_.add(*trace_);
  }
  if (plan_.counts) {
    tally_ = std::make_unique<Tally>(workers);
    observers_.add(*tally_);
  }
}

void Watching::show(const Options& options, const std::vector<RankInfo>& ranks) {
  if (!tally_) return;
  std::vector<JobStatus::Rank> known;
  for (const RankInfo& rank : ranks) known.push_back({.host = rank.host, .threads = rank.threads});
  progress_ = std::make_unique<Progress>(
      *tally_, std::move(known),
      Progress::Settings{.form = form_of(options), .file = options.status, .warn = warn_});
}

void Watching::describe(const Options& options, const std::vector<RankInfo>& ranks) {
  if (trace_) trace_->add(run_notes(options, ranks));
}

void Watching::begin(Rank& rank) {
  constexpr double report_pause_seconds = 1;
  if (tally_ && rank.transport().rank() != 0) {
    rank.set_reporter(
        [this] {
          std::vector<std::byte> text = encoded(tally_->status());
          if (!tells_all_) return text;
          const auto summary = encoded(tally_->summary());
          text.insert(text.end(), summary.begin(), summary.end());
          return text;
        },
        report_pause_seconds);
  }
  if (trace_ && rank.transport().rank() != 0) {
    trace_->add(rank.measure_clock(trace_->error()));
  } else if (trace_) {
    rank.answer_clocks(1);
    warn_of_troubles(rank);
  }
}

void Watching::end_other(Rank& rank) {
  if (trace_) trace_->add(rank.measure_clock(trace_->error()));
  rank.end_workers();
  if (trace_) trace_->finish();
  tells_all_ = true;
  if (tally_) rank.report_status();
}

std::string Watching::end(Rank& rank, const Options& options) {
  std::string record;
  if (progress_) {
    constexpr double worth_a_summary_seconds = 5;
    progress_->end();
    const JobSummary summary = progress_->summary();
    const bool is_shown =
        options.summary == "on" || (options.summary == "auto" && form_of(options) == ProgressForm::bars &&
                                    summary.elapsed_seconds >= worth_a_summary_seconds);
    if (is_shown) {
      std::fputs(summary_text(summary).c_str(), stderr);
      std::fflush(stderr);
    }
    record = summary_json(summary);
  }
  if (trace_) merge(rank);
  return record;
}

void Watching::merge(Rank& rank) {
  trace_->finish();
  warn_of_troubles(rank);
  if (trace_->error() != 0) return;  // the disk is full, or the folder not there
  try {
    const MergedTrace merged = merge_trace(plan_.trace, plan_.mark);
    write_report();
    if (merged.missing.empty() || has_warned_of_trace_) return;
    warn_(std::string("ramal: warning: ") + option() + ": '" + plan_.trace + "' lacks what rank " +
          ranges(merged.missing) + " did: rank 0 does not see " +
          part_path(plan_.trace, merged.missing.front()) +
          (merged.missing.size() > 1 ? " and the others" : "") +
          "; name a file in a folder that all ranks share");
  } catch (const std::exception& error) {
    warn_(std::string("ramal: warning: ") + option() + ": expected a file that can be written, found '" +
          plan_.trace + "': " + error.what() +
          "; what each rank did is left beside it (ramal trace FILE puts it together)");
  }
}

/// Of the whole trace, which then goes if it is for that alone.
void Watching::write_report() {
  if (plan_.report.empty()) return;
  try {
    detail::write_report(plan_.trace, plan_.report);
    if (!plan_.keeps_trace) ::unlink(plan_.trace.c_str());
  } catch (const std::exception& error) {
    warn_("ramal: warning: RAMAL_REPORT: expected a file that can be written, found '" + plan_.report +
          "': " + error.what() + "; the trace is left (ramal report " + plan_.trace + " makes the report)");
  }
}

/// Once, when it is first known.
void Watching::warn_of_troubles(const Rank& rank) {
  std::vector<int> ranks;
  int error = trace_->error();
  if (error != 0) ranks.push_back(0);
  for (const auto& [other, its] : rank.clocks().troubles()) {
    ranks.push_back(other);
    if (error == 0) error = its;
  }
  if (ranks.empty() || has_warned_of_trace_) return;
  has_warned_of_trace_ = true;
  warn_(std::string("ramal: warning: ") + option() + ": expected a file that can be written, found '" +
        part_path(plan_.trace, ranks.front()) + "': " + std::strerror(error) + " (on rank " + ranges(ranks) +
        "); the program goes on without a trace of that");
}

}  // namespace ramal::detail
