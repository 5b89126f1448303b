// SPDX-License-Identifier: BSD-3-Clause
// Numbers to times and back, and the times of files.
#include "io/hdf5/cf_calendar.hpp"

#include <cmath>
#include <stdexcept>

namespace ramal {

using namespace detail;

namespace {

[[noreturn]] void refuse_number(const std::string& number, const std::string& units) {
  refuse_time(number + " of '" + units + "' is no time");
}

template <class Number>
std::int64_t microseconds_from(Number number, const CfUnits& units, const std::string& text) {
  if constexpr (std::integral<Number>) {
    std::int64_t apart = 0, at = 0;
    if (__builtin_mul_overflow(number, units.us, &apart) ||
        __builtin_add_overflow(apart, units.reference, &at))
      refuse_number(std::to_string(number), text);
    return at;
  } else {
    // A long double has all digits of the product, where it has 64 bits.
    const long double apart = static_cast<long double>(number) * static_cast<long double>(units.us);
    constexpr long double most = 9.2e18L;
    if (!(std::abs(apart) < most) || !(std::abs(apart + static_cast<long double>(units.reference)) < most))
      refuse_number(std::to_string(number), text);
    return std::llround(apart) + units.reference;
  }
}

template <class Number>
std::vector<CfTime> decoded(std::span<const Number> numbers, const std::string& text, CfCalendar calendar) {
  const CfUnits units = parsed_units(text, calendar);
  std::vector<CfTime> times;
  times.reserve(numbers.size());
  for (const Number number : numbers)
    times.push_back(time_of(microseconds_from(number, units, text), calendar));
  return times;
}

template <class Get>
std::vector<std::int64_t> each_of(const std::vector<CfTime>& times, const Get& get) {
  std::vector<std::int64_t> all;
  all.reserve(times.size());
  for (const CfTime& time : times) all.push_back(get(time));
  return all;
}

}  // namespace

std::vector<CfTime> decode_times(std::span<const double> numbers, const std::string& units,
                                 CfCalendar calendar) {
  return decoded(numbers, units, calendar);
}
std::vector<CfTime> decode_times(std::span<const std::int64_t> numbers, const std::string& units,
                                 CfCalendar calendar) {
  return decoded(numbers, units, calendar);
}
std::vector<double> encode_times(std::span<const CfTime> times, const std::string& text,
                                 CfCalendar calendar) {
  const CfUnits units = parsed_units(text, calendar);
  std::vector<double> numbers;
  numbers.reserve(times.size());
  for (const CfTime& time : times) {
    const std::int64_t apart = microseconds_of(time, calendar) - units.reference;
    // Whole numbers of units exactly, also beyond what a quotient of doubles would have.
    numbers.push_back(static_cast<double>(apart / units.us) +
                      static_cast<double>(apart % units.us) / static_cast<double>(units.us));
  }
  return numbers;
}

std::vector<std::int64_t> CfTimes::months() const {
  return each_of(times, [](const CfTime& time) { return std::int64_t{time.month}; });
}
std::vector<std::int64_t> CfTimes::years() const {
  return each_of(times, [](const CfTime& time) { return time.year; });
}
std::vector<std::int64_t> CfTimes::seasons() const {
  return each_of(times, [](const CfTime& time) { return std::int64_t{time.month % 12 / 3}; });
}

namespace {

/// Whole numbers as they are stored, as they may have more digits than a double.
std::vector<CfTime> times_in(const Hdf5DecodedPlan& planned, const std::string& units, CfCalendar calendar) {
  const auto& [plan, decoding] = planned;
  const bool is_plain = !decoding.is_floating && !decoding.other_sign && decoding.missing.empty() &&
                        decoding.scale == 1 && decoding.offset == 0 &&
                        (decoding.is_signed || decoding.bytes < 8);
  const Extents start{0};
  if (is_plain) {
    const auto block =
        read_hdf5_block<std::int64_t>(plan.file, plan.dataset, start, plan.shape, plan.identity);
    return decode_times(block.span(), units, calendar);
  }
  const auto block =
      read_hdf5_decoded_block(plan.file, plan.dataset, start, plan.shape, plan.identity, decoding);
  return decode_times(block.span(), units, calendar);
}

}  // namespace

CfTimes read_times(const Hdf5Files& files, const std::string& dataset) {
  CfTimes all;
  for (const std::string& path : files.paths()) {
    const std::string name = path + ": " + dataset + ": ";
    const auto planned = plan_hdf5_decoded(path, dataset, true);
    if (planned.plan.shape.size() != 1)
      throw Hdf5Error("ramal: " + name + "expected times along one dimension, found the shape " +
                      planned.plan.shape.text());
    const auto units = read_hdf5_attribute<std::string>(path, dataset, "units");
    if (!units)
      throw Hdf5Error("ramal: " + name + "has no attribute units, so that nothing says what times they are");
    try {
      const CfCalendar calendar =
          calendar_named(read_hdf5_attribute<std::string>(path, dataset, "calendar").value_or("standard"));
      if (all.units.empty()) {
        all.units = *units;
        all.calendar = calendar;
      }
      if (calendar != all.calendar)
        refuse_time("expected the calendar of the files before, " + std::string(calendar_name(all.calendar)) +
                    ", found " + std::string(calendar_name(calendar)));
      if (planned.plan.shape.product() == 0) continue;
      const std::vector<CfTime> times = times_in(planned, *units, calendar);
      all.times.insert(all.times.end(), times.begin(), times.end());
    } catch (const std::invalid_argument& error) {
      throw Hdf5Error("ramal: " + name +
                      std::string(error.what()).substr(std::string_view("ramal: ").size()));
    }
  }
  return all;
}

}  // namespace ramal
