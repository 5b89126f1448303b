// SPDX-License-Identifier: BSD-3-Clause
// Rows as boxes and their columns as numbers: what a person sees, and what arrays get.
#include <ramal/column_copy.hpp>
#include <ramal/rows_builder.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <sstream>

namespace {

using namespace ramal;

std::string printed(const Rows& rows) {
  std::ostringstream out;
  out << rows;
  return out.str();
}
/// The cells of the one column, whatever surrounds them.
template <class T>
std::vector<std::string> cells(const ColumnType& type, const std::vector<T>& values) {
  std::istringstream in(printed(Rows::of({{"x", type, values}})));
  std::vector<std::string> cells;
  std::string line;
  for (int i = 0; std::getline(in, line); ++i) {
    if (i < 4 || !line.starts_with("│")) continue;
    const std::size_t begin = line.find_first_not_of(" ", std::string("│").size());
    cells.push_back(line.substr(begin, line.find_last_not_of(" ", line.rfind("│") - 1) + 1 - begin));
  }
  return cells;
}
using Texts = std::vector<std::string>;

TEST(RowsPrintTest, DrawsABox) {
  const Rows rows = Rows::of({{"city", std::vector<std::optional<std::string>>{"Zürich", "Oslo", {}}},
                              {"price", ColumnType::decimal(9, 2), std::vector<Int128>{199, -5, 123456}},
                              {"n", std::vector<std::int64_t>{1, -20, 300}},
                              {"flag", std::vector<bool>{true, false, true}}});
  EXPECT_EQ(printed(rows),
            "┌─────────┬──────────────┬───────┬─────────┐\n"
            "│  city   │    price     │   n   │  flag   │\n"
            "│ varchar │ decimal(9,2) │ int64 │ boolean │\n"
            "├─────────┼──────────────┼───────┼─────────┤\n"
            "│ Zürich  │         1.99 │     1 │ true    │\n"
            "│ Oslo    │        -0.05 │   -20 │ false   │\n"
            "│ NULL    │      1234.56 │   300 │ true    │\n"
            "└─────────┴──────────────┴───────┴─────────┘\n"
            "(3 rows)\n");
  EXPECT_EQ(printed(Rows()), "(0 rows)\n");
  EXPECT_EQ(printed(Rows::none({{"x", TypeId::float64}})),
            "┌────────┐\n│   x    │\n│ double │\n├────────┤\n└────────┘\n(0 rows)\n");
}

TEST(RowsPrintTest, ShowsTheFirstAndTheLastOfManyRows) {
  std::vector<std::int32_t> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 0);
  const Texts seen = cells(TypeId::int32, numbers);
  ASSERT_EQ(seen.size(), 43u);
  EXPECT_EQ(seen[19], "19");
  EXPECT_EQ(Texts(seen.begin() + 20, seen.begin() + 23), Texts(3, "·"));
  EXPECT_EQ(seen[23], "980");
  EXPECT_EQ(seen[42], "999");
  EXPECT_TRUE(printed(Rows::of({{"x", numbers}})).ends_with("(1000 rows, 40 shown)\n"));
  numbers.resize(40);
  EXPECT_EQ(cells(TypeId::int32, numbers).size(), 40u);
}

TEST(RowsPrintTest, FitsIntoALine) {
  const auto width = [](const std::string& text) {
    const std::string line = text.substr(0, text.find('\n'));
    return std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  };
  const std::string lengthy =
      printed(Rows::of({{"s", std::vector<std::string>{std::string(100000, 'x'), "ü"}}}));
  EXPECT_EQ(width(lengthy), 120);
  EXPECT_NE(lengthy.find("xxx… │"), std::string::npos);
  Rows wide = Rows::of({{"column 0", std::vector<std::int64_t>{1}}});
  for (int i = 1; i < 40; ++i)
    wide = wide.with({"column " + std::to_string(i), std::vector<std::int64_t>{i}});
  const std::string text = printed(wide);
  EXPECT_LE(width(text), 120);
  EXPECT_NE(text.find("column 0"), std::string::npos);
  EXPECT_NE(text.find("column 39"), std::string::npos);
  EXPECT_EQ(text.find("column 20"), std::string::npos);
  EXPECT_NE(text.find("│ … │"), std::string::npos);
  EXPECT_TRUE(text.ends_with("(1 row; 40 columns, 10 shown)\n")) << text;
}

