// SPDX-License-Identifier: BSD-3-Clause
// Every type that Codec covers comes back equal, and damaged bytes are refused, never believed.
// Bytes are decoded from allocations of exactly their size, so that ASan sees any step beyond.
#include <ramal/codec.hpp>
#include <ramal/name.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <new>

namespace {

using ramal::Codec;
using ramal::DecodeError;
using ramal::Encodable;
using ramal::Reader;
using ramal::Writer;
using Bytes = std::vector<std::byte>;

template <class T>
Bytes encode(const T& value) {
  Writer count;
  Codec<T>::write(count, value);
  Bytes bytes(count.size());
  Writer fill(bytes.data(), bytes.size());
  Codec<T>::write(fill, value);
  EXPECT_EQ(fill.size(), count.size()) << "counted and written sizes differ";
  return bytes;
}

template <class T>
T decode(const Bytes& bytes) {
  Reader reader(bytes);
  T value = Codec<T>::read(reader);
  EXPECT_EQ(reader.left(), 0u) << "the decoder left bytes over";
  return value;
}

/// The value comes back equal, and no proper beginning of its bytes is accepted.
template <class T>
void expect_round_trip(const T& value) {
  SCOPED_TRACE(ramal::detail::type_name<T>);
  const Bytes bytes = encode(value);
  EXPECT_TRUE(decode<T>(bytes) == value);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    Reader reader(cut);
    EXPECT_THROW(Codec<T>::read(reader), DecodeError)
        << "of " << bytes.size() << " bytes, the first " << length;
  }
}

enum Old { first_old, second_old };
enum class Color : std::uint8_t { red = 3, blue = 250 };

struct Point {
  double x, y;
  bool operator==(const Point&) const = default;
};
struct Empty {
  bool operator==(const Empty&) const = default;
};
/// Neither default constructible nor empty, but plain memory.
struct Celsius {
  explicit Celsius(float d) : degrees(d) {}
  float degrees;
  bool operator==(const Celsius&) const = default;
};
struct NoDefaultEmpty {
  explicit NoDefaultEmpty(int) {}
  bool operator==(const NoDefaultEmpty&) const = default;
};

class Person {
 public:
  Person() = default;
  Person(std::string name, std::vector<int> marks) : name_(std::move(name)), marks_(std::move(marks)) {}
  template <class Archive>
  void serialize(Archive& ar, const unsigned int /*version*/) {
    ar& name_& marks_;
  }
  bool operator==(const Person&) const = default;

 private:
  std::string name_;
  std::vector<int> marks_;
};

/// Plain memory by its look, but its own serialize() leaves the cache out.
struct Cached {
  int a = 0;
  double b = 0;
  double cache = 0;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& a& b;
  }
  bool operator==(const Cached& other) const { return a == other.a && b == other.b; }
};

struct Stateless {
  std::string not_sent;
  template <class Archive>
  void serialize(Archive&, unsigned) {}
  bool operator==(const Stateless&) const { return true; }
};

/// A constant of this process, taught to travel as an index.
struct Season {
  const char* name;
  bool operator==(const Season& other) const { return name == other.name; }
};
constexpr Season seasons[] = {{"spring"}, {"summer"}, {"autumn"}, {"winter"}};

}  // namespace

namespace abroad {
struct Town {
  std::string name;
  int people = 0;
  bool operator==(const Town&) const = default;
};
template <class Archive>
void serialize(Archive& ar, Town& town, const unsigned int /*version*/) {
  ar& town.name& town.people;
}
}  // namespace abroad

template <>
struct ramal::Codec<Season> {
  static void write(Writer& writer, const Season& season) {
    for (std::uint8_t i = 0; i < 4; ++i) {
      if (seasons[i] == season) writer.raw(i);
    }
  }
  static Season read(Reader& reader) { return seasons[reader.raw<std::uint8_t>() % 4]; }
};

