// SPDX-License-Identifier: BSD-3-Clause
// Every type that Codec covers comes back equal, and damaged bytes are refused, never believed.
// Bytes are decoded from allocations of exactly their size, so that ASan sees any step beyond.
#include <ramal/codec.hpp>
#include <ramal/detail/name.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <complex>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <functional>
#include <limits>
#include <list>
#include <memory>
#include <new>
#include <random>
#include <unordered_set>
#include <valarray>

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

TEST(Codec, OtherContainers) {
  expect_round_trip(std::list<std::string>{"b", "a", ""});
  expect_round_trip(std::deque<double>{1, 2.5});
  expect_round_trip(std::deque<std::vector<int>>{{1}, {}});
  expect_round_trip(std::forward_list<int>{});
  expect_round_trip(std::forward_list<int>{3, 1, 2});
  expect_round_trip(std::multiset<int>{1, 1, 2});
  expect_round_trip(std::unordered_set<std::string>{"x", "y"});
  expect_round_trip(std::unordered_multiset<int>{1, 1, 2});
  expect_round_trip(std::unordered_multimap<int, std::string>{{1, "a"}, {1, "b"}, {2, "a"}});
  expect_round_trip(std::vector<std::list<std::map<int, std::set<char>>>>{{{{1, {'a'}}}}, {}});
  // Equal keys keep their order.
  expect_round_trip(std::multimap<int, std::string>{{1, "b"}, {1, "a"}, {0, "z"}, {1, "c"}});
  const std::filesystem::path path = "/tmp/Ã©tÃ©/data.h5";
  expect_round_trip(path);
  expect_round_trip(std::map<std::filesystem::path, int>{{path, 1}});
}

TEST(Codec, Valarrays) {
  for (const std::valarray<double>& sent : {std::valarray<double>{}, std::valarray<double>{1, 2.5, -3}}) {
    const auto read = decode<std::valarray<double>>(encode(sent));
    ASSERT_EQ(read.size(), sent.size());
    EXPECT_TRUE(std::equal(std::begin(read), std::end(read), std::begin(sent)));
  }
  static_assert(ramal::Contiguous<std::valarray<float>>);
}

TEST(Codec, PointersByWhatTheyPointTo) {
  using Shared = std::shared_ptr<std::string>;
  const auto one = std::make_shared<std::string>("one");
  EXPECT_EQ(decode<Shared>(encode(Shared())), nullptr);
  const auto two = decode<std::vector<Shared>>(encode(std::vector<Shared>{one, one}));
  EXPECT_EQ(*two[0], "one");
  EXPECT_EQ(*two[1], "one");
  EXPECT_NE(two[0], two[1]) << "each has one of its own";
  EXPECT_EQ(*decode<std::shared_ptr<const int>>(encode(std::shared_ptr<const int>(new int(4)))), 4);
  EXPECT_EQ(*decode<std::unique_ptr<int>>(encode(std::make_unique<int>(5))), 5);
  EXPECT_EQ(decode<std::unique_ptr<int>>(encode(std::unique_ptr<int>())), nullptr);
}