TEST(RowsPrintTest, SpellsNumbersAndTimesAsDuckDbDoes) {
  EXPECT_EQ(cells(TypeId::float64,
                  std::vector<double>{0.1, 1, -0.0, 1e15, 1e16, 1e-5, 1.0 / 3, 5e-324, NAN, -INFINITY}),
            (Texts{"0.1", "1.0", "-0.0", "1000000000000000.0", "1e+16", "1e-05", "0.3333333333333333",
                   "5e-324", "nan", "-inf"}));
  EXPECT_EQ(cells(TypeId::float32, std::vector<float>{0.1f, 16777216.0f, 8589934592.0f, 1e16f}),
            (Texts{"0.1", "16777216.0", "8589935000.0", "1e+16"}));
  const Int128 lowest = static_cast<Int128>(1) << 127;
  EXPECT_EQ(cells(TypeId::int128, std::vector<Int128>{0, -7, lowest}),
            (Texts{"0", "-7", "-170141183460469231731687303715884105728"}));
  EXPECT_EQ(cells(ColumnType::decimal(4, 4), std::vector<Int128>{0, -5, 9999}),
            (Texts{"0.0000", "-0.0005", "0.9999"}));
  EXPECT_EQ(cells(TypeId::int8, std::vector<std::int8_t>{-128}), (Texts{"-128"}));
  EXPECT_EQ(cells(TypeId::uint64, std::vector<std::uint64_t>{UINT64_MAX}), (Texts{"18446744073709551615"}));
  EXPECT_EQ(cells(TypeId::date, std::vector<std::int32_t>{0, -1, 11016, 19782, -719529, 2932897, INT32_MAX}),
            (Texts{"1970-01-01", "1969-12-31", "2000-02-29", "2024-02-29", "0002-12-31 (BC)", "10000-01-01",
                   "infinity"}));
  EXPECT_EQ(cells(TypeId::time, std::vector<std::int64_t>{0, 86399999999, 3600500000}),
            (Texts{"00:00:00", "23:59:59.999999", "01:00:00.5"}));
  EXPECT_EQ(cells(TypeId::timestamp_us, std::vector<std::int64_t>{0, -1, 1709251199500000}),
            (Texts{"1970-01-01 00:00:00", "1969-12-31 23:59:59.999999", "2024-02-29 23:59:59.5"}));
  EXPECT_EQ(cells(TypeId::timestamp_s, std::vector<std::int64_t>{1709251199}),
            (Texts{"2024-02-29 23:59:59"}));
  EXPECT_EQ(cells(TypeId::timestamp_ns, std::vector<std::int64_t>{1}),
            (Texts{"1970-01-01 00:00:00.000000001"}));
  EXPECT_EQ(cells(TypeId::timestamp_tz, std::vector<std::int64_t>{0}), (Texts{"1970-01-01 00:00:00+00"}));
  EXPECT_EQ(cells(TypeId::interval,
                  std::vector<Interval>{{14, 3, 14706000000000}, {0, 0, 0}, {0, -1, -1500000000}}),
            (Texts{"1 year 2 months 3 days 04:05:06", "00:00:00", "-1 day -00:00:01.5"}));
  EXPECT_EQ(cells(TypeId::blob, std::vector<std::string>{std::string("a\0\xff", 3)}), (Texts{"a\\x00\\xFF"}));
  EXPECT_EQ(cells(TypeId::text, std::vector<std::string>{"a\nb\x01"}), (Texts{"a\\nb\\x01"}));
}

