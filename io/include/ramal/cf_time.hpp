// SPDX-License-Identifier: BSD-3-Clause
// Times as the CF conventions have them: numbers of some unit since a reference, in one of several calendars.
//
//   ramal::CfTimes when = ramal::read_times("era5.nc", "/time");      // "hours since 1900-01-01 00:00:0.0"
//   when.times[0].year, when.months()                                   // 1979, {1, 1, 1, …, 2, …}
//   auto means = ramal::group_mean(t, groups, 12);                      // see <ramal/array_groups.hpp>
//
//   calendar                          what it has
//   standard, gregorian, none stated  leap years as we do, and up to 1582-10-04 as Julius Caesar did; no
//                                     days between that one and 1582-10-15; begins with the year 1
//   proleptic_gregorian               leap years as we do, always; all years
//   noleap, 365_day                   no 29th of February
//   360_day                           12 months of 30 days
//
// Other calendars (julian, all_leap, none, …) are refused by name, and so are months and years as units,
// which have no one length. Times are exact to the microsecond.
#pragma once

#include <ramal/hdf5_many.hpp>

#include <compare>
#include <span>

namespace ramal {

/// See the top of this file.
enum class CfCalendar : std::int32_t { standard, proleptic_gregorian, noleap, day_360 };
/// Its name in files. Throws std::invalid_argument for a calendar that is not known, naming it. Small and
/// large letters are the same.
std::string_view calendar_name(CfCalendar calendar);
CfCalendar calendar_named(const std::string& name);

/// A time of some calendar, without a time zone (UTC, where it matters). A plain value, ordered as it passes.
/// std::chrono has no calendars but ours, so it is not one of its types.
struct CfTime {
  std::int64_t year = 1;
  std::int32_t month = 1;        ///< 1 to 12
  std::int32_t day = 1;          ///< 1 to 31
  std::int32_t hour = 0;         ///< 0 to 23
  std::int32_t minute = 0;       ///< 0 to 59
  std::int32_t second = 0;       ///< 0 to 59: no leap seconds
  std::int32_t microsecond = 0;  ///< 0 to 999999
  auto operator<=>(const CfTime&) const = default;
  /// Such as `1979-01-01 06:00:00`, with the microseconds if there are some.
  std::string text() const;
};

/// The times that numbers stand for. `units`: "days since 1850-01-01", "hours since 1900-1-1 00:00:0.0",
/// "seconds since 1970-01-01T00:00:00Z", "minutes since 2000-01-01 12:00 +1:30"; microseconds to days, in all
/// spellings that CF knows. Numbers with fractions are rounded to the microsecond. Throws
/// std::invalid_argument, naming the text, for units and dates that are none, and for a number that is no
/// time of the calendar: NaN, before the year 1 of the standard one, or 292000 years away.
///
///   ramal::decode_times(std::vector<double>{0, 1.5}, "days since 2000-02-28")[1].text()   // 2000-02-29
///   12:00:00
std::vector<CfTime> decode_times(std::span<const double> numbers, const std::string& units,
                                 CfCalendar calendar = CfCalendar::standard);
std::vector<CfTime> decode_times(std::span<const std::int64_t> numbers, const std::string& units,
                                 CfCalendar calendar = CfCalendar::standard);
/// The other way: what to write for these times. Throws the same for a time that the calendar does not have.
std::vector<double> encode_times(std::span<const CfTime> times, const std::string& units,
                                 CfCalendar calendar = CfCalendar::standard);

/// The times along an axis, and how they were written.
struct CfTimes {
  std::vector<CfTime> times = {};
  std::string units = {};  ///< of the first file
  CfCalendar calendar = CfCalendar::standard;
  /// The month of each, 1 to 12; its year; its season: 0 to 3, of December to February, March to May, ….
  std::vector<std::int64_t> months() const;
  std::vector<std::int64_t> years() const;
  std::vector<std::int64_t> seasons() const;
};

/// The times in a dataset of one dimension of one or several files, one behind the other; decoded by its
/// attributes `units` and `calendar` in each file. Rank 0 reads them now: O(times). Throws Hdf5Error for
/// files and datasets as read_hdf5_decoded, for one without units, for missing times, for units and times
/// that decode_times refuses, and if calendars differ; it names the file.
CfTimes read_times(const Hdf5Files& files, const std::string& dataset);

}  // namespace ramal
