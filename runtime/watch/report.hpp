// SPDX-License-Identifier: BSD-3-Clause
// write_report: of a trace one page of HTML that a browser shows without a network: what each worker ran
// when, kinds, memory, messages, the critical path. What it looks like is in report/, which is part of the
// library.
//
// The page holds all tasks where there are no more than `most_tasks`, else the longest of them and, of the
// rest, how busy they kept each worker (report_levels.hpp). So it stays below 5 MB, however large the trace
// is.
//
//   numbers := base64 of varints (report_encoding.hpp)
//   page    := html with one JSON object, whose `slices`, `rest`, … are such numbers; see report.cpp for each,
//              and report/data.js, which reads them
#pragma once

#include <cstdint>
#include <string>

namespace ramal::detail {

struct ReportLimits {
  std::size_t most_tasks = 80'000;
  std::size_t most_cells = 100'000;  ///< bins of all rows together, and of all ranks
};

struct WrittenReport {
  std::uint64_t tasks = 0;
  std::uint64_t kept = 0;  ///< tasks that stand in it one by one
};

/// Throws as read_trace, and std::system_error, which begins with the file's name, if `file` cannot be
/// written: then what was there stays. Takes about 64 bytes a task and a message.
WrittenReport write_report(const std::string& trace, const std::string& file,
                           const ReportLimits& limits = {});

}  // namespace ramal::detail