namespace {

// --- what comes back -----------------------------------------------------------------------------
template <class T>
void expect_limits() {
  using Limits = std::numeric_limits<T>;
  for (const T value : {T{}, Limits::lowest(), Limits::min(), Limits::max()}) expect_round_trip(value);
}

TEST(Codec, Arithmetic) {
  expect_limits<char>();
  expect_limits<signed char>();
  expect_limits<std::uint8_t>();
  expect_limits<short>();
  expect_limits<int>();
  expect_limits<std::uint32_t>();
  expect_limits<long>();
  expect_limits<std::uint64_t>();
  expect_limits<float>();
  expect_limits<double>();
  expect_limits<char32_t>();
  expect_round_trip(1.0L / 3);
  expect_round_trip(std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(decode<double>(encode(std::nan("")))));
  EXPECT_TRUE(std::signbit(decode<double>(encode(-0.0))));
}

TEST(Codec, BoolAndEnum) {
  expect_round_trip(true);
  expect_round_trip(false);
  expect_round_trip(second_old);
  expect_round_trip(Color::blue);
  expect_round_trip(std::byte{200});
}

TEST(Codec, PlainStructs) {
  expect_round_trip(Point{1.5, -2});
  expect_round_trip(Empty{});
  expect_round_trip(Celsius(36.6f));
  expect_round_trip(NoDefaultEmpty(1));
  expect_round_trip(std::array{1, 2, 3});
  expect_round_trip(std::array<int, 0>{});
}

TEST(Codec, Strings) {
  using namespace std::string_literals;
  expect_round_trip(""s);
  expect_round_trip("with\0zero"s);
  expect_round_trip(std::string(300, 'x'));
  expect_round_trip(u"Ärger €"s);
  expect_round_trip(U"Ärger €"s);
  expect_round_trip(L"wide"s);
}

TEST(Codec, Vectors) {
  expect_round_trip(std::vector<double>{});
  expect_round_trip(std::vector<double>{1, 2, 3});
  expect_round_trip(std::vector<Point>{{1, 2}, {3, 4}});
  expect_round_trip(std::vector<Color>{Color::red, Color::blue});
  expect_round_trip(std::vector<bool>{});
  expect_round_trip(std::vector<bool>{true, false, true, true, false, true, true, true, false});
  expect_round_trip(std::vector<std::string>{"", "one", "three"});
  expect_round_trip(std::vector<std::vector<double>>{{}, {1, 2}, {3}});
  expect_round_trip(std::vector<std::vector<bool>>{{true}, {}, {false, true}});
  expect_round_trip(std::vector<Empty>(3));
  expect_round_trip(std::vector<Celsius>{Celsius(1), Celsius(2)});
  expect_round_trip(std::vector<std::optional<int>>{1, std::nullopt, 3});
  expect_round_trip(std::vector<std::pair<int, char>>{{1, 'a'}, {2, 'b'}});
  EXPECT_TRUE((Codec<std::vector<double>>::contiguous));
  EXPECT_FALSE((Codec<std::vector<bool>>::contiguous));
}

TEST(Codec, FixedParts) {
  expect_round_trip(std::array<std::string, 3>{"a", "", "ccc"});
  expect_round_trip(std::array<std::string, 0>{});
  expect_round_trip(std::array<std::array<std::string, 2>, 2>{{{"a", "b"}, {"c", "d"}}});
  expect_round_trip(std::pair<int, std::string>(7, "seven"));
  expect_round_trip(std::pair<char, double>('c', 0.5));
  expect_round_trip(std::tuple<>());
  expect_round_trip(std::tuple<char, double, std::string>('c', 0.5, "half"));
  expect_round_trip(std::tuple<std::tuple<std::string>>(std::tuple<std::string>("inner")));
  expect_round_trip(std::monostate{});
}

TEST(Codec, PartsAreReadInOrder) {
  const auto bytes = encode(std::tuple<int, int, int>(1, 2, 3));
  EXPECT_EQ((decode<std::array<int, 3>>(bytes)), (std::array{1, 2, 3}));
}

TEST(Codec, OptionalAndVariant) {
  expect_round_trip(std::optional<int>{});
  expect_round_trip(std::optional<int>{5});
  expect_round_trip(std::optional<std::string>{"here"});
  expect_round_trip(std::optional<std::optional<std::string>>{std::optional<std::string>{}});
  using Mixed = std::variant<std::monostate, int, std::string, std::vector<int>, int>;
  expect_round_trip(Mixed{});
  expect_round_trip(Mixed{std::in_place_index<1>, 4});
  expect_round_trip(Mixed{"text"});
  expect_round_trip(Mixed{std::vector<int>{1, 2}});
  expect_round_trip(Mixed{std::in_place_index<4>, 4});
}

TEST(Codec, Associative) {
  expect_round_trip(std::map<int, std::string>{});
  expect_round_trip(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}, {"c", {2, 3}}});
  expect_round_trip(std::map<int, double, std::greater<>>{{1, 1.5}, {2, 2.5}});
  expect_round_trip(std::unordered_map<std::string, int>{{"a", 1}, {"b", 2}, {"c", 3}});
  expect_round_trip(std::set<int>{3, 1, 2});
  expect_round_trip(std::set<std::string>{"x", "y"});
}

