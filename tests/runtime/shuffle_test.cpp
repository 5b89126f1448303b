// SPDX-License-Identifier: BSD-3-Clause
// Shuffles beside plain loops, on any number of ranks. Where a key falls to is not checked against the hash:
// a key must be in one result alone, with all of its rows, in their order.
#include "tests/support/one_process.hpp"

#include <ramal/ramal.hpp>
#include <ramal/shuffle.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace ramal::test {
namespace {

// --- rows by a key ----------------------------------------------------------------------------------------

struct Sale {
  std::int32_t shop = 0;
  std::int32_t part = 0;
  std::int64_t number = 0;
  bool operator==(const Sale&) const = default;
};
struct Named {
  std::string name;
  std::vector<int> numbers;
  bool operator==(const Named&) const = default;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& numbers;
  }
};
/// A class as a key: it is hashed by what serialize() tells, and `seen` is no part of it.
struct Town {
  std::string name;
  std::int16_t region = 0;
  int seen = 0;
  bool operator==(const Town& other) const { return name == other.name && region == other.region; }
  bool operator<(const Town& other) const {
    return std::tie(name, region) < std::tie(other.name, other.region);
  }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& region;
  }
};

/// How many rows a part has, and of how many keys: set before a session starts.
struct Shape {
  long rows = 0, keys = 1;
};
Shape shape;

std::uint32_t random_of(long part, long row) {
  std::minstd_rand random(static_cast<unsigned>(1 + part * 7919 + row));
  random.discard(3);
  return static_cast<std::uint32_t>(random());
}
/// Every third part is empty, and they differ in length.
long rows_of(long part) { return part % 3 == 1 ? 0 : shape.rows + part % 5; }
std::vector<Sale> sales(long part) {
  std::vector<Sale> all;
  for (long row = 0; row < rows_of(part); ++row)
    all.push_back({static_cast<std::int32_t>(random_of(part, row) % static_cast<std::uint32_t>(shape.keys)),
                   static_cast<std::int32_t>(part), row});
  return all;
}
std::int32_t shop_of(const Sale& sale) { return sale.shop; }

std::string name_of_key(long key) {
  constexpr std::string_view names[] = {"", "ä", "日本", "Ægir", "x", "plain words", "\xF0\x9F\x98\x80"};
  return std::string(names[key % 7]) + (key < 7 ? "" : std::to_string(key));
}
std::vector<Named> named(long part) {
  std::vector<Named> all;
  for (const Sale& sale : sales(part))
    all.push_back({name_of_key(sale.shop), {sale.part, static_cast<int>(sale.number)}});
  return all;
}
const std::string& name_of(const Named& row) { return row.name; }

