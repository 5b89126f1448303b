// SPDX-License-Identifier: BSD-3-Clause
// Rows of random schemas against tables of plain values, what is refused and in which words, and damaged
// encodings, which are refused or read to something sound.
#include "tests/graph/random_rows.hpp"
#include "tests/support/seeds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace {

using namespace ramal;
using namespace ramal::test;

/// What `action` throws, or "nothing".
template <class Error, class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

std::vector<std::byte> encoded(const Rows& rows) {
  Writer count;
  Codec<Rows>::write(count, rows);
  std::vector<std::byte> bytes(count.size());
  Writer fill(bytes.data(), bytes.size());
  Codec<Rows>::write(fill, rows);
  return bytes;
}

Rows decoded(const std::vector<std::byte>& bytes) {
  const std::unique_ptr<std::byte[]> exact(new std::byte[bytes.size()]);  // so that ASan sees any step beyond
  std::ranges::copy(bytes, exact.get());
  Reader reader(std::span<const std::byte>(exact.get(), bytes.size()));
  Rows rows = Codec<Rows>::read(reader);
  EXPECT_EQ(reader.left(), 0u);
  return rows;
}

bool is_aligned(const Column& column) {
  for (const ColumnBuffer* buffer : {&column.validity(), &column.values(), &column.offsets_buffer()})
    if (reinterpret_cast<std::uintptr_t>(buffer->data()) % 64 != 0) return false;
  return std::ranges::all_of(column.children(), is_aligned);
}