TEST(Codec, ElementsThatTakeFewerBytesThanTheyOccupy) {
  expect_round_trip(std::set<std::monostate>{std::monostate{}});
  expect_round_trip(std::map<std::monostate, std::monostate>{{{}, {}}});
  expect_round_trip(std::set<std::optional<double>>{std::nullopt, 1.5});
  expect_round_trip(std::set<std::variant<std::monostate, double>>{std::monostate{}, 2.5});
  expect_round_trip(std::vector<NoDefaultEmpty>(3, NoDefaultEmpty(1)));
  expect_round_trip(std::vector<Stateless>(3));
  expect_round_trip(std::vector<Cached>(10, Cached{1, 2, 3}));
  expect_round_trip(std::vector<std::array<Cached, 2>>(4));
}

TEST(Codec, NestedMixes) {
  using Inner = std::variant<std::string, std::map<int, std::optional<std::vector<std::string>>>>;
  using Mix = std::vector<std::tuple<Inner, std::pair<Point, Person>, std::array<std::set<int>, 2>>>;
  const Mix mix{{"text", {{1, 2}, {"Ada", {1, 2}}}, {{{1}, {}}}},
                {std::map<int, std::optional<std::vector<std::string>>>{{1, std::nullopt}, {2, {{"a", "b"}}}},
                 {{3, 4}, {"", {}}},
                 {{{}, {5, 6}}}}};
  expect_round_trip(mix);
}

TEST(Codec, UserClasses) {
  expect_round_trip(Person("Ada", {1, 2, 3}));
  expect_round_trip(std::vector<Person>{{"Ada", {1}}, {"", {}}});
  expect_round_trip(abroad::Town{"Ulm", 128000});
  expect_round_trip(std::map<std::string, abroad::Town>{{"u", {"Ulm", 1}}});
  expect_round_trip(std::optional<Person>{Person("Bob", {})});
  Cached sent{1, 2, 3};
  EXPECT_EQ(decode<Cached>(encode(sent)).cache, 0) << "serialize() decides what travels";
}

TEST(Codec, ASpecialisedCodecHoldsInsideContainersToo) {
  expect_round_trip(seasons[2]);
  EXPECT_EQ(encode(seasons[2]).size(), 1u);
  expect_round_trip(std::vector<Season>{seasons[0], seasons[3]});
  EXPECT_EQ(encode(std::vector<Season>{seasons[0], seasons[3]}).size(), 8u + 2u);
  EXPECT_EQ(encode(std::array<Season, 2>{seasons[0], seasons[3]}).size(), 2u);
  EXPECT_EQ(encode(std::optional<Season>{seasons[1]}).size(), 2u);
}

// --- damage --------------------------------------------------------------------------------------
/// Remembers the largest request, and refuses what no honest test value needs.
template <class T>
struct Watched {
  using value_type = T;
  static inline std::size_t largest = 0;
  Watched() = default;
  template <class U>
  Watched(const Watched<U>&) {}  // NOLINT: allocators convert
  T* allocate(std::size_t n) {
    largest = std::max(largest, n);
    if (n > (std::size_t{1} << 22) / sizeof(T)) throw std::bad_alloc();
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* at, std::size_t n) { std::allocator<T>().deallocate(at, n); }
  bool operator==(const Watched&) const = default;
};

template <class C>
void expect_absurd_lengths_refused() {
  SCOPED_TRACE(ramal::detail::type_name<C>);
  using Allocator = typename C::allocator_type;
  for (const std::uint64_t length : {~std::uint64_t{0}, std::uint64_t{1} << 63, (std::uint64_t{1} << 61) + 1,
                                     (std::uint64_t{1} << 60) + 1, std::uint64_t{1} << 40}) {
    const Bytes bytes = encode(length);
    Allocator::largest = 0;
    Reader reader(bytes);
    EXPECT_THROW(Codec<C>::read(reader), DecodeError) << length;
    EXPECT_EQ(Allocator::largest, 0u) << length;
  }
}

