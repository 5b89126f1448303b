// SPDX-License-Identifier: BSD-3-Clause
// SQL text over lent Rows: what goes in and comes out, which columns are read, errors, threads.
#include "tests/io/engine.hpp"
#include "tests/graph/random_rows.hpp"

#include <cmath>
#include <limits>
#include <thread>

namespace ramal::test {
namespace {

using Texts = std::vector<std::string>;

class EngineTypes : public WithEngine {};
class EngineSql : public WithEngine {};
class EngineAtOnce : public WithEngine {};

/// A value as C++ has it, and as SQL writes it.
struct Sample {
  ColumnType type;
  std::string sql;   // gives one row of it, and then a null
  std::string text;  // what CAST(… AS VARCHAR) makes of it
  std::function<void(ColumnBuilder&)> append;
};

template <class T>
Sample sample(ColumnType type, std::string sql, std::string text, T value) {
  return {std::move(type), std::move(sql), std::move(text), [value](ColumnBuilder& to) { to.append(value); }};
}

Int128 wide(std::int64_t high, std::uint64_t low) {
  return static_cast<Int128>(static_cast<unsigned __int128>(static_cast<std::uint64_t>(high)) << 64 | low);
}

template <class T>
void add_integers(std::vector<Sample>& all, TypeId id, const std::string& name) {
  for (const T value : {std::numeric_limits<T>::min(), T{0}, T{1}, std::numeric_limits<T>::max()}) {
    const std::string text = std::to_string(value);
    all.push_back(sample(id, "CAST('" + text + "' AS " + name + ")", text, value));
  }
}

std::vector<Sample> samples() {
  std::vector<Sample> all;
  add_integers<std::int8_t>(all, TypeId::int8, "TINYINT");
  add_integers<std::int16_t>(all, TypeId::int16, "SMALLINT");
  add_integers<std::int32_t>(all, TypeId::int32, "INTEGER");
  add_integers<std::int64_t>(all, TypeId::int64, "BIGINT");
  add_integers<std::uint8_t>(all, TypeId::uint8, "UTINYINT");
  add_integers<std::uint16_t>(all, TypeId::uint16, "USMALLINT");
  add_integers<std::uint32_t>(all, TypeId::uint32, "UINTEGER");
  add_integers<std::uint64_t>(all, TypeId::uint64, "UBIGINT");
  const auto add = [&](auto... arguments) { all.push_back(sample(arguments...)); };
  add(TypeId::boolean, "true", "true", true);
  add(TypeId::boolean, "false", "false", false);
  const std::string most = "170141183460469231731687303715884105727";
  add(TypeId::int128, "CAST('" + most + "' AS HUGEINT)", most, wide(INT64_MAX, UINT64_MAX));
  add(TypeId::int128, "CAST('-" + most + "' AS HUGEINT)", "-" + most, wide(INT64_MIN, 1));
  add(TypeId::int128, "CAST(-1 AS HUGEINT)", "-1", wide(-1, UINT64_MAX));
  add(TypeId::float32, "CAST('-0.0' AS FLOAT)", "-0.0", -0.0f);
  add(TypeId::float32, "CAST('inf' AS FLOAT)", "inf", std::numeric_limits<float>::infinity());
  add(TypeId::float64, "CAST('nan' AS DOUBLE)", "nan", std::numeric_limits<double>::quiet_NaN());
  add(TypeId::float64, "1.7976931348623157e308", "1.7976931348623157e+308",
      std::numeric_limits<double>::max());
  add(TypeId::float64, "5e-324", "5e-324", std::numeric_limits<double>::denorm_min());
  // A decimal of each width that DuckDB stores otherwise.
  add(ColumnType::decimal(4, 1), "CAST(-999.9 AS DECIMAL(4,1))", "-999.9", Int128{-9999});
  add(ColumnType::decimal(9, 0), "CAST(999999999 AS DECIMAL(9,0))", "999999999", Int128{999999999});
  add(ColumnType::decimal(18, 17), "CAST('-9.99999999999999999' AS DECIMAL(18,17))", "-9.99999999999999999",
      Int128{-999999999999999999});
  add(ColumnType::decimal(38, 2), "CAST('999999999999999999999999999999999999.99' AS DECIMAL(38,2))",
      "999999999999999999999999999999999999.99",
      static_cast<Int128>(10000000000000000000u) * static_cast<Int128>(10000000000000000000u) - 1);
  for (const char* text : {"", "a", "twelve bytes", "thirteen byte",
                           "Zürich, 東京, 🎈 and a little more of it", "it's \"quoted\"\n"}) {
    std::string quoted;
    for (const char c : std::string(text)) quoted += c == '\'' ? "''" : std::string(1, c);
    add(TypeId::text, "'" + quoted + "'", std::string(text), std::string_view(text));
  }
  using namespace std::string_view_literals;
  add(TypeId::blob, "'\\x00\\xFF\\x80abc'::BLOB", "\\x00\\xFF\\x80abc",
      "\0\xFF\x80"
      "abc"sv);
  add(TypeId::blob, "'\\x00\\xFF\\x80abcdefghijklm'::BLOB", "\\x00\\xFF\\x80abcdefghijklm",
      "\0\xFF\x80"
      "abcdefghijklm"sv);
  add(TypeId::date, "DATE '1582-10-04'", "1582-10-04", std::int32_t{-141438});
  add(TypeId::date, "DATE '5881580-07-10'", "5881580-07-10", std::int32_t{2147483646});
  add(TypeId::time, "TIME '23:59:59.999999'", "23:59:59.999999", std::int64_t{86399999999});
  add(TypeId::timestamp_s, "TIMESTAMP_S '1969-12-31 23:59:59'", "1969-12-31 23:59:59", std::int64_t{-1});
  add(TypeId::timestamp_ms, "TIMESTAMP_MS '1970-01-01 00:00:00.001'", "1970-01-01 00:00:00.001",
      std::int64_t{1});
  add(TypeId::timestamp_us, "TIMESTAMP '1969-12-31 23:59:59.999999'", "1969-12-31 23:59:59.999999",
      std::int64_t{-1});
  add(TypeId::timestamp_us, "TIMESTAMP 'infinity'", "infinity", std::numeric_limits<std::int64_t>::max());
  add(TypeId::timestamp_ns, "TIMESTAMP_NS '2262-04-11 23:47:16.854775806'", "2262-04-11 23:47:16.854775806",
      std::numeric_limits<std::int64_t>::max() - 1);
  add(TypeId::timestamp_tz, "TIMESTAMPTZ '2020-01-01 00:00:00+01'", "2019-12-31 23:00:00+00",
      std::int64_t{1577833200000000});
  add(TypeId::interval, "INTERVAL '1 year 2 days -3 microseconds'", "1 year 2 days -00:00:00.000003",
      Interval{12, 2, -3000});
  all.push_back({ColumnType::list(TypeId::int32), "[1, NULL, -3]", "[1, NULL, -3]", [](ColumnBuilder& to) {
                   to.child().append(std::int32_t{1});
                   to.child().append_null();
                   to.child().append(std::int32_t{-3});
                   to.end_list();
                 }});
  all.push_back({ColumnType::list(ColumnType::list(TypeId::text)),
                 "[[], ['a long text of one list', 'b'], NULL]", "[[], [a long text of one list, b], NULL]",
                 [](ColumnBuilder& to) {
                   to.child().end_list();
                   to.child().child().append_text("a long text of one list");
                   to.child().child().append_text("b");
                   to.child().end_list();
                   to.child().append_null();
                   to.end_list();
                 }});
  all.push_back({ColumnType::structure({{"a", TypeId::int16}, {"b c", ColumnType::list(TypeId::boolean)}}),
                 "{'a': 7::SMALLINT, 'b c': [true, NULL]}", "{'a': 7, 'b c': [true, NULL]}",
                 [](ColumnBuilder& to) {
                   to.child(0).append(std::int16_t{7});
                   to.child(1).child().append(true);
                   to.child(1).child().append_null();
                   to.child(1).end_list();
                   to.end_structure();
                 }});
  return all;
}

TEST_F(EngineTypes, MeanTheSameOnBothSides) {
  for (const Sample& one : samples()) {
    ColumnBuilder builder(one.type, "x");
    one.append(builder);
    builder.append_null();
    const Rows ours(Schema{{"x", one.type}}, {builder.finish()});
    const Rows theirs = run("SELECT " + one.sql + " AS x UNION ALL SELECT NULL");
    EXPECT_EQ(theirs.schema().text(), ours.schema().text()) << one.sql;
    if (one.text != "nan") {  // whose bits may differ
      EXPECT_EQ(theirs, ours) << one.sql;
    }
    EXPECT_EQ(texts_of(run("SELECT CAST(x AS VARCHAR) FROM t", {{"t", ours}})), (Texts{one.text, "-"}))
        << one.sql;
    EXPECT_EQ(run("SELECT x FROM t", {{"t", ours}}), ours) << one.sql;
  }
}

/// Random numbers become values that their types allow: decimals of their width, intervals of whole
/// microseconds, bytes and letters of all kinds. What lies in a null is left out.
void make_allowed(Random& random, const ColumnType& type, Plain& plain) {
  if (plain.null) return;
  if (type.id() == TypeId::decimal) {
    Int128 end = 1;
    for (int i = 0; i < type.width(); ++i) end *= 10;
    plain.number %= end;
    if (plain.number < 0) plain.number += end;
  }
  if (type.id() == TypeId::interval) plain.parts[2].number *= 1000;
  if (type.id() == TypeId::time) plain.number = below(random, 86400000000);
  for (std::size_t i = 0; i < plain.text.size() && type.id() == TypeId::blob; ++i)
    plain.text[i] = static_cast<char>(below(random, 256));
  if (type.id() == TypeId::text && chance(random, 3)) plain.text += "Žůű€🎈";
  for (std::size_t i = 0; i < plain.parts.size() && type.id() == TypeId::list; ++i)
    make_allowed(random, type.element(), plain.parts[i]);
  for (std::size_t i = 0; i < plain.parts.size() && type.id() == TypeId::structure; ++i)
    make_allowed(random, type.fields()[i].type, plain.parts[i]);
}

bool has_null_type(const ColumnType& type) {
  if (type.id() == TypeId::null) return true;
  return std::any_of(type.fields().begin(), type.fields().end(),
                     [](const Field& f) { return has_null_type(f.type); });
}

// More rows than DuckDB takes at once, so that bitmaps begin and end in the middle of words.
TEST_F(EngineTypes, RandomTablesComeBackAsTheyWere) {
  Random random(20);
  for (int round = 0; round < 12; ++round) {
    std::vector<Field> fields;
    while (fields.size() < 4) {
      ColumnType type = random_type(random);
      if (!has_null_type(type))
        fields.push_back({"Column " + std::to_string(fields.size()), std::move(type)});
    }
    PlainTable table = random_table(random, Schema(fields), below(random, 6000));
    for (std::size_t c = 0; c < fields.size(); ++c)
      for (Plain& plain : table.columns[c]) make_allowed(random, fields[c].type, plain);
    const Rows rows = rows_of(table);
    SCOPED_TRACE(rows.schema().text());
    EXPECT_TRUE(table_of(run("SELECT * FROM t", {{"t", rows}})) == table);
    // Some of the columns, in another order, and some of the rows: through a filter DuckDB no longer copies
    // chunks as they are.
    const Rows some = run(
        "SELECT \"column 3\" AS c, \"Column 0\" AS a FROM t WHERE k % 3 = 1",
        {{"t",
          rows.with("k",
                    run("SELECT range AS k FROM range(" + std::to_string(rows.size()) + ")").column("k"))}});
    std::vector<std::int64_t> kept;
    for (std::int64_t i = 1; i < rows.size(); i += 3) kept.push_back(i);
    const PlainTable expected = picked(table, kept);
    const PlainTable found = table_of(some);
    ASSERT_EQ(found.size, expected.size);
    EXPECT_TRUE(found.columns[0] == expected.columns[3]);
    EXPECT_TRUE(found.columns[1] == expected.columns[0]);
  }
}

TEST_F(EngineTypes, FieldsOfANullStructureAreNull) {
  ColumnBuilder builder(ColumnType::structure({{"a", TypeId::int64}, {"b", TypeId::text}}), "s");
  const std::uint64_t only_second = 2;
  builder.append_structures(2, &only_second);
  for (const std::int64_t a : {1, 2}) builder.child(0).append(a);
  for (const char* b : {"hidden", "seen"}) builder.child(1).append_text(b);
  const Rows rows(Schema{{"s", builder.type()}}, {builder.finish()});
  EXPECT_EQ(texts_of(run("SELECT s.b FROM t", {{"t", rows}})), (Texts{"-", "seen"}));
  EXPECT_EQ(run("SELECT s.a FROM t", {{"t", rows}}).column<std::int64_t>("a").nulls(), 1);
}

TEST_F(EngineTypes, NothingButNullsBecomesIntegers) {
  ColumnBuilder builder(TypeId::null, "n");
  builder.append_nulls(3000);
  const Rows rows =
      run("SELECT n, coalesce(n, 'x') AS x FROM t", {{"t", Rows(Schema{{"n", {}}}, {builder.finish()})}});
  EXPECT_EQ(rows.schema().text(), "(n INTEGER, x VARCHAR)");
  EXPECT_EQ(rows.column("n").nulls(), 3000);
  EXPECT_EQ(texts_of(rows, 1), Texts(3000, "x"));
}

TEST_F(EngineTypes, EnumsAreText) {
  const Rows rows =
      run("SELECT CAST(CASE range % 3 WHEN 0 THEN 'red' WHEN 1 THEN 'a colour of more than 12 bytes' END AS "
          "ENUM('blue', 'red', 'a colour of more than 12 bytes')) AS c FROM range(3000)");
  EXPECT_EQ(rows.schema().text(), "(c VARCHAR)");
  const Texts texts = texts_of(rows);
  for (std::size_t i = 0; i < texts.size(); ++i)
    ASSERT_EQ(texts[i], i % 3 == 0 ? "red" : i % 3 == 1 ? "a colour of more than 12 bytes" : "-");
}

TEST_F(EngineTypes, OthersAreRefusedByName) {
  const std::pair<const char*, const char*> cases[] = {{"MAP {'a': 1}", "MAP"},
                                                       {"uuid()", "UUID"},
                                                       {"[1, 2]::INTEGER[2]", "array of fixed length"},
                                                       {"'101'::BIT", "BIT"},
                                                       {"TIMETZ '10:00:00+01'", "TIME WITH TIME ZONE"},
                                                       {"1::UHUGEINT", "UHUGEINT"},
                                                       {"union_value(k := 1)", "UNION"},
                                                       {"[uuid()]", "UUID"}};
  for (const auto& [sql, name] : cases) {
    const std::string query = std::string("SELECT 1 AS a, ") + sql + " AS \"odd one\"";
    expect_within(said_by<SqlError>([&] { run(query); }), {"\"odd one\"", name, "use "});
    expect_within(said_by<SqlError>([&] { engine().describe(query, {}); }), {"\"odd one\"", name, "use "});
  }
  expect_within(
      said_by<EngineError>([] { run("SELECT INTERVAL 300 YEARS - INTERVAL 1 MONTH, to_hours(9000000)"); }),
      {"INTERVAL", "292 years"});
  expect_within(said_by<SqlError>([] { run("SELECT 1 AS a, 2 AS A"); }), {"a", "A"});
}

TEST_F(EngineTypes, ValuesThatDuckdbCannotHoldAreRefusedByRow) {
  const auto refused = [](const ColumnType& type, auto good, auto bad) {
    ColumnBuilder builder(type, "x");
    for (int i = 0; i < 3000; ++i) builder.append(good);
    builder.append(bad);
    const Rows rows = Rows(Schema{{"x", type}}, {builder.finish()}).with({"y", std::vector<int>(3001, 1)});
    // What is not read is not looked at.
    EXPECT_EQ(run("SELECT sum(y)::BIGINT AS s FROM bad", {{"bad", rows}}).column<std::int64_t>("s")[0], 3001);
    expect_within(said_by<EngineError>([&] {
                    run("SELECT count(x) FROM bad", {{"bad", rows}});
                  }),
                  {"column \"x\" of bad", "row 3000"});
  };
  refused(TypeId::text, std::string_view("ü"), std::string_view("a\xC3"));
  refused(TypeId::text, std::string_view("ü"), std::string_view("\xED\xA0\x80 is a surrogate"));
  refused(TypeId::text, std::string_view("plain"), std::string_view("\xF5\x80\x80\x80"));
  refused(TypeId::text, std::string_view("plain"), std::string_view("\xC0\x80"));
  refused(TypeId::interval, Interval{0, 0, 1000}, Interval{0, 0, 1001});
  refused(ColumnType::decimal(4, 0), Int128{9999}, Int128{40000});
}

TEST_F(EngineSql, SaysWhatAQueryGivesAndReads) {
  const std::vector<NamedSchema> tables = {
      {"Flights", {{"day", TypeId::date}, {"delay", TypeId::float64}, {"Long Name", TypeId::text}}},
      {"u", {{"day", TypeId::date}, {"n", TypeId::int64}}}};
  const auto reads = [&](const std::string& sql) { return engine().describe(sql, tables).reads; };
  using Reads = std::vector<std::vector<std::size_t>>;
  const auto described = engine().describe(
      "SELECT f.day, sum(delay * 2.0) AS s, any_value(\"long name\") AS l FROM flights f JOIN u USING (day) "
      "WHERE n > 3 GROUP BY ALL",
      tables);
  EXPECT_EQ(described.schema.text(), "(day DATE, s DOUBLE, l VARCHAR)");
  EXPECT_EQ(described.reads, (Reads{{0, 1, 2}, {0, 1}}));
  EXPECT_EQ(reads("SELECT delay FROM FLIGHTS WHERE day > DATE '2001-01-01'"), (Reads{{0, 1}, {}}));
  EXPECT_EQ(reads("SELECT 1 AS one"), (Reads{{}, {}}));
  EXPECT_EQ(reads("SELECT n FROM (SELECT *, n + 1 AS m FROM u)"), (Reads{{}, {1}}));
  EXPECT_EQ(reads("SELECT (SELECT max(n) FROM u) AS m, \"Long Name\" FROM flights"), (Reads{{2}, {1}}));
  EXPECT_EQ(reads("SELECT a.n FROM u a, u b WHERE a.day = b.day AND b.n = 7"), (Reads{{}, {0, 1}}));
}

TEST_F(EngineSql, ErrorsPointAtTheWord) {
  const std::vector<NamedSchema> tables = {{"t", {{"Delay", TypeId::float64}, {"name", TypeId::text}}}};
  const auto error_of = [&](const std::string& sql) {
    try {
      engine().describe(sql, tables);
    } catch (const SqlError& error) {
      return error;
    }
    ADD_FAILURE() << "not refused: " << sql;
    return SqlError(sql, "");
  };
  // The caret stands under what is between the braces.
  for (const std::string marked :
       {"SELECT {dely} + 1 FROM t", "SELECT 'Zürich, 東京' || {dely} FROM t",
        "SELECT Delay,\n  {dely}\nFROM t", "SELECT Delay FROM {nowhere}", "SELECT Delay FROM t {WHERE}",
        "SELECT {nofunction}(Delay) FROM t", "SELECT Delay {+} name FROM t", "SELECT {'abc"}) {
    std::string sql = marked;
    const std::size_t place = sql.find('{');
    sql.erase(place, 1);
    if (const std::size_t end = sql.find('}'); end != sql.npos) sql.erase(end, 1);
    const SqlError error = error_of(sql);
    const std::size_t expected = marked.find("{WHERE}") != marked.npos ? sql.size() : place;
    EXPECT_EQ(error.position(), std::optional(expected)) << error.what();
  }
  EXPECT_EQ(error_of("SELECT dely FROM t").candidates(), (Texts{"Delay"}));
  expect_within(error_of("SELECT dely FROM t").what(),
                {"\"dely\" not found", "\n  SELECT dely FROM t\n         ^", "\nperhaps: Delay"});
  const std::string far =
      error_of("SELECT " + std::string(300, ' ') + "ü + dely, " + std::string(300, ' ') + "1 FROM t").what();
  expect_within(far, {"…", "ü + dely"});
  EXPECT_LT(far.size(), 400u);
  EXPECT_FALSE(error_of("SELECT sum(name) FROM t").candidates().empty());
  for (const char* other : {"", "SELECT 1; SELECT 2", "CREATE TABLE x (a INT)", "SET threads = 4",
                            "COPY t TO 'x.csv'", "ATTACH 'x.db'", "PRAGMA threads = 4"})
    error_of(other);
  error_of(std::string("SELECT 1\0 AS a", 14));
}

TEST_F(EngineSql, WhatFailsWhileItRunsSaysOfWhatText) {
  const Rows rows = Rows::of({{"x", std::vector<std::string>{"1", "no number"}}});
  expect_within(said_by<EngineError>([&] {
                  run("SELECT x::INT AS x FROM t", {{"t", rows}});
                }),
                {"no number", "x::INT"});
  expect_within(said_by<EngineError>([] { run("SELECT error('told so')"); }),
                {"told so", "in: SELECT error"});
  expect_within(said_by<EngineError>([] { run("SELECT * FROM read_parquet('/nowhere/at all.parquet')"); }),
                {"/nowhere/at all.parquet"});
  expect_within(said_by<EngineError>([] { run("SELECT $1 + 1"); }), {"parameter"});
  // Nothing is fetched, whatever the text would need.
  expect_within(said_by<EngineError>([] { run("SELECT * FROM read_parquet('s3://bucket/file.parquet')"); }),
                {"httpfs"});
  EXPECT_EQ(texts_of(run("SELECT 'goes on'")), Texts{"goes on"});
}

TEST_F(EngineSql, TablesAreFoundByName) {
  const Rows one = Rows::of({{"x", std::vector<std::string>{"one"}}});
  const Rows two = Rows::of({{"x", std::vector<std::string>{"two"}}});
  EXPECT_EQ(texts_of(run("SELECT x FROM T", {{"t", one}})), Texts{"one"});
  EXPECT_EQ(texts_of(run("SELECT x FROM \"my table\"", {{"My Table", one}, {"t", two}})), Texts{"one"});
  EXPECT_EQ(texts_of(run("SELECT a.x || b.x FROM t a, u b", {{"t", one}, {"u", two}})), Texts{"onetwo"});
  EXPECT_EQ(
      texts_of(run("WITH t AS (SELECT x || '!' AS x FROM u) SELECT x FROM t", {{"t", one}, {"u", two}})),
      Texts{"two!"});
  for (const char* name : {"", "a.parquet", "pg_type", "DUCKDB_TABLES"})
    expect_within(said_by<std::invalid_argument>([&] { run("SELECT 1", {{name, one}}); }), {"name '", name});
  expect_within(said_by<std::invalid_argument>([&] {
                  run("SELECT 1", {{"a", one}, {"A", two}});
                }),
                {"'A'", "ignores case"});
  said_by<SqlError>([&] { run("SELECT x FROM t"); });  // it was lent to another query
  EXPECT_NE(said_by<SqlError>([&] { run("SELECT x FROM t"); }), "nothing was thrown");
}

TEST_F(EngineSql, KeepsTheOrderOfRowsAndAddsUpInIt) {
  std::vector<double> values;
  Random random(3);
  for (int i = 0; i < 100000; ++i)
    values.push_back(std::ldexp(static_cast<double>(below(random, 1 << 20)), -10) * 0.1);
  const Rows rows = Rows::of({{"x", values}});
  const Rows some = run("SELECT x, x * 2 AS y FROM t WHERE x > 50", {{"t", rows}});
  std::size_t at = 0;
  for (const double x : values) {
    if (x <= 50) continue;
    ASSERT_EQ(some.column<double>("x")[static_cast<std::int64_t>(at)], x);
    ASSERT_EQ(some.column<double>("y")[static_cast<std::int64_t>(at++)], x * 2);
  }
  EXPECT_EQ(some.size(), static_cast<std::int64_t>(at));
  const double sum = run("SELECT sum(x) AS s FROM t", {{"t", rows}}).column<double>("s")[0];
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(run("SELECT sum(x) AS s FROM t", {{"t", rows}}).column<double>("s")[0], sum);
}

TEST_F(EngineSql, TakesNoMoreMemoryThanAllowed) {
  engine().limit_memory(40 << 20);
  const std::string sql = "SELECT range AS a, count(*) AS n FROM range(5000000) GROUP BY a ORDER BY n, a";
  const std::string said = said_by<EngineError>([&] { run(sql); });
  engine().limit_memory(std::uint64_t{2} << 30);
  expect_within(said, {"memory", "range(5000000)"});
  EXPECT_EQ(run("SELECT count(*) AS n FROM (" + sql + ")").column<std::int64_t>("n")[0], 5000000);
}

TEST_F(EngineAtOnce, EachHasTablesOfItsOwn) {
  std::vector<std::thread> threads;
  std::vector<std::string> wrong(4);
  for (std::int64_t number = 0; number < 4; ++number)
    threads.emplace_back([number, &wrong] {
      std::vector<std::int64_t> values;
      std::int64_t sum = 0;
      for (std::int64_t i = 0; i < 20000; ++i) values.push_back(i * (number + 1));
      for (const std::int64_t value : values) sum += value % 7 == 3 ? value : 0;
      const std::vector<NamedRows> tables = {{"t", Rows::of({{"x", values}})}};
      for (int round = 0; round < 20 && wrong[number].empty(); ++round) {
        const Rows found = run("SELECT sum(x)::BIGINT AS s FROM t WHERE x % 7 = 3", tables);
        if (found.column<std::int64_t>("s")[0] != sum) wrong[number] = "another sum";
        if (said_by<EngineError>([&] { run("SELECT error(x::VARCHAR) FROM t", tables); }).find("ramal: 0") !=
            0)
          wrong[number] = "another error";
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<std::string>(4));
}

}  // namespace
}  // namespace ramal::test