TEST(ColumnTypeTest, IsSpeltAsSqlHasIt) {
  EXPECT_EQ(ColumnType().text(), "\"NULL\"");
  EXPECT_EQ(ColumnType(TypeId::int64).text(), "BIGINT");
  EXPECT_EQ(ColumnType(TypeId::timestamp_us).text(), "TIMESTAMP");
  EXPECT_EQ(ColumnType(TypeId::timestamp_tz).text(), "TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(ColumnType(TypeId::interval).text(), "INTERVAL");
  const ColumnType decimal = ColumnType::decimal(18, 3);
  EXPECT_EQ(ColumnType::list(decimal).text(), "DECIMAL(18,3)[]");
  const ColumnType structure =
      ColumnType::structure({{"a", TypeId::int32}, {"b c", TypeId::text}, {"order", TypeId::date}});
  EXPECT_EQ(structure.text(), "STRUCT(a INTEGER, \"b c\" VARCHAR, \"order\" DATE)");
  EXPECT_EQ(quoted_name("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quoted_name(""), "\"\"");
  EXPECT_EQ(quoted_name("2x"), "\"2x\"");
  EXPECT_EQ(quoted_name("DEP_DELAY"), "DEP_DELAY");
}

TEST(ColumnTypeTest, RefusesWhatCannotBe) {
  EXPECT_NE(refusal<std::invalid_argument>([] { ColumnType type(TypeId::list); }).find("ColumnType::list"),
            std::string::npos);
  EXPECT_THROW(ColumnType::decimal(39, 2), std::invalid_argument);
  EXPECT_THROW(ColumnType::decimal(4, 5), std::invalid_argument);
  EXPECT_THROW(ColumnType::decimal(0, 0), std::invalid_argument);
  EXPECT_THROW(ColumnType::structure({}), std::invalid_argument);
  EXPECT_THROW(ColumnType::structure({{"a", TypeId::text}, {"A", TypeId::text}}), std::invalid_argument);
}

TEST(SchemaTest, FindsNamesWhateverTheirCase) {
  const Schema schema = {{"Day", TypeId::date}, {"ärger", TypeId::text}, {"x y", TypeId::int8}};
  EXPECT_EQ(schema.find("day"), 0u);
  EXPECT_EQ(schema.find("X Y"), 2u);
  EXPECT_EQ(schema.find("ärger"), 1u);
  EXPECT_EQ(schema.find("da"), std::nullopt);
  EXPECT_EQ(schema.text(), "(Day DATE, \"ärger\" VARCHAR, \"x y\" TINYINT)");
  EXPECT_EQ(refusal<std::invalid_argument>([&] { (void)schema.position("Dey"); }),
            "ramal: there is no column Dey; there are Day, \"ärger\", \"x y\"");
}

TEST(SchemaTest, RefusesNamesThatSqlDoesNotTellApart) {
  EXPECT_EQ(refusal<std::invalid_argument>([] {
              Schema schema({{"a", TypeId::int8}, {"b", TypeId::int8}, {"A", TypeId::int8}});
            }),
            "ramal: a schema has two columns named a and A, which SQL does not tell apart");
  EXPECT_EQ(refusal<std::invalid_argument>([] {
              Schema schema({{"a b", TypeId::int8}, {"a b", TypeId::int8}});
            }),
            "ramal: a schema has two columns named \"a b\"");
}

TEST(RowsTest, HasWhatWasAppendedWhateverTheTypes) {
  for (unsigned seed = 0; seed < seeds(300); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const PlainTable table = random_table(random, random_schema(random), below(random, 300));
    const Rows rows = rows_of(table);
    rows.check();
    ASSERT_EQ(table_of(rows), table);
    EXPECT_TRUE(std::ranges::all_of(rows.columns(), is_aligned));
    EXPECT_EQ(rows, rows_of(table));
  }
}

TEST(RowsTest, SlicesTakesAndConcatenatesAsPlainTablesAre) {
  for (unsigned seed = 0; seed < seeds(300); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Schema schema = random_schema(random);
    if (schema.empty()) continue;
    const PlainTable table = random_table(random, schema, 1 + below(random, 400));
    const Rows rows = rows_of(table);
    const std::int64_t first = below(random, rows.size() + 1), count = below(random, rows.size() - first + 1);
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
    std::iota(numbers.begin(), numbers.end(), first);
    const Rows slice = rows.slice(first, count);
    slice.check();
    ASSERT_EQ(table_of(slice), picked(table, numbers));
    for (std::int64_t i = below(random, 500); i > 0; --i) numbers.push_back(below(random, rows.size()));
    std::ranges::shuffle(numbers, random);
    const Rows taken = rows.take(numbers);
    taken.check();
    ASSERT_EQ(table_of(taken), picked(table, numbers));
    const std::vector<Rows> parts = {rows.slice(0, first), rows.slice(first, rows.size() - first),
                                     Rows::none(schema), taken};
    std::vector<std::int64_t> all(static_cast<std::size_t>(rows.size()));
    std::iota(all.begin(), all.end(), 0);
    all.insert(all.end(), numbers.begin(), numbers.end());
    const Rows whole = Rows::concat(parts);
    whole.check();
    ASSERT_EQ(table_of(whole), picked(table, all));
    EXPECT_TRUE(std::ranges::all_of(whole.columns(), is_aligned));
    EXPECT_EQ(whole.slice(0, rows.size()), rows);
  }
}

TEST(RowsTest, BuildersAppendVectorsAndColumnsAndCanBeUsedAgain) {
  for (unsigned seed = 0; seed < seeds(200); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const ColumnType type = random_type(random);
    ColumnBuilder builder(type, "x");
    for (int round = 0; round < 2; ++round) {
      PlainColumn expected;
      for (int piece = 0; piece < 5; ++piece) {
        const Schema schema = {{"x", type}};
        const PlainTable table = random_table(random, schema, below(random, 200));
        const Column column = rows_of(table).column(0);
        const std::int64_t first = below(random, column.size() + 1),
                           count = below(random, column.size() - first + 1);
        builder.append_column(column, first, count);
        for (std::int64_t i = first; i < first + count; ++i)
          expected.push_back(table.columns[0][static_cast<std::size_t>(i)]);
        const std::int64_t nulls = below(random, 3);
        builder.append_nulls(nulls);
        for (std::int64_t i = 0; i < nulls; ++i) expected.push_back({.null = true});
      }
      ASSERT_EQ(builder.size(), static_cast<std::int64_t>(expected.size()));
      const std::size_t bytes = builder.bytes();
      const Column column = builder.finish();
      column.check();
      EXPECT_LE(column.bytes(), bytes);
      ASSERT_EQ(table_of(Rows({{"x", type}}, {column})).columns[0], expected);
    }
  }
}

/// Vectors with bitmaps, as an engine has them.
TEST(RowsTest, BuildersTakeVectorsWithBitmaps) {
  Random random(7);
  RowsBuilder builder({{"number", TypeId::int32},
                       {"truth", TypeId::boolean},
                       {"text", TypeId::text},
                       {"list", ColumnType::list(TypeId::int64)},
                       {"pair", ColumnType::structure({{"a", TypeId::float64}})}});
  std::vector<std::optional<std::int32_t>> numbers;
  for (int piece = 0; piece < 40; ++piece) {
    const std::int64_t count = below(random, 150);
    std::vector<std::uint64_t> validity(3, 0);
    std::vector<std::int32_t> values;
    std::vector<std::uint8_t> truths;
    std::vector<std::uint64_t> lengths;
    std::vector<double> parts;
    std::vector<std::int64_t> elements;
    for (std::int64_t i = 0; i < count; ++i) {
      const bool valid = piece % 3 == 0 || !chance(random, 5);
      validity[static_cast<std::size_t>(i / 64)] |= std::uint64_t{valid} << (i % 64);
      values.push_back(static_cast<std::int32_t>(below(random, 100)));
      truths.push_back(values.back() % 2 == 0 ? 0 : static_cast<std::uint8_t>(values.back()));
      lengths.push_back(static_cast<std::uint64_t>(values.back() % 4));
      for (int k = 0; valid && k < values.back() % 4; ++k) elements.push_back(values.back() + k);
      parts.push_back(values.back() / 2.0);
      numbers.push_back(valid ? std::optional(values.back()) : std::nullopt);
    }
    const std::uint64_t* bits = piece % 3 == 0 && piece % 2 == 0 ? nullptr : validity.data();
    builder.column("number").append_values(values.data(), count, bits);
    builder.column("truth").append_booleans(truths.data(), count, bits);
    std::vector<std::string> texts;
    for (const std::int32_t value : values)
      texts.push_back(std::string(static_cast<std::size_t>(value), 'x'));
    builder.column("text").append_texts(
        count, [&](std::int64_t i) -> std::string_view { return texts[static_cast<std::size_t>(i)]; }, bits);
    builder.column("list").append_lists(lengths.data(), count, bits);
    builder.column("list").child().append_values(elements.data(), static_cast<std::int64_t>(elements.size()));
    builder.column("pair").child(0).append_values(parts.data(), count);
    builder.column("pair").append_structures(count, bits);
  }
  const Rows rows = builder.finish();
  rows.check();
  ASSERT_EQ(rows.size(), static_cast<std::int64_t>(numbers.size()));
  const auto number = rows.column<std::int32_t>("number");
  const auto truth = rows.column<bool>("TRUTH");
  const auto text = rows.column<std::string_view>("text");
  const Column &list = rows.column("list"), &pair = rows.column("pair");
  const ColumnView<std::int64_t> elements(list.child());
  std::int64_t element = 0;
  for (std::int64_t i = 0; i < rows.size(); ++i) {
    const auto expected = numbers[static_cast<std::size_t>(i)];
    ASSERT_EQ(number.get(i), expected);
    ASSERT_EQ(truth.is_null(i), !expected);
    ASSERT_EQ(list.is_null(i), !expected);
    ASSERT_EQ(pair.is_null(i), !expected);
    if (!expected) continue;
    ASSERT_EQ(truth[i], *expected % 2 != 0);
    ASSERT_EQ(text[i], std::string(static_cast<std::size_t>(*expected), 'x'));
    ASSERT_EQ(ColumnView<double>(pair.child(0))[i], *expected / 2.0);
    ASSERT_EQ(list.offsets()[static_cast<std::size_t>(i)], element);
    for (int k = 0; k < *expected % 4; ++k) ASSERT_EQ(elements[element++], *expected + k);
  }
  EXPECT_EQ(number.nulls(), std::ranges::count_if(numbers, [](const auto& n) { return !n.has_value(); }));
}

TEST(RowsTest, AreMadeOfVectors) {
  const Rows rows = Rows::of({{"x", std::vector<double>{1.5, -2}},
                              {"flag", std::vector<bool>{true, false}},
                              {"city", std::vector<std::string>{"Bern", "Oslo"}},
                              {"short", std::vector<const char*>{"a", "b"}},
                              {"maybe", std::vector<std::optional<std::string>>{"yes", std::nullopt}},
                              {"perhaps", std::vector<std::optional<bool>>{std::nullopt, true}},
                              {"day", TypeId::date, std::vector<std::int32_t>{0, 1}},
                              {"price", ColumnType::decimal(9, 2), std::vector<Int128>{199, 5}}});
  EXPECT_EQ(rows.schema().text(),
            "(x DOUBLE, flag BOOLEAN, city VARCHAR, short VARCHAR, maybe VARCHAR, perhaps BOOLEAN, day DATE, "
            "price DECIMAL(9,2))");
  EXPECT_EQ(rows.column<std::string_view>("City")[1], "Oslo");
  EXPECT_EQ(rows.column<std::string_view>("maybe").get(1), std::nullopt);
  EXPECT_TRUE(rows.column<bool>("flag")[0]);
  EXPECT_EQ(rows.column<bool>("perhaps").get(0), std::nullopt);
  EXPECT_EQ(rows.column<std::int32_t>("day").values()[1], 1);
  double sum = 0;
  for (const std::optional<double> x : rows.column<double>("x")) sum += x.value();
  EXPECT_EQ(sum, -0.5);
  EXPECT_EQ(
      refusal<std::invalid_argument>([] { NamedColumn wrong("day", TypeId::date, std::vector<double>{1}); }),
      "ramal: column day is of type DATE, whose values are std::int32_t, and is not read as double");
}

TEST(RowsTest, ShareColumns) {
  const Rows rows = Rows::of({{"a", std::vector<std::int64_t>{1, 2}}, {"b", std::vector<double>{3, 4}}});
  const Rows selected = rows.select({"B", "a"});
  EXPECT_EQ(selected.schema().text(), "(b DOUBLE, a BIGINT)");
  EXPECT_EQ(selected.column("b").values().data(), rows.column("b").values().data());
  EXPECT_EQ(rows.rename("a", "A").schema().text(), "(A BIGINT, b DOUBLE)");
  EXPECT_THROW((void)rows.rename("a", "B"), std::invalid_argument);
  const Rows wider = rows.with({"c", std::vector<bool>{true, true}});
  EXPECT_EQ(wider.schema().text(), "(a BIGINT, b DOUBLE, c BOOLEAN)");
  EXPECT_EQ(wider.column(0).values().data(), rows.column(0).values().data());
  EXPECT_EQ(wider.with("b", wider.column("c")).schema().text(), "(a BIGINT, b BOOLEAN, c BOOLEAN)");
  EXPECT_EQ(Rows().with({"x", std::vector<double>{1, 2}}).size(), 2);
  EXPECT_EQ(rows.slice(0, 2).column(0).values().data(), rows.column(0).values().data());
  EXPECT_EQ(rows.select(std::span<const std::string>()).size(), 2);
  EXPECT_EQ(rows.select(std::span<const std::string>()).take(std::vector<std::int64_t>{1, 1, 1}).size(), 3);
  EXPECT_EQ(rows.bytes(), 32u);
}

TEST(RowsTest, AreEqualBitForBit) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto of = [](double x) { return Rows::of({{"x", std::vector<double>{x}}}); };
  EXPECT_EQ(of(nan), of(nan));
  EXPECT_FALSE(of(0.0) == of(-0.0));
  const auto maybe = [](std::optional<double> x) {
    return Rows::of({{"x", std::vector<std::optional<double>>{x, {}}}});
  };
  EXPECT_FALSE(maybe(0.0) == maybe(std::nullopt));
  EXPECT_FALSE(maybe(0.0) == maybe(1.0));
  EXPECT_FALSE(of(0.0) == of(0.0).rename("x", "y"));
  // What is stored where a row is null means nothing.
  ColumnBuilder one(TypeId::int32), other(TypeId::int32);
  const std::uint64_t validity = 2;
  const std::int32_t values[] = {7, 1}, others[] = {8, 1};
  one.append_values(values, 2, &validity);
  other.append_values(others, 2, &validity);
  EXPECT_EQ(one.finish(), other.finish());
}

TEST(RowsTest, SayWhatIsWrong) {
  const Rows rows =
      Rows::of({{"a", std::vector<std::int64_t>{1, 2}}, {"s", std::vector<std::string>{"x", "y"}}});
  EXPECT_EQ(refusal<std::invalid_argument>([&] { (void)rows.column<double>("a"); }),
            "ramal: column a is of type BIGINT, whose values are std::int64_t, and is not read as double");
  EXPECT_EQ(refusal<std::invalid_argument>([&] { (void)rows.column("b"); }),
            "ramal: there is no column b; there are a, s");
  EXPECT_EQ(refusal<std::invalid_argument>([&] {
              (void)rows.with({"c", std::vector<double>{1}});
            }),
            "ramal: column c has 1 rows, but the others have 2");
  EXPECT_EQ(refusal<std::out_of_range>([&] { (void)rows.slice(1, 2); }),
            "ramal: 2 rows from 1 on are not within 2 rows");
  EXPECT_EQ(refusal<std::out_of_range>([&] {
              (void)rows.take(std::vector<std::int64_t>{0, -1});
            }),
            "ramal: Rows::take: row -1 is not within 2 rows");
  EXPECT_THROW((void)rows.take(std::vector<std::int64_t>{2}), std::out_of_range);
  const std::vector<Rows> unlike = {rows, rows.rename("a", "b")};
  EXPECT_EQ(refusal<std::invalid_argument>([&] { (void)Rows::concat(unlike); }),
            "ramal: Rows::concat: part 1 differs from the first: a and b");
  EXPECT_THROW((void)Rows::concat({}), std::invalid_argument);
  RowsBuilder builder(rows.schema());
  builder.column(0).append(std::int64_t{1});
  EXPECT_EQ(refusal<std::invalid_argument>([&] { (void)builder.finish(); }),
            "ramal: column s has 0 rows, but a has 1");
  EXPECT_EQ(refusal<std::invalid_argument>([&] { builder.column(0).append(1.5); }),
            "ramal: column a is of type BIGINT, whose values are std::int64_t, and is not read as double");
  EXPECT_EQ(refusal<std::invalid_argument>([&] { builder.column(1).append_values(nullptr, 0); }),
            "ramal: append_values for column s, which is of type VARCHAR");
  ColumnBuilder list(ColumnType::list(TypeId::int8), "l");
  const std::uint64_t length = 3;
  list.append_lists(&length, 1);
  EXPECT_EQ(refusal<std::invalid_argument>([&] { (void)list.finish(); }),
            "ramal: column \"l[]\" has 0 rows, but l needs 3");
}

TEST(RowsTest, RefuseMoreTextThanOffsetsReach) {
  ColumnBuilder builder(ColumnType::list(TypeId::int8), "l");
  const std::uint64_t lengths[] = {0x7fffffff, 1};
  EXPECT_EQ(
      refusal<std::length_error>([&] { builder.append_lists(lengths, 2); }),
      "ramal: column l of type TINYINT[] would have 2147483648 elements in one partition, which can have "
      "2147483647; use a smaller partition_bytes");
  const Rows rows = Rows::of({{"s", std::vector<std::string>{std::string(std::size_t{1} << 20, 'x')}}});
  const std::vector<std::int64_t> numbers(2048, 0);
  EXPECT_EQ(refusal<std::length_error>([&] { (void)rows.take(numbers); }),
            "ramal: column s of type VARCHAR would have 2147483648 bytes in one partition, which can have "
            "2147483647; use "
            "a smaller partition_bytes");
}

TEST(ColumnTest, AdoptsBuffersAndRefusesWrongOnes) {
  const Column model = Rows::of({{"s", std::vector<std::string>{"ab", "", "c"}}}).column(0);
  const ColumnParts parts{
      .type = TypeId::text, .size = 3, .values = model.values(), .offsets = model.offsets_buffer()};
  EXPECT_EQ(Column(parts), model);
  const auto wrong = [&](auto change) {
    ColumnParts changed = parts;
    change(changed);
    return refusal<std::invalid_argument>([&] { Column column(changed); });
  };
  EXPECT_EQ(wrong([](ColumnParts& p) { p.size = 4; }),
            "ramal: a column of 4 rows of type VARCHAR: offsets of 20 bytes expected, of 16 found");
  EXPECT_EQ(wrong([](ColumnParts& p) { p.values = ColumnBuffer(p.values.owner(), 2); }),
            "ramal: a column of 3 rows of type VARCHAR: values of 3 bytes expected, of 2 found");
  EXPECT_NE(wrong([](ColumnParts& p) {
              p.type = ColumnType::list(TypeId::int8);
            }).find("1 children expected, 0 found"),
            std::string::npos);
  EXPECT_NE(wrong([](ColumnParts& p) {
              p.values =
                  ColumnBuffer(std::shared_ptr<const std::byte>(p.values.owner(), p.values.data() + 1), 3);
            }).find("not aligned to 64 bytes"),
            std::string::npos);
  EXPECT_NE(wrong([](ColumnParts& p) { p.size = -1; }).find("no such number"), std::string::npos);
}

TEST(RowsCodecTest, ComesBackEqualAndRefusesEveryProperBeginning) {
  for (unsigned seed = 0; seed < seeds(200); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const PlainTable table = random_table(random, random_schema(random), below(random, 100));
    const Rows rows = rows_of(table);
    const auto bytes = encoded(rows);
    const Rows back = decoded(bytes);
    ASSERT_EQ(back, rows);
    ASSERT_EQ(table_of(back), table);
    EXPECT_TRUE(std::ranges::all_of(back.columns(), is_aligned));
    for (int cut = 0; cut < 20 && !bytes.empty(); ++cut) {
      const auto length = static_cast<std::size_t>(below(random, static_cast<std::int64_t>(bytes.size())));
      EXPECT_THROW((void)decoded({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)}),
                   DecodeError);
    }
  }
  const Rows counted(Schema(), {}, 12);
  EXPECT_EQ(decoded(encoded(counted)).size(), 12);
}

