// SPDX-License-Identifier: BSD-3-Clause
// Rows through Arrow's C data interface and back, arrays made by hand as its specification describes them,
// and what is refused. Releases are counted, and ASan sees what is released too early, twice or never.
#include <ramal/arrow.hpp>

#include "tests/graph/random_rows.hpp"
#include "tests/support/seeds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <numeric>

namespace {

using namespace ramal;
using namespace ramal::test;

/// An array and its schema, made by hand. Whatever is given to from_arrow is released exactly once.
struct Hand {
  std::string format, name;
  std::int64_t length = 0, nulls = -1, offset = 0;
  std::vector<std::vector<std::byte>> buffers = {};  // an empty one is a null pointer
  std::vector<Hand> children = {};
  std::vector<Hand> dictionary = {};  // none or one
};
template <class T>
std::vector<std::byte> bytes_of(const std::vector<T>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}
std::vector<std::byte> bytes_of(const std::string& text) {
  return bytes_of(std::vector<char>(text.begin(), text.end()));
}
using I32 = std::vector<std::int32_t>;
using I64 = std::vector<std::int64_t>;
using U8 = std::vector<std::uint8_t>;

/// The C structures of a Hand, and how often they were released.
class Lent {
 public:
  explicit Lent(Hand hand) : hand_(std::move(hand)) {
    fill(hand_, schema, array);
    schema.release = [](ArrowSchema* its) {
      ++*static_cast<int*>(its->private_data);
      its->release = nullptr;
    };
    schema.private_data = &released_schemas;
    array.release = [](ArrowArray* its) {
      ++*static_cast<int*>(its->private_data);
      its->release = nullptr;
    };
    array.private_data = &released_arrays;
  }
  ArrowSchema schema{};
  ArrowArray array{};
  int released_schemas = 0, released_arrays = 0;

 private:
  void fill(Hand& hand, ArrowSchema& s, ArrowArray& a) {
    s.format = hand.format.c_str();
    s.name = hand.name.c_str();
    a.length = hand.length;
    a.null_count = hand.nulls;
    a.offset = hand.offset;
    auto& buffers = pointers_.emplace_back();
    for (const auto& buffer : hand.buffers) buffers.push_back(buffer.empty() ? nullptr : buffer.data());
    a.n_buffers = static_cast<std::int64_t>(buffers.size());
    a.buffers = buffers.data();
    auto& schemas = schemas_.emplace_back();
    auto& arrays = arrays_.emplace_back();
    for (Hand& child : hand.children) fill_next(child, schemas, arrays);
    s.n_children = a.n_children = static_cast<std::int64_t>(schemas.size());
    s.children = schemas.data();
    a.children = arrays.data();
    if (hand.dictionary.empty()) return;
    auto& dictionary_schema = schemas_.emplace_back();
    auto& dictionary_array = arrays_.emplace_back();
    fill_next(hand.dictionary[0], dictionary_schema, dictionary_array);
    s.dictionary = dictionary_schema[0];
    a.dictionary = dictionary_array[0];
  }
  void fill_next(Hand& hand, std::vector<ArrowSchema*>& schemas, std::vector<ArrowArray*>& arrays) {
    schemas.push_back(&schema_room_.emplace_back());
    arrays.push_back(&array_room_.emplace_back());
    fill(hand, *schemas.back(), *arrays.back());
  }

