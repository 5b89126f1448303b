// SPDX-License-Identifier: BSD-3-Clause
// ReportData: a trace in memory, in the order that a report wants it in.
#pragma once

#include "runtime/watch/trace_reader.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ramal::detail {

/// A thread of a rank: a worker, or `messages`.
struct ReportRow {
  std::uint32_t rank = 0;
  std::uint32_t lane = 0;
  bool is_messages = false;
};
/// A function and the line that made its tasks.
struct ReportName {
  std::uint32_t kind = 0;
  std::string site = {};
};
struct ReportSlice {
  Moment at = 0;
  Moment took = 0;
  std::uint64_t number = 0;  ///< in its run's graph, or in its family
  std::uint32_t row = 0;
  std::uint32_t name = 0;
  std::uint32_t run = 0;
  std::uint16_t family = 0;
  bool is_member = false;
  bool failed = false;
  std::int32_t stolen_from = -1;

  Moment ended() const { return at + took; }
};
/// A large message, while it comes to `rank`.
struct ReportTransfer {
  Moment at = 0, took = 0;
  std::uint64_t bytes = 0;
  std::uint32_t rank = 0, from = 0;
};
/// One end of a message.
struct ReportMessage {
  Moment at = 0;
  std::uint64_t bytes = 0;
  std::uint32_t rank = 0;
  bool is_sent = false;
};
/// A message that tasks may wait for, and of which both ends are known.
struct ReportFlow {
  Moment sent = 0, came = 0;
  std::uint32_t from = 0, to = 0;
};
struct ReportSample {
  Moment at = 0;
  std::uint64_t value = 0;
  std::uint32_t rank = 0;
};
struct ReportCount {
  std::uint64_t messages = 0, bytes = 0;
};

struct ReportData {
  TraceNotes notes;
  std::uint32_t ranks = 1;
  Moment wall = 1;                 ///< when the last thing ended; at least 1
  std::vector<ReportRow> rows;     ///< by rank and lane
  std::vector<std::string> kinds;  ///< by what their tasks took together, falling
  std::vector<ReportName> names;
  std::vector<ReportSlice> slices;  ///< by row and beginning; of one row, they follow or lie in each other
  std::vector<ReportTransfer> transfers;
  std::vector<ReportMessage> messages;
  std::vector<ReportFlow> flows;                              ///< by rank to which, and when they came
  std::map<std::string, std::vector<ReportSample>> counters;  ///< "bytes held": in the order of time, a rank
  std::map<std::pair<std::uint32_t, std::uint32_t>, ReportCount> traffic;  ///< from and to
  std::map<std::string, ReportCount> message_types;

  std::uint32_t kind_of(const ReportSlice& slice) const { return names[slice.name].kind; }
};

/// Linear in the trace, but for sorting; takes 64 bytes a task and about as much a message. Throws as
/// read_trace, and std::runtime_error where processes are numbered otherwise than ranks are.
ReportData read_report_data(const std::string& trace);

}  // namespace ramal::detail
