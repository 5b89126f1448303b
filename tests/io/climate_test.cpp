// SPDX-License-Identifier: BSD-3-Clause
// Many files as one array, CF times, appending, several datasets in one file: with files that make_climate.py
// wrote, and what xarray and cftime make of them.
#include "tests/support/one_process.hpp"

#include <ramal/cf_time.hpp>
#include <ramal/hdf5_append.hpp>
#include <ramal/hdf5_many.hpp>
#include <ramal/hdf5_scales.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ramal::test {
namespace {

std::string folder() {
  const char* folder = std::getenv("CLIMATE_TEST_FILES");
  return folder != nullptr ? folder : "climate";
}
std::string file(const std::string& name) { return folder() + '/' + name; }
template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}
void expect_in(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text << "\n  lacks: " << part;
}
/// The raw elements of several files, one behind the other.
template <class T>
std::vector<T> raw(const std::vector<std::string>& names) {
  std::vector<T> all;
  for (const std::string& name : names) {
    std::ifstream in(file(name), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::vector<T> elements(bytes.size() / sizeof(T));
    if (!elements.empty()) std::memcpy(elements.data(), bytes.data(), bytes.size());
    all.insert(all.end(), elements.begin(), elements.end());
  }
  return all;
}
template <class T>
bool have_same_bits(const Block<T>& block, const std::vector<T>& expected) {
  if (block.size() != expected.size()) return false;
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (block.data()[i] != expected[i] && !(std::isnan(block.data()[i]) && std::isnan(expected[i])))
      return false;
  return true;
}

class Climate : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(file("times.txt"))) GTEST_SKIP() << "no files: python3-netcdf4 is missing";
  }
};

// --- many files ------------------------------------------------------------------------------------------

TEST_F(Climate, FilesAreJoined) {
  const auto packed = raw<double>({"run-a.nc.t.raw", "run-b.nc.t.raw", "run-c.nc.t.raw", "run-d.nc.t.raw"});
  const auto plain = raw<float>({"run-a.nc.u.raw", "run-b.nc.u.raw", "run-c.nc.u.raw", "run-d.nc.u.raw"});
  on_all_engines([&](Session& session) {
    for (const std::uint64_t bytes : {std::uint64_t{1} << 20, std::uint64_t{400}, std::uint64_t{1}}) {
      const auto t = open_many_decoded(file("run-?.nc"), "/t", 0, {.block_bytes = bytes});
      const auto u = open_many<float>(file("run-[a-d].nc"), "u", -3, {.block_bytes = bytes});
      EXPECT_EQ(t.shape(), (Extents{17, 4, 5}));
      EXPECT_TRUE(have_same_bits(session.compute(t), packed)) << bytes;
      EXPECT_TRUE(have_same_bits(session.compute(u), plain)) << bytes;
      EXPECT_TRUE(have_same_bits(session.compute(t.rechunk({5, 3, -1})), packed)) << bytes;
    }
    const auto whole = open_many<float>(file("run-?.nc"), "/u", 0, {.block_shape = {4, 4, 5}});
    EXPECT_EQ(whole.chunks(0), (std::vector<std::int64_t>{3, 4, 4, 2, 4}));
    EXPECT_EQ(session.compute(whole.block({2, 0, 0})).offset(), (Extents{7, 0, 0}));
    // In the order of a list, and along another axis.
    const auto swapped = session.compute(open_many<float>({file("run-d.nc"), file("run-a.nc")}, "/u"));
    EXPECT_TRUE(have_same_bits(swapped, raw<float>({"run-d.nc.u.raw", "run-a.nc.u.raw"})));
    const auto beside = open_many<float>({file("run-a.nc"), file("run-a.nc")}, "/u", 2);
    const auto difference = beside(all, all, slice(5)) - beside(all, all, slice(5, {}));
    EXPECT_EQ(beside.shape(), (Extents{3, 4, 10}));
    EXPECT_EQ(session.compute(abs(difference).max()), 0.0F);
    EXPECT_EQ(session.compute(open_many<float>({file("run-c.nc")}, "/u").sum()), 0.0F);
    EXPECT_EQ(session.compute(open_many<float>(file("run-a.nc"), "/lat")).size(), 4u);
  });
}