/// Every 91st day of ten thousand years, by counting.
TEST(RowsPrintTest, CountsDaysAsTheCalendarDoes) {
  std::vector<std::int32_t> days;
  Texts expected;
  int year = 1970, month = 1, day = 1;
  for (std::int32_t i = 0; year < 12000; ++i) {
    if (i % 91 == 0) {
      days.push_back(i);
      std::ostringstream text;
      text << year << (month < 10 ? "-0" : "-") << month << (day < 10 ? "-0" : "-") << day;
      expected.push_back(text.str());
    }
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const int lengths[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (++day <= lengths[month - 1]) continue;
    day = 1;
    if (++month <= 12) continue;
    month = 1;
    ++year;
  }
  for (std::size_t first = 0; first < days.size(); first += 40) {
    const std::size_t last = std::min(first + 40, days.size());
    const auto at = [](auto& of, std::size_t i) { return of.begin() + static_cast<std::ptrdiff_t>(i); };
    ASSERT_EQ(cells(TypeId::date, std::vector<std::int32_t>(at(days, first), at(days, last))),
              Texts(at(expected, first), at(expected, last)));
  }
}

TEST(RowsPrintTest, ShortestFormsAreReadAsTheSameNumbers) {
  std::mt19937_64 random(3);
  std::vector<double> numbers;
  for (int i = 0; i < 40; ++i) numbers.push_back(std::bit_cast<double>(random() & ~(std::uint64_t{1} << 62)));
  const Texts seen = cells(TypeId::float64, numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    EXPECT_EQ(std::strtod(seen[i].c_str(), nullptr), numbers[i]);
}

// --- columns as numbers ----------------------------------------------------------------------------------

template <class T>
std::vector<T> copied(const NamedColumn& from, std::optional<T> for_null = {}) {
  std::unique_ptr<T[]> out(new T[static_cast<std::size_t>(from.column.size())]);
  copy_as<T>(from.column, out.get(), for_null, from.name);
  return std::vector<T>(out.get(), out.get() + from.column.size());
}
template <class T>
std::string refusal(const NamedColumn& from, std::optional<T> for_null = {}) {
  try {
    (void)copied<T>(from, for_null);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing";
}

TEST(ColumnCopyTest, CopiesWhatFits) {
  using I64 = std::vector<std::int64_t>;
  using F64 = std::vector<double>;
  EXPECT_EQ(copied<double>({"x", std::vector<bool>{true, false}}), (F64{1, 0}));
  EXPECT_EQ(copied<bool>({"x", std::vector<bool>{true, false}}), (std::vector<bool>{true, false}));
  EXPECT_EQ(copied<std::int64_t>({"x", std::vector<std::int8_t>{-1, 2}}), (I64{-1, 2}));
  EXPECT_EQ(copied<std::int8_t>({"x", I64{-128, 127}}), (std::vector<std::int8_t>{-128, 127}));
  EXPECT_EQ(copied<std::uint64_t>({"x", std::vector<Int128>{5}}), (std::vector<std::uint64_t>{5}));
  EXPECT_EQ(copied<double>({"x", I64{(std::int64_t{1} << 53) + 1}}), (F64{9007199254740992.0}));
  EXPECT_EQ(copied<float>({"x", F64{0.1, 1e300}}), (std::vector<float>{0.1f, INFINITY}));
  EXPECT_EQ(copied<std::int64_t>({"x", TypeId::date, std::vector<std::int32_t>{7}}), (I64{7}));
  EXPECT_EQ(copied<std::int64_t>({"x", TypeId::timestamp_ns, I64{7}}), (I64{7}));
  const std::vector<std::optional<double>> some = {1.5, {}};
  EXPECT_EQ(copied<double>({"x", some}, -1.0), (F64{1.5, -1}));
  EXPECT_TRUE(std::isnan(copied<double>({"x", some}, NAN)[1]));
  ColumnBuilder nulls{ColumnType()};
  nulls.append_nulls(2);
  EXPECT_EQ(copied<std::int8_t>({"x", nulls.finish()}, std::int8_t{3}), (std::vector<std::int8_t>{3, 3}));
}

/// Decimals are the doubles that are nearest, as reading their digits finds.
TEST(ColumnCopyTest, DecimalsAreRoundedToTheNearest) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 2000; ++i) {
    const int scale = static_cast<int>(random() % 38);
    std::string digits = std::to_string(random() % (std::uint64_t{1} << (1 + random() % 63)));
    if (random() % 2 == 0) digits += std::to_string(random() % 1000000000);
    Int128 value = 0;
    for (const char c : digits) value = value * 10 + (c - '0');
    const std::string text = digits + "e-" + std::to_string(scale);
    const auto seen =
        copied<double>({"x", ColumnType::decimal(38, scale), std::vector<Int128>{value, -value}});
    ASSERT_EQ(seen[0], std::strtod(text.c_str(), nullptr)) << text;
    ASSERT_EQ(seen[1], -seen[0]);
  }
}

TEST(ColumnCopyTest, SaysWhatDoesNotFit) {
  EXPECT_EQ(refusal<std::int8_t>({"n", std::vector<std::int64_t>{1, 300}}),
            "ramal: column n, row 1: 300 does not fit into std::int8_t");
  EXPECT_EQ(refusal<std::uint32_t>({"n", std::vector<std::int32_t>{-1}}),
            "ramal: column n, row 0: -1 does not fit into std::uint32_t");
  EXPECT_NE(refusal<std::uint64_t>({"n", std::vector<std::int64_t>{-1}}), "nothing");
  EXPECT_NE(refusal<std::int64_t>({"n", std::vector<std::uint64_t>{UINT64_MAX}}), "nothing");
  EXPECT_EQ(refusal<double>({"n", std::vector<std::optional<double>>{1.0, {}}}),
            "ramal: column n, row 1: a null, for which no value is stated");
  EXPECT_EQ(refusal<double>({"s", std::vector<std::string>{"a"}}),
            "ramal: column s is of type VARCHAR, which is not copied as double; cast it");
  EXPECT_NE(refusal<std::int64_t>({"x", std::vector<double>{1}}), "nothing");
  EXPECT_NE(refusal<double>({"d", TypeId::date, std::vector<std::int32_t>{1}}), "nothing");
  EXPECT_NE(refusal<std::int32_t>({"d", TypeId::timestamp_s, std::vector<std::int64_t>{1}}), "nothing");
  EXPECT_NE(refusal<std::int64_t>({"d", ColumnType::decimal(9, 0), std::vector<Int128>{1}}), "nothing");
  EXPECT_NE(refusal<bool>({"n", std::vector<std::int8_t>{1}}), "nothing");
}

TEST(ColumnCopyTest, FindsTheCommonTypeOfNumbers) {
  const auto common = [](std::initializer_list<TypeId> ids) {
    std::vector<Field> fields;
    for (const TypeId id : ids) fields.push_back({"c" + std::to_string(fields.size()), id});
    return common_number(Schema(fields));
  };
  EXPECT_EQ(common({TypeId::boolean, TypeId::boolean}), TypeId::boolean);
  EXPECT_EQ(common({TypeId::boolean, TypeId::int8}), TypeId::int8);
  EXPECT_EQ(common({TypeId::int8, TypeId::uint8}), TypeId::int16);
  EXPECT_EQ(common({TypeId::uint16, TypeId::uint32}), TypeId::uint32);
  EXPECT_EQ(common({TypeId::uint32, TypeId::int8}), TypeId::int64);
  EXPECT_EQ(common({TypeId::int32, TypeId::float32}), TypeId::float64);
  EXPECT_EQ(common({TypeId::int16, TypeId::float32}), TypeId::float32);
  EXPECT_EQ(common({TypeId::uint64}), TypeId::uint64);
  const auto refused = [&](std::initializer_list<TypeId> ids) {
    try {
      (void)common(ids);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_EQ(refused({TypeId::float64, TypeId::int64}),
            "ramal: column c1 is of type BIGINT, which has values that double does not hold, beside column "
            "c0 of type DOUBLE: state the type of numbers");
  EXPECT_NE(refused({TypeId::uint64, TypeId::int8}).find("no integer holds together with column c1"),
            std::string::npos);
  EXPECT_EQ(refused({TypeId::int8, TypeId::text}),
            "ramal: column c1 is of type VARCHAR, which is not a number");
  EXPECT_NE(refused({TypeId::date}).find("has to be stated"), std::string::npos);
  EXPECT_NE(refused({}), "nothing");
}

}  // namespace
