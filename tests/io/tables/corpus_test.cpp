// SPDX-License-Identifier: BSD-3-Clause
// Random tables in Parquet files, and random queries of them, beside the engine's answers of all files at
// once. RANDOM_SEEDS=1000 FIRST_SEED=5000 makes a campaign of it.
#include "tests/io/engine.hpp"
#include "tests/io/tables/twins.hpp"
#include "tests/support/seeds.hpp"

#include <ramal/parquet.hpp>

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

/// Values of a column as SQL writes them: few and at the edges of the type, or all different.
struct Kind {
  ColumnType type;
  std::vector<std::string> values;
  std::string of_row;  ///< different in each row `i`
};
std::vector<Kind> kinds() {
  return {
      {TypeId::boolean, {"true", "false"}, "i % 2 = 0"},
      {TypeId::int8, {"-128", "127", "0", "1"}, "i % 256 - 128"},
      {TypeId::int64,
       {"(-9223372036854775808)", "9223372036854775807", "0", "1", "3037000500"},
       "i * 3037000500"},
      {TypeId::uint64, {"18446744073709551615", "0", "9223372036854775808"}, "18446744073709551615 - i"},
      {TypeId::float32, {"'nan'", "'inf'", "'-0.0'", "'0.0'", "'0.1'", "'16777217'"}, "i / 3"},
      {TypeId::float64, {"'nan'", "'-inf'", "'-0.0'", "'0.0'", "'0.1'", "'1e300'", "'5e-324'"}, "i / 7e0"},
      {ColumnType::decimal(9, 2), {"9999999.99", "-0.01", "0.50"}, "i / 4"},
      {ColumnType::decimal(38, 10),
       {"9999999999999999999999999999.9999999999", "-0.0000000001", "0"},
       "i / 8"},
      {TypeId::text,
       {"''", "'it''s'", "'\u00fcber'", "'\U0001F600'", "'a long text, beyond twelve bytes'", "'A'"},
       "'row ' || i"},
      {TypeId::blob, {"''", "'\\x00\\xFF'", "'x'"}, "CAST('row ' || i AS VARCHAR)"},
      {TypeId::date,
       {"DATE '0001-01-01'", "DATE '9999-12-31'", "DATE '2024-02-29'"},
       "DATE '1900-02-28' + i::INTEGER"},
      {TypeId::time, {"TIME '00:00:00'", "TIME '23:59:59.999999'"}, "TIME '01:00:00' + to_seconds(i)"},
      {TypeId::timestamp_us,
       {"TIMESTAMP '0001-01-01 00:00:00'", "TIMESTAMP '9999-12-31 23:59:59.999999'",
        "TIMESTAMP '1969-12-31 23:59:59.5'"},
       "TIMESTAMP '2024-02-28' + to_hours(i)"},
      {TypeId::timestamp_ns,
       {"TIMESTAMP_NS '1970-01-01 00:00:00.000000001'", "TIMESTAMP_NS '2262-04-11 23:47:16.85'"},
       "TIMESTAMP '2024-02-28' + to_hours(i)"},
      {TypeId::timestamp_tz,
       {"TIMESTAMPTZ '2024-03-31 01:30:00+02'", "TIMESTAMPTZ '1500-01-01 00:00:00+00'"},
       "TIMESTAMPTZ '2024-02-28 00:00:00+00' + to_hours(i)"}};
}

/// "SELECT … FROM range(first, last)" with a column for each field: of one seed always the same rows.
class Source {
 public:
  explicit Source(Random& random) {
    const std::vector<std::string> names{"a",    "Select", "with \"quotes\"", "\u00e9t\u00e9", "two words",
                                         "part", ""};
    const std::vector<Kind> all = kinds();
    const std::int64_t columns = random.between(1, 6);
    const std::size_t first = static_cast<std::size_t>(random.between(0, 1));
    for (std::int64_t k = 0; k < columns; ++k) {
      const Kind& kind = any_of(random, all);
      const std::int64_t form = random.between(0, 5);
      std::string value = "CAST(" + kind.of_row + " AS " + kind.type.text() + ")";
      const std::string salt = std::to_string(random.between(0, 1000000));
      if (form > 0) {
        const std::int64_t used = form == 1 ? 1 : std::ssize(kind.values);  // one giant group
        std::string values;
        for (std::int64_t v = 0; v < used; ++v)
          values += (v > 0 ? ", " : "") + kind.values[static_cast<std::size_t>(v)];
        value = "list_extract(CAST([" + values + "] AS " + kind.type.text() + "[]), CAST(1 + hash(i, " +
                salt + ") % " + std::to_string(used) + " AS BIGINT))";
      }
      const std::vector<std::string> nulls{"false", "hash(i, " + salt + ", 1) % 3 = 0", "i % 5 = 0", "false",
                                           "true"};
      value = "CASE WHEN NOT (" + any_of(random, nulls) + ") THEN " + value + " END";
      if (is_text(kind.type) && form > 1 && random.one_in(3))  // which a file has as a dictionary
        value = "CAST(" + value + " AS ENUM (" + list_of(kind.values) + "))";
      columns_ += (k > 0 ? ", " : "") + value + " AS " +
                  in_quotes(names[static_cast<std::size_t>(k) + (columns < 6 ? first : 0)]);
    }
  }
  std::string rows(std::int64_t first, std::int64_t last) const {
    return "SELECT " + columns_ + " FROM range(" + std::to_string(first) + ", " + std::to_string(last) +
           ") AS t(i)";
  }