TEST_F(Climate, FilesThatDifferAreRefusedByName) {
  expect_in(error_of([] {
              open_many<float>({file("run-a.nc"), file("other-shape.nc")}, "/u");
            }),
            "other-shape.nc: /u: expected a shape that differs along axis 0 alone from that in ");
  expect_in(error_of([] {
              open_many<float>({file("run-a.nc"), file("other-shape.nc")}, "/u");
            }),
            "(3, 4, 5), found (2, 3, 5)");
  expect_in(error_of([] { open_many<std::int16_t>(file("run-?.nc"), "/t"); }), "run-d.nc: ");
  expect_in(error_of([] { open_many<float>({file("run-a.nc"), file("missing.nc")}, "/u"); }), "missing.nc: ");
  expect_in(error_of([] { open_many<float>(file("walk-*.nc"), "/u"); }), "there is no file of such a name");
  expect_in(error_of([] { open_many<float>(std::vector<std::string>(), "/u"); }),
            "expected at least one file");
  expect_in(error_of([] { open_many<float>(file("run-?.nc"), "/u", 3); }),
            "expected an axis of an array of 3");
  expect_in(error_of([] { open_many<double>(file("untimed.nc"), "/t"); }),
            "expected an axis of an array of 0");
  expect_in(error_of([] { open_many<float>(file("run-?.nc"), "/u", 0, {.block_shape = {1}}); }),
            "block_shape (1)");
}

TEST_F(Climate, FilesThatChangeAreRefused) {
  EXPECT_EQ(Hdf5Files({"b.nc", "a.nc"}).paths(), (std::vector<std::string>{"b.nc", "a.nc"}));
  EXPECT_EQ(Hdf5Files("a.nc").paths(), std::vector<std::string>{"a.nc"});
  const std::string copy = file("copy.nc");
  std::filesystem::copy_file(file("run-a.nc"), copy, std::filesystem::copy_options::overwrite_existing);
  const auto joined = open_many<float>({file("run-b.nc"), copy}, "/u");
  std::filesystem::copy_file(file("run-d.nc"), copy, std::filesystem::copy_options::overwrite_existing);
  SerialRanks serial;
  expect_in(error_of([&] { serial.session().compute(joined.sum()); }),
            "copy.nc: /u: the file has been changed or replaced");
  EXPECT_NO_THROW(serial.session().compute(joined(slice(10)).sum()));
}

/// A table is looked up, whatever the number of files.
TEST_F(Climate, ThousandsOfFilesAreOneFamily) {
  SteppedRanks stepped(3, 5);
  const std::vector<std::string> thousand(2000, file("run-a.nc"));
  const auto u = open_many<float>(thousand, "/u");
  EXPECT_EQ(u.grid(), (Extents{2000, 1, 1}));
  const auto one = raw<float>({"run-a.nc.u.raw"});
  const Block<float> last = stepped.session().compute(u(slice(-3, {})));
  EXPECT_TRUE(have_same_bits(last, one));
}

// --- times -----------------------------------------------------------------------------------------------

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t at = 0;
  for (std::size_t end = 0; end != std::string::npos; at = end + 3) {
    end = line.find(" | ", at);
    fields.push_back(line.substr(at, end == std::string::npos ? end : end - at));
  }
  return fields;
}

TEST_F(Climate, TimesAreWhatCftimeSays) {
  std::ifstream in(file("times.txt"));
  std::string line;
  int lines = 0;
  while (std::getline(in, line)) {
    const auto fields = fields_of(line);
    ASSERT_EQ(fields.size(), 4u) << line;
    const CfCalendar calendar = calendar_named(fields[1]);
    const double number = std::stod(fields[2]);
    const std::vector<CfTime> found = decode_times(std::vector<double>{number}, fields[0], calendar);
    EXPECT_EQ(found[0].text(), fields[3]) << line;
    EXPECT_NEAR(encode_times(found, fields[0], calendar)[0], number, std::abs(number) * 1e-15 + 1e-9) << line;
    if (number == std::trunc(number)) {
      const std::vector<std::int64_t> whole{static_cast<std::int64_t>(number)};
      EXPECT_EQ(decode_times(whole, fields[0], calendar), found) << line;
      EXPECT_EQ(encode_times(found, fields[0], calendar)[0], number) << line;
    }
    ++lines;
  }
  EXPECT_GT(lines, 500);
}

