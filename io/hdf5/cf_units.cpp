// SPDX-License-Identifier: BSD-3-Clause
// "hours since 1900-01-01 00:00:0.0": units and dates as the CF conventions write them.
#include "io/hdf5/cf_calendar.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace ramal::detail {
namespace {

/// 0 for what is no unit.
std::int64_t unit_us(const std::string& name) {
  struct Unit {
    std::int64_t us;
    std::vector<std::string_view> names;
  };
  static const Unit units[] = {
      {1, {"microseconds", "microsecond", "microsecs", "microsec"}},
      {1000, {"milliseconds", "millisecond", "millisecs", "millisec", "msecs", "msec", "ms"}},
      {second_us, {"seconds", "second", "secs", "sec", "s"}},
      {60 * second_us, {"minutes", "minute", "mins", "min"}},
      {3600 * second_us, {"hours", "hour", "hrs", "hr", "h"}},
      {day_us, {"days", "day", "d"}}};
  for (const Unit& unit : units)
    if (std::ranges::find(unit.names, name) != unit.names.end()) return unit.us;
  return 0;
}

/// Takes a text apart from its beginning.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : left_(text) {}
  void skip_blanks() {
    while (!left_.empty() && std::isspace(static_cast<unsigned char>(left_.front())) != 0)
      left_.remove_prefix(1);
  }
  bool take(char c) {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view word) {
    if (!left_.starts_with(word)) return false;
    left_.remove_prefix(word.size());
    return true;
  }
  /// Up to 9 digits; how many there were is told. False if there is none.
  bool number(std::int64_t& value, std::size_t* digits = nullptr) {
    std::size_t count = 0;
    for (value = 0;
         count < left_.size() && count < 9 && std::isdigit(static_cast<unsigned char>(left_[count])) != 0;
         ++count)
      value = 10 * value + (left_[count] - '0');
    left_.remove_prefix(count);
    if (digits != nullptr) *digits = count;
    return count > 0;
  }
  bool at_end() const { return left_.empty(); }
  char next() const { return left_.empty() ? '\0' : left_.front(); }

 private:
  std::string_view left_;
};

/// `.25` behind whole seconds, in microseconds; further digits say nothing.
bool take_fraction(Scanner& text, std::int32_t& microseconds) {
  if (!text.take('.')) return true;
  std::int64_t scale = 100'000, digit = 0;
  microseconds = 0;
  while (std::isdigit(static_cast<unsigned char>(text.next())) != 0) {
    digit = text.next() - '0';
    text.take(text.next());
    microseconds += static_cast<std::int32_t>(digit * scale);
    scale /= 10;
  }
  return true;
}
bool take_time_of_day(Scanner& text, CfTime& time) {
  std::int64_t hour = 0, minute = 0, second = 0;
  if (!text.number(hour)) return false;
  if (text.take(':') && !text.number(minute)) return false;
  if (text.take(':') && (!text.number(second) || !take_fraction(text, time.microsecond))) return false;
  time.hour = static_cast<std::int32_t>(hour);
  time.minute = static_cast<std::int32_t>(minute);
  time.second = static_cast<std::int32_t>(second);
  return true;
}
/// `Z`, `UTC`, `+1:30`, `-0800`: how far it is ahead of UTC.
bool take_zone(Scanner& text, std::int64_t& ahead_us) {
  for (const char* word : {"utc", "gmt", "z"})
    if (text.take_word(word)) return true;
  const bool is_behind = text.next() == '-';
  if (!text.take('+') && !text.take('-')) return true;
  std::int64_t hours = 0, minutes = 0;
  std::size_t digits = 0;
  if (!text.number(hours, &digits)) return false;
  if (text.take(':')) {
    if (!text.number(minutes)) return false;
  } else if (digits > 2) {
    minutes = hours % 100;
    hours /= 100;
  }
  ahead_us = (is_behind ? -1 : 1) * (hours * 60 + minutes) * 60 * second_us;
  return hours < 24 && minutes < 60;
}

/// The date and time behind "since".
std::int64_t reference_of(std::string_view since, CfCalendar calendar, const std::string& units) {
  Scanner text(since);
  CfTime time;
  std::int64_t month = 1, day = 1, ahead_us = 0;
  const bool is_before = text.take('-');
  if (!is_before) text.take('+');
  bool is_date = text.number(time.year);
  if (is_date && text.take('-')) {
    is_date = text.number(month);
    if (is_date && text.take('-')) is_date = text.number(day);
  }
  if (is_before) time.year = -time.year;
  time.month = static_cast<std::int32_t>(std::min<std::int64_t>(month, 99));
  time.day = static_cast<std::int32_t>(std::min<std::int64_t>(day, 99));
  text.take('t');
  text.skip_blanks();
  if (is_date && std::isdigit(static_cast<unsigned char>(text.next())) != 0)
    is_date = take_time_of_day(text, time);
  text.skip_blanks();
  is_date = is_date && take_zone(text, ahead_us);
  text.skip_blanks();
  if (!is_date || !text.at_end())
    refuse_time("units '" + units + "': expected a date such as 1900-01-01 00:00:00 behind 'since'");
  return microseconds_of(time, calendar) - ahead_us;
}

}  // namespace

CfUnits parsed_units(const std::string& given, CfCalendar calendar) {
  const std::string text = lowered(given);
  const std::size_t since = text.find(" since ");
  CfUnits units;
  if (since == std::string::npos)
    refuse_time("units '" + given + "': expected a unit and a date, such as 'days since 1850-01-01'");
  std::string name = text.substr(0, since);
  name.erase(0, name.find_first_not_of(' '));
  name.erase(name.find_last_not_of(' ') + 1);
  units.us = unit_us(name);
  if (units.us == 0)
    refuse_time("units '" + given +
                "': expected microseconds, milliseconds, seconds, minutes, hours or days, found '" + name +
                '\'');
  std::string_view date = std::string_view(text).substr(since + 7);
  date.remove_prefix(std::min(date.find_first_not_of(' '), date.size()));
  try {
    units.reference = reference_of(date, calendar, given);
  } catch (const std::invalid_argument& error) {
    const std::string what = error.what();
    if (what.find("units '") != std::string::npos) throw;
    refuse_time("units '" + given + "': " + what.substr(std::string_view("ramal: ").size()));
  }
  return units;
}

}  // namespace ramal::detail
