// SPDX-License-Identifier: BSD-3-Clause
// Calendars, by the count of days since 1970-01-01.
#include "io/hdf5/cf_calendar.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <stdexcept>

namespace ramal {
namespace detail {

void refuse_time(const std::string& what) { throw std::invalid_argument("ramal: " + what); }
std::string lowered(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

namespace {

std::int64_t floor_divided(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

struct Date {
  std::int64_t year, month, day;
  auto operator<=>(const Date&) const = default;
};
constexpr Date julian_ends{1582, 10, 4}, gregorian_begins{1582, 10, 15};
/// The same day by either reckoning, counted from 1970-01-01.
constexpr std::int64_t gregorian_begins_on = -141'427;

/// Years begin in March here, so that the leap day comes last. H. Hinnant, chrono-compatible low-level date
/// algorithms (2013). Most centuries have no leap day, or all years that 4 divides do.
std::int64_t days_of(Date date, bool skips_centuries) {
  const std::int64_t year = date.year - (date.month <= 2);
  const std::int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  const std::int64_t leaps =
      floor_divided(year, 4) - (skips_centuries ? floor_divided(year, 100) - floor_divided(year, 400) : 2);
  return 365 * year + leaps + of_year - 719'468;
}
Date date_of(std::int64_t days, bool skips_centuries) {
  const std::int64_t cycle_years = skips_centuries ? 400 : 4, cycle_days = skips_centuries ? 146'097 : 1461;
  const std::int64_t since = days + 719'468 + (skips_centuries ? 0 : 2),
                     cycle = floor_divided(since, cycle_days);
  const std::int64_t in_cycle = since - cycle * cycle_days;
  const std::int64_t centuries = skips_centuries ? in_cycle / 36'524 - in_cycle / 146'096 : 0;
  const std::int64_t year_of_cycle = (in_cycle - in_cycle / 1460 + centuries) / 365;
  const std::int64_t year = cycle * cycle_years + year_of_cycle;
  const std::int64_t of_year =
      in_cycle - (365 * year_of_cycle + year_of_cycle / 4 - (skips_centuries ? year_of_cycle / 100 : 0));
  const std::int64_t shifted = (5 * of_year + 2) / 153, month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {year + (month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1};
}

constexpr std::array<std::int64_t, 13> before_month{0,   31,  59,  90,  120, 151, 181,
                                                    212, 243, 273, 304, 334, 365};

bool is_leap(std::int64_t year, CfCalendar calendar) {
  if (calendar == CfCalendar::noleap) return false;
  const bool is_julian = calendar == CfCalendar::standard && year <= 1582;
  return year % 4 == 0 && (is_julian || year % 100 != 0 || year % 400 == 0);
}
std::int64_t month_length(std::int64_t year, std::int64_t month, CfCalendar calendar) {
  if (calendar == CfCalendar::day_360) return 30;
  const auto at = static_cast<std::size_t>(month);
  return before_month[at] - before_month[at - 1] + (month == 2 && is_leap(year, calendar));
}

/// Throws for a day that the calendar does not have.
std::int64_t days_of(const Date& date, CfCalendar calendar) {
  if (date.month < 1 || date.month > 12 || date.day < 1 ||
      date.day > month_length(date.year, date.month, calendar))
    refuse_time("the calendar " + std::string(calendar_name(calendar)) + " has no day " +
                std::to_string(date.year) + '-' + std::to_string(date.month) + '-' +
                std::to_string(date.day));
  switch (calendar) {
    case CfCalendar::standard:
      if (date.year < 1)
        refuse_time("the standard calendar begins with the year 1, found " + std::to_string(date.year));
      if (date > julian_ends && date < gregorian_begins)
        refuse_time("the standard calendar has no days between 1582-10-4 and 1582-10-15, found 1582-10-" +
                    std::to_string(date.day));
      return days_of(date, date >= gregorian_begins);
    case CfCalendar::proleptic_gregorian:
      return days_of(date, true);
    case CfCalendar::noleap:
      return 365 * (date.year - 1970) + before_month[static_cast<std::size_t>(date.month - 1)] + date.day - 1;
    case CfCalendar::day_360:
      break;
  }
  return 360 * (date.year - 1970) + 30 * (date.month - 1) + date.day - 1;
}
Date date_of(std::int64_t days, CfCalendar calendar) {
  switch (calendar) {
    case CfCalendar::standard:
      return date_of(days, days >= gregorian_begins_on);
    case CfCalendar::proleptic_gregorian:
      return date_of(days, true);
    case CfCalendar::noleap: {
      const std::int64_t year = floor_divided(days, 365), of_year = days - 365 * year;
      const auto month = std::ranges::upper_bound(before_month, of_year) - before_month.begin();
      return {1970 + year, month, of_year - before_month[static_cast<std::size_t>(month - 1)] + 1};
    }
    case CfCalendar::day_360:
      break;
  }
  const std::int64_t year = floor_divided(days, 360), of_year = days - 360 * year;
  return {1970 + year, of_year / 30 + 1, of_year % 30 + 1};
}

}  // namespace

std::int64_t microseconds_of(const CfTime& time, CfCalendar calendar) {
  const auto within = [&](std::int64_t value, std::int64_t end) { return value >= 0 && value < end; };
  if (!within(time.hour, 24) || !within(time.minute, 60) || !within(time.second, 60) ||
      !within(time.microsecond, second_us))
    refuse_time("there is no time of day " + time.text());
  if (std::abs(time.year) > 290'000)
    refuse_time("the year " + std::to_string(time.year) + " is too far away");
  return days_of(Date{time.year, time.month, time.day}, calendar) * day_us +
         ((time.hour * 60 + time.minute) * 60 + time.second) * second_us + time.microsecond;
}
CfTime time_of(std::int64_t microseconds, CfCalendar calendar) {
  const std::int64_t days = floor_divided(microseconds, day_us);
  const Date date = date_of(days, calendar);
  if (calendar == CfCalendar::standard && date.year < 1)
    refuse_time("the standard calendar begins with the year 1, found a time before it");
  const std::int64_t left = microseconds - days * day_us, seconds = left / second_us;
  return {.year = date.year,
          .month = static_cast<std::int32_t>(date.month),
          .day = static_cast<std::int32_t>(date.day),
          .hour = static_cast<std::int32_t>(seconds / 3600),
          .minute = static_cast<std::int32_t>(seconds / 60 % 60),
          .second = static_cast<std::int32_t>(seconds % 60),
          .microsecond = static_cast<std::int32_t>(left % second_us)};
}

}  // namespace detail

std::string_view calendar_name(CfCalendar calendar) {
  switch (calendar) {
    case CfCalendar::standard:
      return "standard";
    case CfCalendar::proleptic_gregorian:
      return "proleptic_gregorian";
    case CfCalendar::noleap:
      return "noleap";
    case CfCalendar::day_360:
      break;
  }
  return "360_day";
}
CfCalendar calendar_named(const std::string& given) {
  const std::string name = detail::lowered(given);
  if (name == "standard" || name == "gregorian") return CfCalendar::standard;
  if (name == "proleptic_gregorian") return CfCalendar::proleptic_gregorian;
  if (name == "noleap" || name == "365_day") return CfCalendar::noleap;
  if (name == "360_day") return CfCalendar::day_360;
  detail::refuse_time("calendar '" + given +
                      "': expected standard, gregorian, proleptic_gregorian, noleap, 365_day or 360_day");
}

std::string CfTime::text() const {
  char memory[96];
  int size = std::snprintf(memory, sizeof memory, "%04lld-%02d-%02d %02d:%02d:%02d",
                           static_cast<long long>(year), month, day, hour, minute, second);
  if (microsecond != 0)
    size +=
        std::snprintf(memory + size, sizeof memory - static_cast<std::size_t>(size), ".%06d", microsecond);
  return {memory, static_cast<std::size_t>(size)};
}

}  // namespace ramal