  Hand hand_;
  std::deque<std::vector<const void*>> pointers_;
  std::deque<std::vector<ArrowSchema*>> schemas_;
  std::deque<std::vector<ArrowArray*>> arrays_;
  std::deque<ArrowSchema> schema_room_;
  std::deque<ArrowArray> array_room_;
};

Hand batch(std::vector<Hand> columns) {
  const std::int64_t length = columns.empty() ? 0 : columns.front().length;
  return {.format = "+s",
          .name = "",
          .length = length,
          .nulls = 0,
          .buffers = {{}},
          .children = std::move(columns)};
}

/// The one column of a batch, copied out of what is lent. The structures are gone afterwards.
Column imported(const Hand& column) {
  Lent lent(batch({column}));
  PlainTable seen;
  Column copy;
  {
    const Rows rows = from_arrow(&lent.schema, &lent.array);
    rows.check();
    EXPECT_EQ(lent.released_schemas, 1);
    ColumnBuilder builder(rows.column(0).type());
    builder.append_column(rows.column(0), 0, rows.size());
    copy = builder.finish();
  }
  EXPECT_EQ(lent.released_arrays, 1);
  EXPECT_EQ(lent.array.release, nullptr);
  return copy;
}

/// What importing it throws, with both structures released.
std::string refusal(const Hand& whole) {
  Lent lent(whole);
  std::string what = "nothing";
  try {
    (void)from_arrow(&lent.schema, &lent.array);
  } catch (const std::exception& error) {
    what = error.what();
  }
  EXPECT_EQ(lent.released_schemas, 1) << what;
  EXPECT_EQ(lent.released_arrays, 1) << what;
  return what;
}
std::string refusal_of_column(const Hand& column) { return refusal(batch({column})); }

template <class T>
Column column_of(const std::vector<T>& values) {
  return NamedColumn("", values).column;
}
template <class T>
Column column_of(const ColumnType& type, const std::vector<T>& values) {
  return NamedColumn("", type, values).column;
}

/// As Arrow has it: a decimal for what it has no type for.
ColumnType through_arrow(const ColumnType& type) {
  if (type.id() == TypeId::int128) return ColumnType::decimal(38, 0);
  if (type.id() == TypeId::list) return ColumnType::list(through_arrow(type.element()));
  if (type.id() != TypeId::structure) return type;
  std::vector<Field> fields;
  for (const Field& field : type.fields()) fields.push_back({field.name, through_arrow(field.type)});
  return ColumnType::structure(fields);
}

TEST(ArrowTest, ComesBackEqualWhateverTheTypes) {
  for (unsigned seed = 0; seed < seeds(300); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Schema schema = random_schema(random);
    PlainTable table = random_table(random, schema, below(random, 200));
    ArrowSchema arrow_schema;
    ArrowArray array;
    to_arrow(rows_of(table), &arrow_schema, &array);  // and the Rows are gone
    const Rows back = from_arrow(&arrow_schema, &array);
    EXPECT_EQ(array.release, nullptr);
    back.check();
    std::vector<Field> fields;
    for (const Field& field : table.schema) fields.push_back({field.name, through_arrow(field.type)});
    table.schema = Schema(fields);
    ASSERT_EQ(table_of(back), table);
  }
}

/// A consumer that slices, as Arrow's libraries do: other offset and length, the same buffers.
TEST(ArrowTest, TakesSlices) {
  for (unsigned seed = 0; seed < seeds(300); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Schema schema = {{"x", random_type(random)}};
    const PlainTable table = random_table(random, schema, 1 + below(random, 200));
    const Rows rows = rows_of(table);
    ArrowSchema arrow_schema;
    ArrowArray array;
    to_arrow(rows, &arrow_schema, &array);
    // Half of the offset in the batch, and half in its column.
    const std::int64_t whole = below(random, rows.size() + 1), inner = below(random, rows.size() - whole + 1);
    const std::int64_t count = below(random, rows.size() - whole - inner + 1);
    array.offset = whole;
    array.length = count;
    array.children[0]->offset = inner;
    array.children[0]->length = rows.size() - inner;
    array.children[0]->null_count = -1;
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
    std::iota(numbers.begin(), numbers.end(), whole + inner);
    const Rows back = from_arrow(&arrow_schema, &array);
    back.check();
    ASSERT_EQ(table_of(back).columns, picked(table, numbers).columns);
  }
}

TEST(ArrowTest, LendsMemoryAndColumnsOneByOne) {
  Rows rows =
      Rows::of({{"x", std::vector<double>{1, 2}}, {"s", std::vector<std::optional<std::string>>{"a", {}}}});
  const std::byte* memory = rows.column(0).values().data();
  ArrowSchema schema;
  ArrowArray array;
  to_arrow(rows, &schema, &array);
  rows = {};
  EXPECT_STREQ(schema.format, "+s");
  ASSERT_EQ(schema.n_children, 2);
  EXPECT_STREQ(schema.children[1]->name, "s");
  EXPECT_STREQ(schema.children[1]->format, "u");
  EXPECT_EQ(array.children[1]->n_buffers, 3);
  EXPECT_EQ(array.children[1]->null_count, 1);
  EXPECT_EQ(array.children[0]->buffers[0], nullptr);
  EXPECT_EQ(array.children[0]->buffers[1], memory);
  ArrowArray moved = *array.children[0];  // as the specification lets a consumer move a child out
  array.children[0]->release = nullptr;
  array.release(&array);
  EXPECT_EQ(array.release, nullptr);
  EXPECT_EQ(static_cast<const double*>(moved.buffers[1])[1], 2.0);
  moved.release(&moved);
  schema.release(&schema);
}

TEST(ArrowTest, SharesAlignedValuesUntilTheLastColumnIsGone) {
  Lent lent(batch({}));
  alignas(64) static const double values[] = {1, 2, 3};
  const void* buffers[] = {nullptr, values};
  ArrowSchema column_schema{};
  column_schema.format = "g";
  column_schema.name = "x";
  ArrowArray column_array{};
  column_array.length = 3;
  column_array.n_buffers = 2;
  column_array.buffers = buffers;
  ArrowSchema* schemas[] = {&column_schema};
  ArrowArray* arrays[] = {&column_array};
  lent.schema.n_children = lent.array.n_children = 1;
  lent.schema.children = schemas;
  lent.array.children = arrays;
  lent.array.length = 3;
  Rows rows = from_arrow(&lent.schema, &lent.array);
  Column column = rows.column(0);
  EXPECT_EQ(static_cast<const void*>(column.values().data()), values);
  rows = {};
  EXPECT_EQ(lent.released_arrays, 0);
  column = {};
  EXPECT_EQ(lent.released_arrays, 1);
}

TEST(ArrowTest, ReadsTheSpecificationsLayouts) {
  // The bitmap and values of its example [1, null, 2, 4, 8].
  EXPECT_EQ(imported({.format = "i",
                      .name = "x",
                      .length = 5,
                      .buffers = {bytes_of(U8{0b11101}), bytes_of(I32{1, 99, 2, 4, 8})}}),
            column_of(std::vector<std::optional<std::int32_t>>{1, {}, 2, 4, 8}));
  // [[12, -7, 25], null, [0, -127, 127, 50], []]
  const Hand elements{.format = "c",
                      .name = "item",
                      .length = 7,
                      .buffers = {{}, bytes_of(std::vector<std::int8_t>{12, -7, 25, 0, -127, 127, 50})}};
  const Column list = imported({.format = "+l",
                                .name = "x",
                                .length = 4,
                                .buffers = {bytes_of(U8{0b1101}), bytes_of(I32{0, 3, 3, 7, 7})},
                                .children = {elements}});
  EXPECT_EQ(list.type().text(), "TINYINT[]");
  EXPECT_TRUE(list.is_null(1));
  EXPECT_EQ(list.offsets()[3], 7);
  EXPECT_EQ(ColumnView<std::int8_t>(list.child())[4], -127);
  const Column large = imported({.format = "+L",
                                 .name = "x",
                                 .length = 4,
                                 .buffers = {bytes_of(U8{0b1101}), bytes_of(I64{0, 3, 3, 7, 7})},
                                 .children = {elements}});
  EXPECT_EQ(large, list);
  // ["joe", null, null, "mark"], from offset 1 on and in 64 bits too
  const Hand text{.format = "u",
                  .name = "x",
                  .length = 4,
                  .buffers = {bytes_of(U8{0b1001}), bytes_of(I32{0, 3, 3, 3, 7}), bytes_of("joemark")}};
  EXPECT_EQ(imported(text), column_of(std::vector<std::optional<std::string>>{"joe", {}, {}, "mark"}));
  Hand late = text;
  late.offset = 1;
  late.length = 3;
  EXPECT_EQ(imported(late), column_of(std::vector<std::optional<std::string>>{{}, {}, "mark"}));
  Hand wide = text;
  wide.format = "U";
  wide.buffers[1] = bytes_of(I64{0, 3, 3, 3, 7});
  EXPECT_EQ(imported(wide), imported(text));
  // struct {name, age} of joe 1, null 2 (null), mark 4
  const Column pair = imported(
      {.format = "+s",
       .name = "x",
       .length = 3,
       .buffers = {bytes_of(U8{0b101})},
       .children = {{.format = "u",
                     .name = "name",
                     .length = 3,
                     .buffers = {bytes_of(U8{0b101}), bytes_of(I32{0, 3, 3, 7}), bytes_of("joemark")}},
                    {.format = "i",
                     .name = "age",
                     .length = 3,
                     .nulls = 0,
                     .buffers = {{}, bytes_of(I32{1, 2, 4})}}}});
  EXPECT_EQ(pair.type().text(), "STRUCT(name VARCHAR, age INTEGER)");
  EXPECT_EQ(pair.nulls(), 1);
  EXPECT_EQ(ColumnView<std::string_view>(pair.child(0)).get(2), "mark");
  // Fixed sizes: "abcd" as two blobs; lists of two.
  EXPECT_EQ(imported({.format = "w:2", .name = "x", .length = 2, .buffers = {{}, bytes_of("abcd")}}),
            column_of(TypeId::blob, std::vector<std::string>{"ab", "cd"}));
  const Column twos = imported(
      {.format = "+w:2",
       .name = "x",
       .length = 3,
       .offset = 0,
       .buffers = {bytes_of(U8{0b110})},
       .children = {
           {.format = "c", .name = "item", .length = 6, .buffers = {{}, bytes_of(U8{1, 2, 3, 4, 5, 6})}}}});
  EXPECT_EQ(twos.offsets()[2], 4);
  EXPECT_TRUE(twos.is_null(0));
  EXPECT_EQ(imported({.format = "n", .name = "x", .length = 3, .nulls = 3}).nulls(), 3);
}

TEST(ArrowTest, ConvertsWhatIsExact) {
  const auto of = [](const char* format, auto values, std::vector<std::byte> validity = {}) {
    return imported({.format = format,
                     .name = "x",
                     .length = static_cast<std::int64_t>(values.size()),
                     .buffers = {validity, bytes_of(values)}});
  };
  EXPECT_EQ(of("tdm", I64{86400000, -86400000}), column_of(TypeId::date, I32{1, -1}));
  EXPECT_EQ(of("tts", I32{1, 2}), column_of(TypeId::time, I64{1000000, 2000000}));
  EXPECT_EQ(of("ttm", I32{1, 2}), column_of(TypeId::time, I64{1000, 2000}));
  EXPECT_EQ(of("ttn", I64{1000, 2000}), column_of(TypeId::time, I64{1, 2}));
  EXPECT_EQ(of("tss:Europe/Oslo", I64{1, -2}), column_of(TypeId::timestamp_tz, I64{1000000, -2000000}));
  EXPECT_EQ(of("tsm:+02:00", I64{1}), column_of(TypeId::timestamp_tz, I64{1000}));
  EXPECT_EQ(of("tsu:UTC", I64{1}), column_of(TypeId::timestamp_tz, I64{1}));
  EXPECT_EQ(of("tsn:UTC", I64{1000}), column_of(TypeId::timestamp_tz, I64{1}));
  EXPECT_EQ(of("tsn:", I64{1}), column_of(TypeId::timestamp_ns, I64{1}));
  EXPECT_EQ(of("d:9,2,32", I32{-5, 123}), column_of(ColumnType::decimal(9, 2), std::vector<Int128>{-5, 123}));
  EXPECT_EQ(of("d:18,2,64", I64{-5}), column_of(ColumnType::decimal(18, 2), std::vector<Int128>{-5}));
  EXPECT_EQ(of("d:38,2", std::vector<Int128>{-5}),
            column_of(ColumnType::decimal(38, 2), std::vector<Int128>{-5}));
  // What is stored where a row is null is not looked at.
  EXPECT_EQ(of("tsn:UTC", I64{1, 2000}, bytes_of(U8{0b10})),
            column_of(TypeId::timestamp_tz, std::vector<std::optional<std::int64_t>>{{}, 2}));
  EXPECT_EQ(refusal_of_column(
                {.format = "tsn:UTC", .name = "x", .length = 2, .buffers = {{}, bytes_of(I64{0, 1})}}),
            "ramal: from_arrow: column x: row 1: 1 of Arrow's format \"tsn:UTC\" is no whole TIMESTAMP WITH "
            "TIME ZONE");
  EXPECT_NE(refusal_of_column(
                {.format = "tss:UTC", .name = "x", .length = 1, .buffers = {{}, bytes_of(I64{INT64_MAX})}})
                .find("row 0"),
            std::string::npos);
}

TEST(ArrowTest, DecodesDictionaries) {
  const Hand words{.format = "u",
                   .name = "",
                   .length = 3,
                   .nulls = 1,
                   .buffers = {bytes_of(U8{0b101}), bytes_of(I32{0, 2, 2, 3}), bytes_of("abc")}};
  const Hand column{.format = "c",
                    .name = "x",
                    .length = 5,
                    .buffers = {bytes_of(U8{0b10111}), bytes_of(std::vector<std::int8_t>{2, 0, 1, 77, 2})},
                    .dictionary = {words}};
  EXPECT_EQ(imported(column), column_of(std::vector<std::optional<std::string>>{"c", "ab", {}, {}, "c"}));
  Hand wide = column;
  wide.format = "L";
  wide.buffers[1] = bytes_of(std::vector<std::uint64_t>{2, 0, 1, 77, 2});
  EXPECT_EQ(imported(wide), imported(column));
  Hand wrong = column;
  wrong.buffers[0] = {};
  EXPECT_EQ(refusal_of_column(wrong), "ramal: from_arrow: column x: row 3: index 77 into a dictionary of 3");
  Hand none = column;  // all null, and no words
  none.buffers[0] = bytes_of(U8{0});
  none.dictionary[0] = {.format = "u", .name = "", .length = 0, .buffers = {{}, {}, {}}};
  EXPECT_EQ(imported(none).nulls(), 5);
  Hand odd = column;
  odd.format = "g";
  EXPECT_NE(refusal_of_column(odd).find("indices of format \"g\""), std::string::npos);
}

TEST(ArrowTest, RefusesByName) {
  EXPECT_EQ(refusal_of_column({.format = "vu", .name = "city", .length = 1}),
            "ramal: from_arrow: column city: Arrow's format \"vu\": a view of text; cast it to utf8");
  EXPECT_NE(refusal_of_column({.format = "+m", .name = "x", .length = 1})
                .find("column x: Arrow's format \"+m\": a map"),
            std::string::npos);
  EXPECT_NE(refusal_of_column({.format = "?", .name = "x", .length = 1}).find("which is not supported"),
            std::string::npos);
  EXPECT_NE(refusal_of_column({.format = "d:76,2,256", .name = "x", .length = 1}).find("1 to 38 digits"),
            std::string::npos);
  EXPECT_NE(refusal_of_column({.format = "d:9", .name = "x", .length = 1}).find("\"d:9\""),
            std::string::npos);
  EXPECT_NE(refusal_of_column({.format = "+s",
                               .name = "p",
                               .length = 1,
                               .buffers = {{}},
                               .children = {{.format = "vz", .name = "q"}}})
                .find("column \"p.q\""),
            std::string::npos);
  EXPECT_EQ(refusal({.format = "i", .name = "", .length = 1}),
            "ramal: from_arrow: a record batch, of format \"+s\", expected, \"i\" found");
  EXPECT_EQ(
      refusal(batch({{.format = "n", .name = "a", .length = 1}, {.format = "n", .name = "A", .length = 1}})),
      "ramal: a schema has two columns named a and A, which SQL does not tell apart");
  Hand null_batch = batch({{.format = "n", .name = "x", .length = 2}});
  null_batch.nulls = 1;
  null_batch.buffers[0] = bytes_of(U8{1});
  EXPECT_EQ(refusal(null_batch), "ramal: from_arrow: a record batch that is null in some rows");
}

TEST(ArrowTest, RefusesStructuresThatCannotBe) {
  const Hand good{
      .format = "u", .name = "x", .length = 2, .buffers = {{}, bytes_of(I32{0, 1, 2}), bytes_of("ab")}};
  EXPECT_EQ(imported(good).size(), 2);
  const auto with = [&](auto change) {
    Hand changed = good;
    change(changed);
    return refusal_of_column(changed);
  };
  EXPECT_EQ(with([](Hand& h) {
              h.buffers[1] = bytes_of(I32{0, 2, 1});
            }),
            "ramal: from_arrow: column x: offsets that fall, in row 1");
  EXPECT_NE(with([](Hand& h) {
              h.buffers[1] = bytes_of(I32{-1, 1, 2});
            }).find("offsets that fall"),
            std::string::npos);
  EXPECT_EQ(with([](Hand& h) { h.buffers[1] = {}; }), "ramal: from_arrow: column x: buffer 1 is missing");
  EXPECT_EQ(with([](Hand& h) { h.buffers.pop_back(); }), "ramal: from_arrow: column x: buffer 2 is missing");
  EXPECT_NE(with([](Hand& h) { h.offset = -1; }).find("offset -1"), std::string::npos);
  EXPECT_NE(
      refusal({.format = "+s", .name = "", .length = 3, .nulls = 0, .buffers = {{}}, .children = {good}})
          .find("of length 2"),
      std::string::npos);
  EXPECT_NE(
      refusal_of_column(
          {.format = "+l",
           .name = "x",
           .length = 1,
           .buffers = {{}, bytes_of(I32{0, 5})},
           .children = {{.format = "c", .name = "", .length = 3, .buffers = {{}, bytes_of(U8{1, 2, 3})}}}})
          .find("5 rows from 0"),
      std::string::npos);
  EXPECT_NE(
      refusal_of_column({.format = "+l", .name = "x", .length = 1, .buffers = {{}, bytes_of(I32{0, 5})}})
          .find("its one child"),
      std::string::npos);
  Hand large = good;
  large.format = "U";
  large.buffers[1] = bytes_of(I64{0, std::int64_t{1} << 31, std::int64_t{1} << 31});
  EXPECT_EQ(refusal_of_column(large),
            "ramal: column x of type VARCHAR would have 2147483648 bytes in one partition, which can have "
            "2147483647; use a smaller partition_bytes");
}

TEST(ArrowTest, LendsNothingUnderNamesThatEndEarly) {
  ArrowSchema schema{};
  ArrowArray array{};
  const Rows rows = Rows::of({{std::string("a\0b", 3), std::vector<double>{1}}});
  EXPECT_THROW(to_arrow(rows, &schema, &array), std::invalid_argument);
  EXPECT_EQ(schema.release, nullptr);
  EXPECT_EQ(array.release, nullptr);
}

}  // namespace