/// As the transport does it: the head, room for the memory, and the spans copied into that in order.
Rows sent(const Rows& rows) {
  Writer count;
  Codec<Rows>::write_head(count, rows);
  std::vector<std::byte> head(count.size());
  Writer writer(head.data(), head.size());
  Codec<Rows>::write_head(writer, rows);
  const Spans memory = Codec<Rows>::memory(rows);
  Reader reader(head);
  Rows there = Codec<Rows>::allocate(reader, memory.bytes());
  EXPECT_EQ(reader.left(), 0u);
  memory.copy_to(Codec<Rows>::memory(there).room(memory.bytes()).data());
  Reader again(head);
  EXPECT_THROW((void)Codec<Rows>::allocate(again, memory.bytes() + 64), DecodeError);
  return there;
}

static_assert(Contiguous<Rows>);

TEST(RowsCodecTest, IsSentFromWhereItLies) {
  for (unsigned seed = 0; seed < seeds(200); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const PlainTable table = random_table(random, random_schema(random), below(random, 200));
    const Rows rows = rows_of(table);
    EXPECT_EQ(Codec<Rows>::memory(rows).all().size(), 1u);  // all columns were built at once
    const Rows there = sent(rows);
    there.check();
    ASSERT_EQ(table_of(there), table);
    EXPECT_TRUE(std::ranges::all_of(there.columns(), is_aligned));
    // Columns from several slabs, of memory that may not be read beyond its end.
    Rows mixed = rows;
    const std::size_t bytes = static_cast<std::size_t>(rows.size()) * sizeof(std::int16_t);
    const std::shared_ptr<std::byte> exact(
        static_cast<std::byte*>(::operator new (bytes, std::align_val_t{64})),
        [](std::byte* memory) { ::operator delete (memory, std::align_val_t{64}); });
    std::memset(exact.get(), 1, bytes);
    mixed =
        mixed.with("another", Column({.type = TypeId::int16, .size = rows.size(), .values = {exact, bytes}}));
    ASSERT_EQ(sent(mixed), mixed);
    ASSERT_EQ(sent(sent(mixed)), mixed);
  }
}