/// Each day from 1 to 2400, and back.
TEST(CfTimes, PassDayByDay) {
  for (const CfCalendar calendar :
       {CfCalendar::standard, CfCalendar::proleptic_gregorian, CfCalendar::noleap, CfCalendar::day_360}) {
    std::vector<std::int64_t> days;
    for (std::int64_t day = 0; day < 876'000; ++day) days.push_back(day);
    const auto times = decode_times(days, "days since 1-1-1", calendar);
    for (std::size_t i = 1; i < times.size(); ++i) ASSERT_LT(times[i - 1], times[i]);
    const auto back = encode_times(times, "days since 1-1-1", calendar);
    for (std::size_t i = 0; i < times.size(); ++i) ASSERT_EQ(back[i], static_cast<double>(i));
  }
}

TEST(CfTimes, AreRefusedByName) {
  const std::vector<double> one{1};
  const auto refusal = [&](const std::string& units, CfCalendar calendar = CfCalendar::standard) {
    return error_of([&] { decode_times(one, units, calendar); });
  };
  expect_in(refusal("months since 1900-01-01"), "found 'months'");
  expect_in(refusal("K"), "'K': expected a unit and a date");
  expect_in(refusal("days since yesterday"), "expected a date such as");
  expect_in(refusal("days since 1900-13-01"), "has no day 1900-13-1");
  expect_in(refusal("days since 1900-02-29"), "the calendar standard has no day 1900-2-29");
  expect_in(refusal("days since 2000-02-29", CfCalendar::noleap), "the calendar noleap has no day 2000-2-29");
  expect_in(refusal("days since 1582-10-10"), "has no days between 1582-10-4 and 1582-10-15");
  expect_in(refusal("days since 0-1-1"), "begins with the year 1");
  expect_in(refusal("days since 2000-01-01 25:00"), "there is no time of day");
  expect_in(refusal("days since 2000-01-01 12:00 tomorrow"), "expected a date such as");
  expect_in(error_of([] { decode_times(std::vector<double>{NAN}, "days since 2000-01-01"); }), "is no time");
  expect_in(error_of([] { decode_times(std::vector<double>{1e300}, "days since 2000-01-01"); }),
            "is no time");
  expect_in(error_of([] { decode_times(std::vector<std::int64_t>{INT64_MAX}, "days since 2000-01-01"); }),
            "is no time");
  expect_in(error_of([] { decode_times(std::vector<double>{-1}, "days since 1-1-1"); }),
            "begins with the year 1");
  expect_in(error_of([] { calendar_named("all_leap"); }),
            "calendar 'all_leap': expected standard, gregorian");
  EXPECT_EQ(calendar_named("Gregorian"), CfCalendar::standard);
}

TEST_F(Climate, TimesOfFilesAreRead) {
  const CfTimes times = read_times(file("run-?.nc"), "/time");
  EXPECT_EQ(times.times.size(), 17u);
  EXPECT_EQ(times.times[16].text(), "1900-01-17 00:00:00");
  EXPECT_EQ(times.units, "hours since 1900-01-01 00:00:0.0");
  EXPECT_EQ(times.calendar, CfCalendar::standard);
  EXPECT_EQ(times.months(), std::vector<std::int64_t>(17, 1));
  EXPECT_EQ(times.years(), std::vector<std::int64_t>(17, 1900));
  EXPECT_EQ(times.seasons(), std::vector<std::int64_t>(17, 0));
  expect_in(error_of([] { read_times(file("julian.nc"), "/time"); }),
            "julian.nc: /time: calendar 'julian': expected");
  expect_in(error_of([] { read_times(file("months.nc"), "/time"); }),
            "months.nc: /time: units 'months since");
  expect_in(error_of([] { read_times(file("untimed.nc"), "/x"); }), "has no attribute units");
  expect_in(error_of([] { read_times(file("untimed.nc"), "/gaps"); }),
            "untimed.nc: /gaps: nan of 'days since");
  expect_in(error_of([] {
              read_times({file("run-a.nc"), file("noleap.nc")}, "/time");
            }),
            "noleap.nc: /time: expected the calendar of the files before, standard, found noleap");
  expect_in(error_of([] { read_times(file("run-a.nc"), "/u"); }), "expected times along one dimension");
}

// --- dimension scales --------------------------------------------------------------------------------------

TEST_F(Climate, ScalesAreFound) {
  EXPECT_EQ(dimension_scales(file("run-a.nc"), "/t"), (std::vector<std::string>{"/time", "/lat", "/lon"}));
  EXPECT_EQ(dimension_scales(file("run-a.nc"), "/lat"), std::vector<std::string>{"/lat"});
  const auto scales = read_scales(file("run-a.nc"), "/t");
  EXPECT_EQ(scales[0].values, (std::vector<double>{0, 24, 48}));
  EXPECT_EQ(scales[0].units, "hours since 1900-01-01 00:00:0.0");
  EXPECT_EQ(scales[1].name, "lat");
  EXPECT_EQ(scales[1].values, (std::vector<double>{-60, -20, 20, 60}));
  EXPECT_EQ(std::get<std::string>(read_scale(file("noleap.nc"), "/time").attributes.at("calendar")),
            "noleap");
}

// --- several datasets, and appending -----------------------------------------------------------------------

/// Those whose ranks can wait for each other, as a collective task has them do: not several in one thread.
template <class Check>
void on_engines_for_collectives(const Check& check) {
  {
    SerialRanks serial;
    check(serial.session());
  }
  for (const int ranks : {2, 3}) {
    ThreadedRanks threaded(ranks, 1);
    check(threaded.session());
  }
}
std::string fresh(const std::string& name) {
  const std::string path = file(name);
  std::filesystem::remove(path);
  return path;
}

TEST_F(Climate, SeveralDatasetsGoIntoOneFile) {
  on_engines_for_collectives([](Session& session) {
    const std::string path = fresh("several.nc");
    const auto field = arange<double>(24, {5});
    const auto kept = session.persist(arange<std::int32_t>(6, {4}) * 2);
    session.compute(
        write_hdf5(path,
                   {{"/a", field * 0.5, {.chunk = {7}, .deflate = 3, .dimension_scales = {{"x", {}, "m"}}}},
                    {"/group/b", kept},
                    {"/sum", field.sum()},
                    {"/c", field + 1, {.attributes = {{"units", "K"}}, .dimension_scales = {{"x"}}}}},
                   {.attributes = {{"Conventions", "CF-1.8"}, {"version", std::int64_t{3}}}}));
    EXPECT_EQ(session.compute((read_hdf5<double>(path, "/a").array() * 2 - field).nansum()), 0);
    EXPECT_EQ(session.compute(read_hdf5<std::int32_t>(path, "/group/b").array()), session.compute(kept));
    EXPECT_EQ(session.compute(read_hdf5<double>(path, "/sum").array()).data()[0], 276);
    EXPECT_EQ(session.compute((read_hdf5<double>(path, "/c").array() - field).sum()), 24);
    EXPECT_EQ(read_hdf5_attribute<std::string>(path, "/", "Conventions"), "CF-1.8");
    EXPECT_EQ(read_hdf5_attribute<std::int64_t>(path, "/", "version"), 3);
    EXPECT_EQ(dimension_scales(path, "/c"), std::vector<std::string>{"/x"});
    // All of it or nothing.
    expect_in(error_of([&] {
                session.compute(write_hdf5(path, {{"/a", field}, {"/a", field}}));
              }),
              "/a: is in the file already");
    EXPECT_EQ(session.compute(read_hdf5<double>(path, "/sum").array()).data()[0], 276);
    EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  });
  expect_in(error_of([] { write_hdf5(file("none.h5"), std::vector<Hdf5Entry>()); }),
            "expected at least one dataset");
}

TEST_F(Climate, ElementsAreAppended) {
  on_engines_for_collectives([](Session& session) {
    const std::string path = fresh("grown.nc");
    const auto days = [](double first, std::uint64_t count) {
      std::vector<double> all;
      for (std::uint64_t i = 0; i < count; ++i) all.push_back(first + static_cast<double>(i));
      return all;
    };
    const auto slab = [](double first, std::uint64_t rows) {
      return arange<double>(first, first + static_cast<double>(rows), 1.0, {2})(all, newaxis) +
             zeros<double>({rows, 3}, {2, 2});
    };
    const Hdf5Scale time{"time", days(0, 3), "days since 2000-01-01"}, x{"x", {}, "m"};
    session.compute(
        append_hdf5(path, "/t", slab(0, 3), {.dimension_scales = {time, x}, .attributes = {{"units", "K"}}}));
    Hdf5Scale later = time;
    later.values = days(3, 5);
    session.compute(append_hdf5(path, "/t", slab(3, 5), {.dimension_scales = {later}}));
    session.compute(append_hdf5(path, "/t", slab(8, 0)));
    later.values = days(8, 1);
    session.compute(
        append_hdf5(path, "/t", slab(8, 1), {.dimension_scales = {later}, .whole_or_nothing = true}));
    const auto found = read_hdf5<double>(path, "/t").array();
    EXPECT_EQ(found.shape(), (Extents{9, 3}));
    EXPECT_EQ(session.compute(abs(found - slab(0, 9)).max()), 0);
    EXPECT_EQ(read_scale(path, "/time").values, days(0, 9));
    EXPECT_EQ(read_hdf5_attribute<std::string>(path, "/t", "units"), "K");
    // Along another axis, compressed, beside what is there.
    const auto columns = arange<std::int64_t>(8, {3})(newaxis);
    for (int k = 0; k < 3; ++k)
      session.compute(append_hdf5(path, "/n", columns, {.axis = -1, .chunk = {1, 5}, .deflate = 1}));
    EXPECT_EQ(read_hdf5<std::int64_t>(path, "/n").shape(), (Extents{1, 24}));
    EXPECT_EQ(session.compute(read_hdf5<std::int64_t>(path, "/n").array()(0, slice(8, 16)).sum()), 28);
    EXPECT_EQ(session.compute(read_hdf5<std::int64_t>(path, "/n").array().sum()), 84);
    // What does not fit leaves all as it was.
    const auto refusal = [&](const auto& array, const Hdf5AppendOptions& options = {},
                             const char* name = "/t") {
      return error_of([&] { session.compute(append_hdf5(path, name, array, options)); });
    };
    expect_in(refusal(zeros<double>({2, 4})),
              "/t: expected an array whose shape differs along axis 0 alone from (9, 3), found (2, 4)");
    expect_in(refusal(zeros<double>({2})), "found (2)");
    expect_in(refusal(zeros<float>({2, 3})), "/t: expected elements of type float64, as it has");
    expect_in(refusal(zeros<double>({9, 1}), {.axis = 1}), "cannot grow along axis 1");
    expect_in(refusal(zeros<double>({2, 3}), {.dimension_scales = {{"time", {1, 2, 3}}}}),
              "has 3 values for 2 elements");
    expect_in(refusal(zeros<double>({2, 3}), {.dimension_scales = {{"nothing", {1, 2}}}}),
              "no dimension scale");
    session.compute(write_hdf5(path, "/fixed", slab(0, 2), {.keep_file = true}));
    expect_in(refusal(slab(0, 2), {}, "/fixed"), "has no chunks");
    std::ofstream(path + ".part") << "another job's";
    expect_in(refusal(slab(0, 2)), "another job is writing it");
    std::filesystem::remove(path + ".part");
    EXPECT_EQ(session.compute(read_hdf5<double>(path, "/t").array().sum()), 108);
    EXPECT_EQ(read_scale(path, "/time").values, days(0, 9));
    EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  });
  expect_in(error_of([] { append_hdf5(file("x.h5"), "/t", zeros<double>({})); }),
            "expected an axis of an array of 0");
  expect_in(error_of([] { append_hdf5(file("x.h5"), "/t", zeros<double>({2}), {.axis = 1}); }),
            "expected an axis");
}

}  // namespace
}  // namespace ramal::test