/// Grown one by one, with room to spare, after many were taken out again.
template <class Table, class Make>
void expect_same_order(const Make& make) {
  SCOPED_TRACE(ramal::detail::type_name<Table>);
  std::mt19937 random(1);
  for (std::size_t n = 0; n < 3000; n += 1 + n / 3) {
    for (const int how : {0, 1, 2, 3}) {
      Table sent;
      if (how == 1) sent.reserve(5 * n + 7);
      for (std::size_t i = 0; i < n * (how == 2 ? 4 : 1); ++i) sent.insert(make(random));
      if (how == 2) {
        for (auto at = sent.begin(); at != sent.end();)
          at = random() % 4 != 0 ? sent.erase(at) : std::next(at);
      }
      if (how == 3) sent.rehash(0);
      const auto read = decode<Table>(encode(sent));
      ASSERT_EQ(read.size(), sent.size());
      ASSERT_TRUE(std::equal(sent.begin(), sent.end(), read.begin()))
          << n << " elements, made in way " << how;
      const auto again = decode<Table>(encode(read));
      ASSERT_TRUE(std::equal(sent.begin(), sent.end(), again.begin())) << "twice";
    }
  }
}
#ifdef __GLIBCXX__
TEST(Codec, HashTablesKeepTheirOrderOfIteration) {
  const auto number = [](std::mt19937& random) { return static_cast<int>(random() % 10'000); };
  const auto text = [](std::mt19937& random) { return "key" + std::to_string(random()); };
  expect_same_order<std::unordered_set<int>>(number);
  expect_same_order<std::unordered_set<std::string>>(text);
  expect_same_order<std::unordered_map<std::string, double>>(
      [&](std::mt19937& random) { return std::pair(text(random), 0.5); });
  expect_same_order<std::unordered_map<int, std::string>>(
      [&](std::mt19937& random) { return std::pair(number(random), text(random)); });
}
#endif

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
  expect_absurd_lengths_refused<std::list<int, Watched<int>>>();
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

TEST(CodecDamage, AnAbsurdNumberOfBucketsIsNotBelieved) {
  const Bytes bytes = encode(std::array{std::uint64_t{0}, ~std::uint64_t{0}});
  EXPECT_TRUE(decode<std::unordered_set<int>>(bytes).empty());
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
struct Shape {
  virtual ~Shape() = default;
  template <class Archive>
  void serialize(Archive&, unsigned) {}
};
/// A container's elements are not all of it.
struct Titled : std::list<int> {
  std::string title;
};

static_assert(Encodable<Point> && Encodable<Person> && Encodable<abroad::Town> && Encodable<Season>);
static_assert(!Encodable<int*> && !Encodable<const char*> && !Encodable<void*> && !Encodable<std::nullptr_t>);
static_assert(!Encodable<int&> && !Encodable<const int> && !Encodable<int[3]> && !Encodable<void>);
static_assert(!Encodable<int (*)(int)> && !Encodable<int Point::*> && !Encodable<void (Person::*)()>);
static_assert(!Encodable<std::span<int>> && !Encodable<std::span<const int, 3>>);
static_assert(!Encodable<std::string_view> && !Encodable<std::u16string_view>);
static_assert(!Encodable<std::unique_ptr<int[]>> && !Encodable<std::shared_ptr<int[]>>);
static_assert(!Encodable<std::shared_ptr<void>> && !Encodable<std::shared_ptr<int*>>);
static_assert(Encodable<Shape> && !Encodable<std::shared_ptr<Shape>>, "it may be of another class");
static_assert(!Encodable<Titled> && !Encodable<std::list<int*>> && !Encodable<std::valarray<int*>>);
static_assert(!Encodable<std::function<int()>> && !Encodable<Plain>);
static_assert(!Encodable<std::vector<int*>> && !Encodable<std::vector<std::string_view>>);
static_assert(!Encodable<std::vector<Plain>> && !Encodable<std::vector<std::vector<std::unique_ptr<int[]>>>>);
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

// --- addresses among the members of plain structures -----------------------------------------------------
using ramal::detail::Addresses;
template <class T>
constexpr Addresses addresses = ramal::detail::addresses_in<T>();

struct Window {
  const double* data;
  long size;
};
struct Cell {
  Point centre;
  Window window;
  int neighbours[3];
};
struct Named {
  std::string_view name;
  int n;
};
struct Callback {
  double (*f)(double);
};
struct Grown : Point {
  int* more;
};
struct Optional {
  int n;
  std::optional<int*> pointer;
};
struct Wide {
  double first[400];
  Empty nothing;
  int* last;
};
struct Arrays {
  std::array<int, 3> numbers;
  std::array<const char*, 2> texts;
};
struct Bits {
  int a : 3;
  unsigned b : 5;
  int* p;
};
static_assert(addresses<Window> == Addresses::some && addresses<Cell> == Addresses::some);
static_assert(addresses<Named> == Addresses::some && addresses<Callback> == Addresses::some);
static_assert(addresses<Grown> == Addresses::some && addresses<Optional> == Addresses::some);
static_assert(addresses<Wide> == Addresses::some && addresses<Arrays> == Addresses::some);
static_assert(addresses<Bits> == Addresses::some && addresses<Season> == Addresses::some);
static_assert(!Encodable<Window> && !Encodable<Cell> && !Encodable<std::vector<Wide>>);
static_assert(!Encodable<std::map<int, Named>> && !Encodable<std::shared_ptr<Arrays>>);

struct Plainest {
  Color color;
  bool flag;
  long double l;
  std::byte bytes[16];
  double grid[10][10];
  Point points[2];
  struct {
    Empty nothing;
    std::array<Point, 2> both;
  } inner;
  std::complex<double> z;
  std::chrono::seconds s;
  std::chrono::system_clock::time_point t;
  std::optional<double> maybe;
};
struct Child : Point {
  int more = 3;
};
static_assert(addresses<Point> == Addresses::none && addresses<Plainest> == Addresses::none);
static_assert(addresses<Child> == Addresses::none && addresses<std::complex<float>> == Addresses::none);
static_assert(Encodable<Plainest> && Encodable<std::vector<Child>>);

struct Union {
  int tag;
  union {
    double number;
    int* pointer;
  };
};
struct Reference {
  int n;
  const double& refers;
};
struct HasCelsius {
  int n;
  Celsius celsius;
  int* p;
};
struct Endless {
  double numbers[1000];
};
class Hidden {
 public:
  Hidden() = default;
  explicit Hidden(const void* at) : at_(at) {}
  bool operator==(const Hidden&) const = default;

 private:
  const void* at_ = nullptr;
};
static_assert(addresses<Union> == Addresses::unknown && addresses<Reference> == Addresses::unknown);
static_assert(addresses<HasCelsius> == Addresses::unknown && addresses<Endless> == Addresses::unknown);
static_assert(addresses<Hidden> == Addresses::unknown && Encodable<Hidden>);

/// What counting, which comes before anything is sent, throws.
template <class T>
std::string refusal(const T& value) {
  try {
    Writer count;
    Codec<T>::write(count, value);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "(nothing was refused)";
}

TEST(CodecRefuses, AddressesThatTheTypeDoesNotTellOf) {
  const auto numbers = std::make_unique<double[]>(100'000);
  const Hidden hidden(&numbers[90'000]);
  const std::string text = refusal(hidden);
  EXPECT_NE(text.find("Hidden"), std::string::npos) << text;
  EXPECT_NE(text.find("holds an address of this process"), std::string::npos) << text;
  EXPECT_EQ(refusal(std::optional(hidden)), text);
  EXPECT_EQ(refusal(std::vector{Hidden(nullptr), hidden}), text);
  EXPECT_EQ(refusal(std::list{hidden}), text);
  EXPECT_EQ(refusal(std::map<int, Hidden>{{1, hidden}}), text);
  Writer head;
  EXPECT_THROW(Codec<std::vector<Hidden>>::write_head(head, {hidden}), std::invalid_argument);
  expect_round_trip(Hidden(nullptr));
  EXPECT_EQ(refusal(Endless{}), "(nothing was refused)");
}

}  // namespace