TEST(RowsCodecTest, DamagedBytesAreRefusedOrSound) {
  unsigned refused = 0, sound = 0;
  for (unsigned seed = 0; seed < seeds(3000); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed / 10);
    auto bytes = encoded(rows_of(random_table(random, random_schema(random), below(random, 40))));
    random.seed(seed);
    for (std::int64_t flips = 1 + below(random, 4); flips > 0; --flips) {
      // Half of them among the first bytes, which say the most.
      const auto among = static_cast<std::int64_t>(bytes.size());
      const std::int64_t at = below(random, chance(random, 2) ? among : std::min<std::int64_t>(among, 60));
      bytes[static_cast<std::size_t>(at)] =
          chance(random, 3) ? std::byte{0xff}
                            : bytes[static_cast<std::size_t>(at)] ^ std::byte(1 << below(random, 8));
    }
    try {
      const std::unique_ptr<std::byte[]> exact(new std::byte[bytes.size()]);
      std::ranges::copy(bytes, exact.get());
      Reader reader(std::span<const std::byte>(exact.get(), bytes.size()));
      const Rows rows = Codec<Rows>::read(reader);
      ++sound;
      rows.check();
      if (rows.size() > 100000) continue;  // nulls take no bytes
      (void)table_of(rows);
      EXPECT_EQ(decoded(encoded(rows)), rows);
    } catch (const DecodeError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, sound / 10);
  EXPECT_GT(sound, refused / 10);
}

}  // namespace