 private:
  static std::string list_of(const std::vector<std::string>& values) {
    std::string all;
    for (const std::string& value : values) all += (all.empty() ? "" : ", ") + value;
    return all;
  }
  std::string columns_;
};

/// Writes some files, one or another of them without rows; how many rows there are in all.
std::int64_t write_files(Random& random, const std::string& folder) {
  std::filesystem::create_directories(folder);
  const Source source(random);
  const std::int64_t files = random.between(1, 4), most = any_of<std::int64_t>(random, {3, 20, 60, 200});
  std::int64_t row = 0;
  for (std::int64_t file = 0; file < files; ++file) {
    const std::int64_t rows = random.one_in(4) ? 0 : random.between(1, most);
    detail::duckdb_engine().write(source.rows(row, row + rows), {},
                                  folder + "/" + std::to_string(file) + ".parquet",
                                  {{"format", "parquet"}, {"compression", "zstd"}});
    row += rows;
  }
  return row;
}

Twin joined(Random& random, const Twin& twin) {
  const Schema& schema = twin.table.schema();
  const Field key = any_of(random, std::vector(schema.begin(), schema.end()));
  if (schema.find("extra")) return twin;
  const std::string name = in_quotes(key.name);
  const std::string side = "SELECT " + name + ", count(*) AS extra FROM (" + twin.query + ") GROUP BY " +
                           name + " ORDER BY " + name + " NULLS LAST";
  const std::vector<std::pair<Join, std::string>> ways{{Join::inner, "JOIN"},
                                                       {Join::left, "LEFT JOIN"},
                                                       {Join::full, "FULL JOIN"},
                                                       {Join::semi, "SEMI JOIN"},
                                                       {Join::anti, "ANTI JOIN"}};
  const auto [how, word] = any_of(random, ways);
  Table other = twin.table.groupby({key.name}).agg({{"extra", "count(*)"}});
  std::string columns = name;
  for (const Field& field : schema)
    if (field.name != key.name) columns += ", " + in_quotes(field.name);
  if (how == Join::semi || how == Join::anti) {
    columns = "";
    for (const Field& field : schema) columns += (columns.empty() ? "" : ", ") + in_quotes(field.name);
  } else {
    columns += ", extra";
  }
  return {twin.table.join(other, {key.name}, how),
          "SELECT " + columns + " FROM (" + twin.query + ") AS l " + word + " (" + side + ") AS r USING (" +
              name + ")",
          true};
}

Rows asked(const std::string& query, const char* name, const Rows& rows) {
  return detail::duckdb_engine().run(query, std::vector{detail::NamedRows{name, rows}});
}

class Corpus : public WithEngine {};

