// SPDX-License-Identifier: BSD-3-Clause
// Times in calendars as counts of microseconds, and the units that files state them in.
#pragma once

#include <ramal/cf_time.hpp>

namespace ramal::detail {

inline constexpr std::int64_t second_us = 1'000'000, day_us = 86'400 * second_us;

/// Throws std::invalid_argument.
[[noreturn]] void refuse_time(const std::string& what);
std::string lowered(std::string text);

/// Since 1970-01-01 of the calendar. Both throw for what the calendar does not have.
std::int64_t microseconds_of(const CfTime& time, CfCalendar calendar);
CfTime time_of(std::int64_t microseconds, CfCalendar calendar);

struct CfUnits {
  std::int64_t us = 0;         ///< of one
  std::int64_t reference = 0;  ///< in microseconds since 1970-01-01 of the calendar
};
/// Throws std::invalid_argument that names the text.
CfUnits parsed_units(const std::string& text, CfCalendar calendar);

}  // namespace ramal::detail
