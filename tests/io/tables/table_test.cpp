// SPDX-License-Identifier: BSD-3-Clause
// Tables beside the engine's own answer to the same query of all rows at once.
#include "tests/io/engine.hpp"
#include "tests/io/tables/twins.hpp"
#include "tests/support/seeds.hpp"

#include <ramal/table_array.hpp>

#include <gtest/gtest.h>

namespace ramal::test {
namespace {

/// Compares what the table computes to on an engine with what the query gives. Sums of floating-point numbers
/// may differ in their last digits, since the engine adds all rows in one row.
void expect_same(Session& session, const Twin& twin, const Rows& whole, const std::string& what) {
  const Rows expected =
      detail::duckdb_engine().run(twin.query, std::vector{detail::NamedRows{"whole", whole}});
  const Rows found = session.compute(twin.table);
  EXPECT_EQ(twin.table.schema().text(), expected.schema().text()) << what;
  EXPECT_EQ(difference(found, expected), "") << what << "\n" << twin.query << "\n" << found << expected;
}

/// The same queries on each engine, and of each the same bits.
class Tables : public WithEngine {};

TEST_F(Tables, AnswerAsTheEngineDoesOfAllRows) {
  const int programs = static_cast<int>(seeds(150));
  std::vector<Rows> first(static_cast<std::size_t>(programs));
  on_all_engines([&](Session& session) {
    for (int program = 0; program < programs; ++program) {
      Random random{std::mt19937_64(static_cast<unsigned>(program))};
      const Rows whole = some_rows(random, random.between(0, 60));
      Twin twin{cut_up(random, whole), "SELECT * FROM whole"};
      const std::int64_t steps = random.between(0, 3);
      for (std::int64_t step = 0; step < steps; ++step)
        twin = by_row(random, std::move(twin), std::to_string(step));
      if (!random.one_in(5)) twin = over_all(random, twin);
      const std::string what = "program " + std::to_string(program);
      expect_same(session, twin, whole, what);
      const Rows found = session.compute(twin.table);
      Rows& known = first[static_cast<std::size_t>(program)];
      if (known.schema().empty()) known = found;
      EXPECT_TRUE(found == known) << what << ": other bits than on the first engine";
    }
  });
}

}  // namespace
}  // namespace ramal::test