template <class Row>
std::vector<Row> in_a_row(const std::vector<std::vector<Row>>& parts) {
  std::vector<Row> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// Each key is in one result, which has all its rows and no others, in their order.
template <class Row, class KeyOf>
void expect_shuffled(const std::vector<Row>& rows, const std::vector<std::vector<Row>>& results,
                     const KeyOf& key_of) {
  std::map<std::remove_cvref_t<decltype(key_of(rows[0]))>, std::size_t> result_of;
  for (std::size_t k = 0; k < results.size(); ++k) {
    for (const Row& row : results[k]) {
      const auto [found, is_new] = result_of.emplace(key_of(row), k);
      ASSERT_EQ(found->second, k) << "a key is in two results";
    }
  }
  std::vector<std::vector<Row>> expected(results.size());
  for (const Row& row : rows) {
    const auto found = result_of.find(key_of(row));
    ASSERT_NE(found, result_of.end()) << "a row is lost";
    expected[found->second].push_back(row);
  }
  EXPECT_EQ(results, expected);
}

template <class Check>
void on_many_ranks(const Check& check) {
  on_all_engines(check);
  SteppedRanks four(4, 3, 8);
  check(four.session());
}

TEST(Shuffle, BringsRowsOfAKeyTogether) {
  struct Case {
    long parts, rows, keys, results;
  };
  for (const auto& [parts, rows, keys, results] :
       {Case{9, 40, 12, 5}, Case{3, 50, 30, 1000}, Case{20, 10, 1, 6}, Case{6, 30, 1'000'000, 7},
        Case{5, 20, 4, 1}, Case{1, 30, 9, 3}, Case{2, 0, 1, 4}, Case{40, 6, 100, 40}, Case{333, 2, 50, 20}}) {
    shape = {rows, keys};
    std::vector<std::vector<Sale>> plain, first;
    for (long part = 0; part < parts; ++part) plain.push_back(sales(part));
    on_many_ranks([&](Session& session) {
      const auto found = session.compute(shuffle_by<shop_of>(family<sales>(parts), results));
      ASSERT_EQ(found.size(), static_cast<std::size_t>(results));
      expect_shuffled(in_a_row(plain), found, shop_of);
      if (first.empty()) first = found;
      EXPECT_EQ(found, first) << "the number of ranks decides where a key is";
    });
  }
}

TEST(Shuffle, TakesRowsThatAreNoPlainMemory) {
  shape = {25, 20};
  std::vector<std::vector<Named>> plain;
  for (long part = 0; part < 8; ++part) plain.push_back(named(part));
  on_many_ranks([&](Session& session) {
    const auto found = session.compute(shuffle_by<name_of>(family<named>(8), 6));
    expect_shuffled(in_a_row(plain), found, name_of);
  });
}

TEST(Shuffle, MakesAsManyResultsAsPartsUnlessTold) {
  shape = {5, 3};
  EXPECT_EQ(shuffle_by<shop_of>(family<sales>(11)).size(), 11);
  EXPECT_EQ(shuffle_by<shop_of>(family<sales>(0)).size(), 1);
  on_all_engines([](Session& session) {
    const auto of_nothing = session.compute(shuffle_by<shop_of>(family<sales>(0), 3));
    EXPECT_EQ(of_nothing, std::vector<std::vector<Sale>>(3));
  });
}

TEST(Shuffle, GivesSingleResultsAndWholesThatAreKept) {
  shape = {30, 50};
  std::vector<std::vector<Sale>> plain;
  on_many_ranks([&](Session& session) {
    const auto parts = family<sales>(10);
    const auto shuffled = shuffle_by<shop_of>(parts, 9);
    const std::vector<Sale> one = session.compute(shuffled[4]);
    session.persist(shuffled);
    EXPECT_EQ(session.compute(shuffled)[4], one);
    const auto again = session.compute(shuffle_by<shop_of>(shuffled, 9));
    EXPECT_EQ(again[4], one) << "what is shuffled once stays where it is";
    const auto on_one = shuffle_by<shop_of>(parts, 9).annotate({.rank = session.ranks() - 1});
    EXPECT_EQ(session.compute(on_one)[4], one) << "what is gathered may have to travel too";
    const auto handles = map<sales>(std::vector<long>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    EXPECT_EQ(session.compute(shuffle_by<shop_of>(as_family(handles), 9))[4], one);
  });
}

/// A chain of shuffles in a loop: there the number of ranks is not known when groups are cut.
std::int64_t number_of(const Sale& sale) { return sale.number; }
TEST(Shuffle, WorksWithinALoop) {
  shape = {15, 6};
  std::vector<std::vector<Sale>> plain, expected;
  for (long part = 0; part < 7; ++part) plain.push_back(sales(part));
  on_many_ranks([&](Session& session) {
    const auto looped = iterate(
        3,
        [](Family<std::vector<Sale>> now) {
          return next(shuffle_by<shop_of>(shuffle_by<number_of>(now, 7), 7));
        },
        family<sales>(7));
    auto unrolled = family<sales>(7);
    for (int step = 0; step < 3; ++step)
      unrolled = shuffle_by<shop_of>(shuffle_by<number_of>(unrolled, 7), 7);
    const auto found = session.compute(looped);
    EXPECT_EQ(found, session.compute(unrolled));
    if (expected.empty()) expected = found;
    EXPECT_EQ(found, expected);
  });
}

// --- map, shuffle, reduce ---------------------------------------------------------------------------------

std::vector<std::pair<std::string, long>> words_of(const std::vector<Named>& rows) {
  std::vector<std::pair<std::string, long>> words;
  for (const Named& row : rows) words.emplace_back(row.name, row.numbers[1]);
  return words;
}
std::map<Town, double> towns_of(const std::vector<Named>& rows) {
  std::map<Town, double> towns;
  for (const Named& row : rows)
    towns[{row.name, static_cast<std::int16_t>(row.numbers[1] % 3), row.numbers[0]}] += 0.1 * row.numbers[1];
  return towns;
}
long add(long a, long b) { return a + b; }
double add_doubles(double a, double b) { return a + b; }
std::string listed(const std::string& key, std::vector<long> values) {
  std::string text = key + ":";
  for (const long value : values) text += ' ' + std::to_string(value);
  return text;
}

template <class K, class R>
std::map<K, R> as_map(const std::vector<std::vector<std::pair<K, R>>>& results) {
  std::map<K, R> all;
  for (const auto& result : results) {
    for (const auto& [key, value] : result)
      EXPECT_TRUE(all.emplace(key, value).second) << "a key comes twice";
    EXPECT_TRUE(std::ranges::is_sorted(result, std::less<>(), [](const auto& pair) { return pair.first; }));
  }
  return all;
}

TEST(MapShuffleReduce, FoldsValuesAndListsThem) {
  shape = {30, 25};
  std::map<std::string, long> sums;
  std::map<std::string, std::string> lists;
  std::map<Town, double> by_town;
  for (long part = 0; part < 12; ++part) {
    std::map<std::string, long> here;
    for (const auto& [word, number] : words_of(named(part))) {
      sums[word] += number;
      auto& list = lists.emplace(word, word + ":").first->second;
      list += ' ' + std::to_string(number);
    }
    for (const auto& [town, number] : towns_of(named(part))) {
      const auto [found, is_new] = by_town.emplace(town, number);
      if (!is_new) found->second += number;
    }
  }
  on_many_ranks([&](Session& session) {
    const auto rows = family<named>(12);
    EXPECT_EQ(as_map(session.compute(map_shuffle_reduce<words_of, add>(rows, 5))), sums);
    EXPECT_EQ(as_map(session.compute(map_shuffle_reduce<words_of, listed>(rows, 5))), lists);
    const auto towns = as_map(session.compute(map_shuffle_reduce<towns_of, add_doubles>(rows, 4)));
    EXPECT_EQ(towns, by_town) << "to the last bit: values are added from left to right";
  });
}

std::vector<std::pair<int, long>> digits_of(long number) {
  std::vector<std::pair<int, long>> digits;
  for (; number > 0; number /= 10) digits.emplace_back(static_cast<int>(number % 10), 1);
  return digits;
}
TEST(MapShuffleReduce, TakesARange) {
  const std::vector<long> numbers{1234, 99, 505, 31, 12};
  on_all_engines([&](Session& session) {
    const auto counts = as_map(session.compute(map_shuffle_reduce<digits_of, add>(numbers, 3)));
    EXPECT_EQ(counts, (std::map<int, long>{{0, 1}, {1, 3}, {2, 2}, {3, 2}, {4, 1}, {5, 2}, {9, 2}}));
    const auto handles = map<add>(numbers, 1L);
    EXPECT_EQ(as_map(session.compute(map_shuffle_reduce<digits_of, add>(handles))),
              (std::map<int, long>{{0, 3}, {1, 3}, {2, 2}, {3, 3}, {5, 2}, {6, 1}}));
  });
}

std::vector<std::pair<double, long>> odd_numbers(long) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  return {{nan, 1}, {0.0, 1}, {-0.0, 1}, {-nan, 1}, {1.5, 1}, {-1.5, 1}};
}
TEST(MapShuffleReduce, CountsNanAsOneKeyAndBothZerosAsOne) {
  on_all_engines([](Session& session) {
    const auto found =
        session.compute(map_shuffle_reduce<odd_numbers, add>(std::vector<long>{1, 2}, 1)).at(0);
    ASSERT_EQ(found.size(), 4u);
    EXPECT_EQ(found[0], (std::pair{-1.5, 2L}));
    EXPECT_EQ(found[1], (std::pair{0.0, 4L}));
    EXPECT_EQ(found[2], (std::pair{1.5, 2L}));
    EXPECT_TRUE(std::isnan(found[3].first));
    EXPECT_EQ(found[3].second, 4);
  });
}

// --- failures ---------------------------------------------------------------------------------------------

std::int32_t shop_but_3(const Sale& sale) {
  if (sale.shop == 3) throw std::runtime_error("shop 3 is closed");
  return sale.shop;
}
std::vector<std::pair<int, long>> digits_of_few(long number) {
  if (number > 1000) throw std::runtime_error("too long: " + std::to_string(number));
  return digits_of(number);
}
long add_up_to_3(long a, long b) {
  if (a + b > 3) throw std::runtime_error("more than 3");
  return a + b;
}
long count_but_7(const int& key, std::vector<long> values) {
  if (key == 7) throw std::runtime_error("7 is not counted");
  return static_cast<long>(values.size());
}

template <class Target>
void expect_error(Session& session, const Target& target, const std::string& task, const std::string& text) {
  try {
    session.compute(target);
    FAIL() << task << " is to fail";
  } catch (const TaskError& error) {
    EXPECT_EQ(error.details().task.substr(0, task.size()), task);
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}
TEST(Shuffle, NamesTheFunctionAndThePartThatFailed) {
  shape = {1, 4};
  long closed = 0;  // the first part with a sale of shop 3
  while (std::ranges::none_of(sales(closed), [](const Sale& sale) { return sale.shop == 3; })) ++closed;
  on_many_ranks([&](Session& session) {
    const std::string where = " of part " + std::to_string(closed) + ")";
    expect_error(session, shuffle_by<shop_but_3>(family<sales>(300), 4), "shop_but_3[",
                 "shop 3 is closed (of row ");
    expect_error(session, shuffle_by<shop_but_3>(family<sales>(300), 4), "shop_but_3[", where);
    const std::vector<long> numbers{5, 12, 1234, 77};
    const auto sums = map_shuffle_reduce<digits_of_few, add>(numbers, 3);
    expect_error(session, sums, "digits_of_few", "too long: 1234");
    const std::vector<long> threes_in_one{12, 13333}, threes_in_all{12, 13, 14, 1333};
    expect_error(session, map_shuffle_reduce<digits_of, add_up_to_3>(threes_in_one, 2), "add_up_to_3[1]",
                 "more than 3");
    expect_error(session, map_shuffle_reduce<digits_of, add_up_to_3>(threes_in_all, 1), "add_up_to_3[0]",
                 "more than 3");
    const auto counts = map_shuffle_reduce<digits_of, count_but_7>(numbers, 1);
    expect_error(session, counts, "count_but_7[0]", "7 is not counted");
    EXPECT_EQ(session.compute(map_shuffle_reduce<digits_of, add>(numbers, 1)).size(), 1u) << "it goes on";
  });
}
TEST(Shuffle, RefusesWhatCannotBeAtTheCall) {
  const auto said = [](const auto& call) {
    try {
      call();
      return std::string();
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
  };
  const std::string negative = said([] { shuffle_by<shop_of>(family<sales>(3), -1); });
  EXPECT_NE(negative.find("the number of results must be positive; found -1"), std::string::npos) << negative;
  EXPECT_NE(negative.find("shuffle_test.cpp"), std::string::npos) << negative;
  const auto square = as_family(map<sales>(std::vector<long>{0, 1, 2, 3}), {2, 2});
  const std::string flat = said([&] { shuffle_by<shop_of>(square); });
  EXPECT_NE(flat.find("expected a family of 1 dimension, found extent [2, 2]"), std::string::npos) << flat;
  const std::string many = said([] { shuffle_by<shop_of>(family<sales>(3), (std::int64_t{1} << 32) + 1); });
  EXPECT_NE(many.find("at most 2^32 results"), std::string::npos) << many;
}

// --- heavy keys -------------------------------------------------------------------------------------------

/// Of ten rows nine are of shop 42.
std::vector<Sale> mostly_of_one(long part) {
  std::vector<Sale> all;
  for (int row = 0; row < 200; ++row) all.push_back({row % 10 == 0 ? row : 42, static_cast<int>(part), row});
  return all;
}
std::vector<std::pair<int, long>> shops_of(const std::vector<Sale>& all) {
  std::vector<std::pair<int, long>> pairs;
  for (const Sale& sale : all) pairs.emplace_back(sale.shop, 1);
  return pairs;
}
long count_of(const int&, std::vector<long> values) { return static_cast<long>(values.size()); }
TEST(Shuffle, NamesAHeavyKeyOrRefusesIt) {
  on_all_engines([](Session& session) {
    const auto parts = family<mostly_of_one>(5);
    const auto warned = [&session](const auto& lazy) {
      ::testing::internal::CaptureStderr();
      session.compute(lazy);
      return ::testing::internal::GetCapturedStderr();
    };
    const HeavyKeys from_900{.rows = 900};
    for (const std::string& text : {warned(shuffle_by<shop_of>(parts, 30, from_900)),
                                    warned(map_shuffle_reduce<shops_of, count_of>(parts, 30, from_900))}) {
      EXPECT_NE(text.find("the key 42 has 900 of 1000 rows"), std::string::npos) << text;
      EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
    }
    EXPECT_EQ(warned(shuffle_by<shop_of>(parts, 30, {.rows = 901})), "");
    EXPECT_EQ(warned(shuffle_by<shop_of>(parts, 1, from_900)), "") << "one result has it all anyway";
    EXPECT_EQ(warned(map_shuffle_reduce<shops_of, add>(parts, 30, {.rows = 1})), "") << "it is combined";
    try {
      session.compute(shuffle_by<shop_of>(parts, 30, {.rows = 900, .refuse = true}));
      FAIL() << "900 rows are refused";
    } catch (const TaskError& error) {
      EXPECT_NE(std::string(error.what()).find("the key 42 has 900 of 1000 rows"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("expected fewer than 900 rows of a key"), std::string::npos);
    }
  });
}

// --- too little memory ------------------------------------------------------------------------------------

TEST(ShuffleThreads, EndsWithATenthOfTheMemory) {
  shape = {4000, 700};  // about 64 KiB a part
  std::vector<std::vector<Sale>> plain;
  for (long part = 0; part < 24; ++part) plain.push_back(sales(part));
  std::vector<std::vector<Sale>> expected;
  const std::uint64_t bound = 24 * (std::uint64_t{64} << 10) / 10;
  const auto check = [&](Session& session) {
    for (int round = 0; round < 2; ++round) {  // in the second one the sizes of all members are known
      for (const std::uint64_t stated : {std::uint64_t{0}, std::uint64_t{64} << 10}) {
        const auto parts = family<sales>(24).annotate({.result_bytes = stated});
        const auto found = session.compute(shuffle_by<shop_of>(parts, 40));
        if (expected.empty()) expect_shuffled(in_a_row(plain), expected = found, shop_of);
        EXPECT_EQ(found, expected);
      }
    }
  };
  for (const int ranks : {1, 2, 3, 7}) {
    for (const std::int64_t members : {2, 1 << 14}) {
      for (const unsigned workers : {0, 2}) {
        ThreadedRanks bounded(ranks, workers, 11, 64, bound / static_cast<std::uint64_t>(ranks));
        bounded.engine().set_front_members(members);
        check(bounded.session());
      }
    }
  }
}

// --- parts of another type --------------------------------------------------------------------------------

/// Numbers by their sign and size; parcels are lists, and no memory of their own.
struct NumberParcel {
  std::vector<std::pair<std::int64_t, std::deque<long>>> all;
  std::size_t pieces() const { return all.size(); }
  std::int64_t result(std::size_t i) const { return all[i].first; }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& all;
  }
};
std::deque<long> multiples(long part) {
  std::deque<long> all;
  for (long x = 0; x < 100; x += part + 2) all.push_back(x);
  return all;
}
struct ByRange {
  using part = std::deque<long>;
  using parcel = NumberParcel;
  static constexpr std::string_view split_name = "split_by_range", join_name = "join_ranges";
  std::string label;
  long width = 1;

  std::vector<NumberParcel> split(Inputs<std::deque<long>> parts, std::int64_t first,
                                  const ShuffleGroups& cut) const {
    for (const auto& part : parts) {
      if (part.size() == 13) throw std::runtime_error("13 is too many for " + label);
      EXPECT_EQ(part, multiples(first++));
    }
    std::vector<NumberParcel> parcels;
    for (std::int64_t group = 0; group < cut.groups; ++group) {
      NumberParcel parcel;
      for (std::int64_t k = cut.begin(group); k < cut.begin(group + 1); ++k) {
        std::deque<long> piece;
        for (const auto& part : parts) {
          for (const long x : part) {
            if (x / width == k) piece.push_back(x);
          }
        }
        if (!piece.empty()) parcel.all.emplace_back(k, piece);
      }
      parcels.push_back(std::move(parcel));
    }
    return parcels;
  }
  std::string join(std::int64_t result, std::span<const ShufflePiece<NumberParcel>> pieces) const {
    std::string text = label + std::to_string(result) + ":";
    for (const auto& [parcel, index] : pieces) {
      for (const long x : parcel->all[index].second) text += ' ' + std::to_string(x);
    }
    return text;
  }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& label& width;
  }
};
TEST(ShuffleParts, TakesASplitterOfOnesOwn) {
  std::vector<std::string> expected;
  for (long k = 0; k < 10; ++k) {
    std::string text = "tens " + std::to_string(k) + ":";
    for (long part = 0; part < 5; ++part) {
      for (const long x : multiples(part)) {
        if (x / 10 == k) text += ' ' + std::to_string(x);
      }
    }
    expected.push_back(text);
  }
  on_many_ranks([&](Session& session) {
    EXPECT_EQ(session.compute(shuffle_parts(family<multiples>(5), 10, ByRange{"tens ", 10})), expected);
    try {
      session.compute(shuffle_parts(family<multiples>(8), 10, ByRange{"tens ", 10}));
      FAIL() << "the part of 13 numbers is refused";
    } catch (const TaskError& error) {
      EXPECT_EQ(error.details().task, "split_by_range[6]");
      EXPECT_NE(std::string(error.what()).find("13 is too many for tens"), std::string::npos) << error.what();
    }
  });
}

TEST(Shuffle, MayBeStolen) {
  shape = {20, 30};
  std::vector<std::vector<Sale>> plain;
  for (long part = 0; part < 12; ++part) plain.push_back(sales(part));
  for (const int ranks : {2, 3, 5}) {
    SteppedRanks stepped(ranks, 5, 64, std::uint64_t{1} << 40, StealMode::on);
    for (int round = 0; round < 4; ++round) {
      expect_shuffled(in_a_row(plain), stepped.session().compute(shuffle_by<shop_of>(family<sales>(12), 9)),
                      shop_of);
      EXPECT_EQ(
          stepped.session().compute(shuffle_parts(family<multiples>(5), 10, ByRange{"tens ", 10})).size(),
          10u);
    }
  }
}

}  // namespace
}  // namespace ramal::test