/// The engine runs the pieces of a UNION ALL below an aggregate in another order, and may take the last of
/// each apart.
TEST_F(Corpus, PartitionsOfSeveralFilesHaveTheirRowsInOrder) {
  const char* files = std::getenv("TABLE_FILES");
  const std::string folder =
      std::string(files != nullptr ? files : ".") + "/order." + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  for (int file = 0; file < 4; ++file)
    engine().write("SELECT i, i % 2 AS k FROM range(" + std::to_string(3 * file) + ", " +
                       std::to_string(3 * file + 3) + ") AS t(i)",
                   {}, folder + "/" + std::to_string(file) + ".parquet", {{"format", "parquet"}});
  SerialRanks ranks;
  const Table table = read_parquet(folder);
  ASSERT_EQ(table.partitions(), 1);
  const std::vector<NamedExpression> made{
      {"f", "first(i)"}, {"l", "last(i)"}, {"all", "list(i)"}, {"m", "mode(i)"}};
  const Rows whole = run("SELECT i, i % 2 AS k FROM range(12) AS t(i)");
  EXPECT_EQ(difference(ranks.session().compute(table.agg(made)),
                       asked("SELECT " + listed(made) + " FROM whole", "whole", whole)),
            "");
  EXPECT_EQ(difference(ranks.session().compute(table.groupby({"k"}).agg(made)),
                       asked("SELECT k, " + listed(made) + " FROM whole" + grouped({"k"}), "whole", whole)),
            "");
  // Rows that are the same in the order, and partners of a join, keep the order of the files.
  Session& session = ranks.session();
  EXPECT_EQ(difference(session.compute(table.head(4)), whole.slice(0, 4)), "");
  EXPECT_EQ(difference(session.compute(table.tail(3)), whole.slice(9, 3)), "");
  EXPECT_EQ(difference(session.compute(table.top(12, "k")),
                       run("SELECT i, i % 2 AS k FROM range(12) AS t(i) ORDER BY k, i")),
            "");
  const Table one = from_rows(run("SELECT 0 AS k, 1 AS x"));
  EXPECT_EQ(difference(session.compute(table.join(one, {"k"})),
                       run("SELECT CAST(0 AS BIGINT) AS k, i, 1 AS x FROM range(0, 12, 2) AS t(i)")),
            "");
  EXPECT_EQ(
      difference(session.compute(table.shift({{"before", "i"}})),
                 run("SELECT i, i % 2 AS k, lag(i) OVER (ORDER BY i) AS before FROM range(12) AS t(i)")),
      "");
  std::filesystem::remove_all(folder);
}

TEST_F(Corpus, FilesAnswerAsTheEngineDoesOfAllAtOnce) {
  const char* set = std::getenv("FIRST_SEED");
  const auto first_seed = static_cast<unsigned>(set != nullptr ? std::atoi(set) : 0);
  const char* files = std::getenv("TABLE_FILES");
  const std::string folder =
      std::string(files != nullptr ? files : ".") + "/corpus." + std::to_string(getpid());
  for (unsigned seed = first_seed; seed < first_seed + seeds(25); ++seed) {
    Random data{std::mt19937_64(seed)};
    std::filesystem::remove_all(folder);
    const std::int64_t rows = write_files(data, folder);
    const Rows whole =
        detail::duckdb_engine().run("SELECT * FROM read_parquet('" + folder + "/*.parquet')", {});
    ASSERT_EQ(whole.size(), rows);
    const auto bytes = static_cast<std::uint64_t>(any_of<std::int64_t>(data, {100, 1000, 1 << 20}));
    const std::int64_t queries = 3;
    std::vector<Rows> known(queries);
    const auto check = [&](Session& session, const char* ranks) {
      for (std::int64_t query = 0; query < queries; ++query) {
        Random random{std::mt19937_64(seed * 1000 + static_cast<unsigned>(query))};
        Twin twin{read_parquet(folder, {.partition_bytes = bytes}), "SELECT * FROM whole"};
        const std::int64_t steps = random.between(0, 3);
        const std::string what =
            "seed " + std::to_string(seed) + ", query " + std::to_string(query) + ", " + ranks;
        try {
          for (std::int64_t step = 0; step < steps; ++step)
            twin = by_row(random, std::move(twin), std::to_string(step));
          if (!random.one_in(6)) twin = random.one_in(4) ? joined(random, twin) : over_all(random, twin);
          Rows& first = known[static_cast<std::size_t>(query)];
          const bool is_first = first.schema().empty();
          const std::string order = twin.is_unordered ? " ORDER BY ALL" : "";
          std::optional<Rows> expected;
          try {
            expected = asked("SELECT * FROM (" + twin.query + ")" + order, "whole", whole);
          } catch (const std::exception&) {  // such as a sum beyond its type, which ends both
            EXPECT_ANY_THROW(session.compute(twin.table)) << what << "\n" << twin.query;
            continue;
          }
          const Rows found = session.compute(twin.table);
          if (is_first) {
            first = found;
            const Rows sorted =
                twin.is_unordered ? asked("SELECT * FROM found" + order, "found", found) : found;
            EXPECT_EQ(twin.table.schema().text(), expected->schema().text()) << what;
            EXPECT_EQ(difference(sorted, *expected), "") << what << "\n"
                                                         << twin.query << "\n"
                                                         << sorted << *expected << whole;
          }
          EXPECT_TRUE(found == first) << what << ": other bits than on the first engine\n"
                                      << twin.query << "\n"
                                      << found << first;
        } catch (const std::exception& error) {
          ADD_FAILURE() << what << "\n" << twin.query << "\n" << error.what();
        }
      }
    };
    SerialRanks serial;
    check(serial.session(), "serial");
    for (const int ranks : {2, 4, 7}) {
      SteppedRanks stepped(ranks, seed);
      check(stepped.session(), ranks == 2 ? "2 ranks" : ranks == 4 ? "4 ranks" : "7 ranks");
    }
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ramal::test