TEST(CodecDamage, AbsurdLengthsAreRefusedWithoutAllocation) {
  expect_absurd_lengths_refused<std::basic_string<char16_t, std::char_traits<char16_t>, Watched<char16_t>>>();
  expect_absurd_lengths_refused<std::vector<double, Watched<double>>>();
  expect_absurd_lengths_refused<std::vector<std::byte, Watched<std::byte>>>();
  expect_absurd_lengths_refused<std::vector<Point, Watched<Point>>>();
  expect_absurd_lengths_refused<std::vector<Celsius, Watched<Celsius>>>();
  expect_absurd_lengths_refused<std::vector<std::string, Watched<std::string>>>();
  expect_absurd_lengths_refused<std::vector<std::vector<double>, Watched<std::vector<double>>>>();
  expect_absurd_lengths_refused<std::set<int, std::less<>, Watched<int>>>();
  expect_absurd_lengths_refused<std::map<int, int, std::less<>, Watched<std::pair<const int, int>>>>();
  expect_absurd_lengths_refused<std::unordered_map<std::string, int, std::hash<std::string>, std::equal_to<>,
                                                   Watched<std::pair<const std::string, int>>>>();
}

TEST(CodecDamage, AbsurdLengthsOfElementsWithoutBytesAreRefused) {
  const Bytes bytes = encode(~std::uint64_t{0});
  Reader empties(bytes);
  EXPECT_THROW((Codec<std::vector<NoDefaultEmpty, Watched<NoDefaultEmpty>>>::read(empties)), DecodeError);
  Reader stateless(bytes);
  EXPECT_THROW((Codec<std::vector<Stateless, Watched<Stateless>>>::read(stateless)), DecodeError);
}

TEST(CodecDamage, AVariantsAlternativeIsChecked) {
  for (const std::uint64_t index : {std::uint64_t{2}, ~std::uint64_t{0}}) {
    const Bytes bytes = encode(index);
    Reader reader(bytes);
    EXPECT_THROW((Codec<std::variant<std::monostate, int>>::read(reader)), DecodeError);
  }
}

TEST(CodecDamage, AnyByteIsABool) {
  for (const int byte : {0, 1, 2, 255}) {
    EXPECT_EQ(decode<bool>(Bytes{std::byte(byte)}), byte != 0);
  }
}

TEST(CodecDamage, TheErrorSaysWhatWasExpectedAndFound) {
  const Bytes bytes(3);
  Reader reader(bytes);
  try {
    reader.raw<double>();
    FAIL() << "read past the end";
  } catch (const DecodeError& error) {
    EXPECT_STREQ(error.what(), "expected 8 more bytes, found 3");
  }
  EXPECT_EQ(reader.left(), 3u) << "a refused read takes nothing";
}

// --- what must not travel ------------------------------------------------------------------------
struct Plain {
  std::unique_ptr<int> owner;
};

static_assert(Encodable<Point> && Encodable<Person> && Encodable<abroad::Town> && Encodable<Season>);
static_assert(!Encodable<int*> && !Encodable<const char*> && !Encodable<void*> && !Encodable<std::nullptr_t>);
static_assert(!Encodable<int&> && !Encodable<const int> && !Encodable<int[3]> && !Encodable<void>);
static_assert(!Encodable<int (*)(int)> && !Encodable<int Point::*> && !Encodable<void (Person::*)()>);
static_assert(!Encodable<std::span<int>> && !Encodable<std::span<const int, 3>>);
static_assert(!Encodable<std::string_view> && !Encodable<std::u16string_view>);
static_assert(!Encodable<std::unique_ptr<int>> && !Encodable<std::shared_ptr<int>>);
static_assert(!Encodable<std::function<int()>> && !Encodable<Plain>);
static_assert(!Encodable<std::vector<int*>> && !Encodable<std::vector<std::string_view>>);
static_assert(!Encodable<std::vector<Plain>> && !Encodable<std::vector<std::vector<std::unique_ptr<int>>>>);
static_assert(!Encodable<std::map<int, char*>> && !Encodable<std::map<const char*, int>>);
static_assert(!Encodable<std::pair<int, int*>> && !Encodable<std::tuple<int, std::string_view>>);
static_assert(!Encodable<std::optional<Plain>> && !Encodable<std::variant<int, Plain>>);

TEST(CodecRefuses, PointersInsideTriviallyCopyableWrappers) {
  EXPECT_FALSE((Encodable<std::optional<int*>>));
  EXPECT_FALSE((Encodable<std::array<const char*, 2>>));
  EXPECT_FALSE((Encodable<std::variant<int, int*>>));
  EXPECT_FALSE((Encodable<std::array<std::string_view, 2>>));
  EXPECT_FALSE((Encodable<std::optional<std::span<int>>>));
  EXPECT_FALSE((Encodable<std::optional<std::array<int*, 2>>>));
  EXPECT_FALSE((Encodable<std::vector<std::optional<int*>>>));
  EXPECT_FALSE((Encodable<std::reference_wrapper<int>>));
}

}  // namespace
