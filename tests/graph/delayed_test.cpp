// SPDX-License-Identifier: BSD-3-Clause
// What makes a task: functions and closures of every kind, their names, the lines that called them,
// wishes, and what is refused when the task is made.
#include <ramal/delayed.hpp>
#include <ramal/map.hpp>
#include <ramal/operators.hpp>

#include "graph/core/graph.hpp"

#include <gtest/gtest.h>

#include <sys/mman.h>

#include <cmath>

extern "C" double half_in_c(double x) { return x / 2; }

namespace {

using ramal::delay;
using ramal::delayed;
using ramal::Delayed;
using ramal::detail::Task;

template <class T>
const Task& task_of(const Delayed<T>& handle) {
  return *handle.task_handle().get();
}
template <class T>
std::string name_of(const Delayed<T>& handle) {
  return std::string(task_of(handle).name());
}
template <class T>
unsigned line_of(const Delayed<T>& handle) {
  return task_of(handle).where().line();
}

/// The value of a handle: every task it needs, one after the other, nothing moved.
template <class T>
ramal::detail::Stored<T> evaluate(const Delayed<T>& handle) {
  const Task* const target = handle.task_handle().get();
  const auto graph = ramal::detail::collect(std::span(&target, 1));
  std::vector<ramal::detail::Cell> cells(graph.size());
  for (ramal::detail::TaskIndex i = 0; i < graph.size(); ++i) {
    const Task& task = *graph.tasks[i];
    ramal::detail::CallFrame frame{cells.data(), graph.inputs_of(i).data(), false, task.literals()};
    if (task.constant() != nullptr) {
      cells[i].value = *task.constant();
    } else {
      task.kind().run(frame, cells[i].value);
    }
  }
  return cells[graph.targets[0]].value.template get<ramal::detail::Stored<T>>();
}

/// What `make` throws as std::invalid_argument.
template <class Make>
std::string refusal(const Make& make) {
  try {
    make();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "(nothing was refused)";
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

long inc(long x) { return x + 1; }
long add(long x, long y) { return x + y; }
long seven() noexcept { return 7; }
double over(double x) { return x / 2; }
[[maybe_unused]] int over(int x) { return x / 2; }
template <class T>
T twice(T x) {
  return x + x;
}
long seven_at(ramal::Index) { return 7; }
int length(const std::string& text) { return static_cast<int>(text.size()); }
double update_lambda(double lambda) { return lambda * 0.5; }

struct Counter {
  long count = 0;
  long peek() const { return count; }
  long bump(long by) { return count += by; }
  long operator()(long by) const { return count + by; }
};
template <class T>
struct Box {
  T held;
  T get() const noexcept { return held; }
};

}  // namespace

namespace outer {
namespace {
int hidden(int x) { return -x; }
}  // namespace
}  // namespace outer

namespace {

// --- names ---------------------------------------------------------------------------------------
TEST(Names, AreTheFunctionsOwn) {
  EXPECT_EQ(name_of(delayed<inc>(1)), "inc");
  EXPECT_EQ(name_of(delayed<&inc>(1)), "inc");
  EXPECT_EQ(name_of(delayed<seven>()), "seven");
  EXPECT_EQ(name_of(delayed<static_cast<double (*)(double)>(&over)>(1)), "over");
  EXPECT_EQ(name_of(delayed<twice<int>>(1)), "twice");
  EXPECT_EQ(name_of(delayed<&Counter::peek>(Counter{})), "peek");
  EXPECT_EQ(name_of(delayed<[](int x) { return x; }>(1)), "lambda");
  EXPECT_EQ(name_of(delay([k = 2](int x) { return k * x; })(1)), "lambda");
  EXPECT_EQ(name_of(delay(Counter{})(1)), "Counter");
  EXPECT_EQ(name_of(delayed<inc>(1) + delayed<inc>(2)), "add");
}

TEST(Names, OfHiddenScopedAndAwkwardFunctions) {
  EXPECT_EQ(name_of(delayed<outer::hidden>(1)), "hidden");
  EXPECT_EQ(name_of(delayed<&Box<int>::get>(Box<int>{})), "get");
  EXPECT_EQ(name_of(delayed<update_lambda>(1)), "update_lambda") << "not every lambda is a closure";
  EXPECT_EQ(name_of(delayed<&Counter::operator()>(Counter{}, 1)), "operator()");
  struct Local {
    int k = 0;
    int operator()(int x) const { return x + k; }
  };
  EXPECT_EQ(name_of(delay(Local{})(1)), "Local");
}

TEST(Names, CanBeGiven) {
  EXPECT_EQ(name_of(delayed<inc>.annotate({.name = "load"})(1)), "load");
  EXPECT_EQ(name_of(delayed<inc>.annotate({.cost = 2})(1)), "inc");
  EXPECT_EQ(name_of(delay([k = 1](int x) { return x + k; }).annotate({.name = "shift"})(1)), "shift");
}

// --- where a task was made -------------------------------------------------------------------------
TEST(Where, IsTheLineOfTheCall) {
  constexpr auto lazy = delayed<inc>;
  const auto wished = delayed<inc>.annotate({.cost = 2});
  const auto closure = delay([k = 1](int x) { return x + k; });
  EXPECT_EQ(line_of(delayed<inc>(1)), __LINE__);
  EXPECT_EQ(line_of(lazy(1)), __LINE__);
  EXPECT_EQ(line_of(wished(1)), __LINE__);
  EXPECT_EQ(line_of(closure(1)), __LINE__);
  EXPECT_EQ(line_of(ramal::value(1)), __LINE__);
  EXPECT_TRUE(contains(task_of(lazy(1)).where().file_name(), "delayed_test.cpp"));
}

TEST(Where, OfOperatorsAndUnpackedParts) {
  const auto x = delayed<inc>(1);
  EXPECT_EQ(line_of(x + x), __LINE__);
  EXPECT_EQ(line_of(x * 2), __LINE__);
  EXPECT_EQ(line_of(2 < x), __LINE__);
  EXPECT_EQ(line_of(-x), __LINE__);
  const auto pair = delayed<[](int a) { return std::pair(a, 2 * a); }>(1);
  const unsigned line = __LINE__ + 1;
  const auto [once, both] = pair;
  EXPECT_EQ(line_of(once), line);
  EXPECT_EQ(line_of(both), line);
}

// --- what can be called later ----------------------------------------------------------------------
constexpr auto lazy_inc = delayed<inc>;
static_assert(std::is_empty_v<decltype(lazy_inc)>);
static_assert(std::same_as<decltype(lazy_inc(1)), Delayed<long>>);
static_assert(std::same_as<decltype(delayed<static_cast<int (*)(int)>(&over)>(1)), Delayed<int>>);

TEST(Calls, FunctionsOfEveryKind) {
  EXPECT_EQ(evaluate(lazy_inc(lazy_inc(1))), 3);
  EXPECT_EQ(evaluate(delayed<seven>()), 7);
  EXPECT_EQ(evaluate(delayed<static_cast<double (*)(double)>(&over)>(3)), 1.5);
  EXPECT_EQ(evaluate(delayed<static_cast<int (*)(int)>(&over)>(3)), 1);
  EXPECT_EQ(evaluate(delayed<twice<std::string>>("ab")), "abab");
  EXPECT_EQ(evaluate(delayed<[](int x) { return x * x; }>(5)), 25);
  EXPECT_EQ(evaluate(delayed<[](int x) noexcept { return x * x; }>(5)), 25);
}

TEST(Calls, MemberFunctionsTakeTheirObjectFirst) {
  const auto counter = delayed<twice<long>>(4) + 0;
  EXPECT_EQ(evaluate(delayed<&Counter::peek>(Counter{4})), 4);
  EXPECT_EQ(evaluate(delayed<&Counter::operator()>(Counter{4}, counter)), 12);
  EXPECT_EQ(evaluate(delayed<&Box<int>::get>(Box<int>{3})), 3);
  const auto object = ramal::value(Counter{10});
  const auto bumped = delayed<&Counter::bump>(object, 5);
  EXPECT_EQ(evaluate(bumped), 15);
  EXPECT_EQ(evaluate(delayed<&Counter::peek>(object)), 10) << "a non-const member works on its own copy";
}

TEST(Calls, AVoidResultCanBeWaitedFor) {
  const Delayed<void> done = delayed<[](long) {}>(delayed<inc>(1));
  EXPECT_EQ(evaluate(done), ramal::Void{});
  const auto after = delayed<[](ramal::Void, long x) { return x; }>(done, 5);
  EXPECT_EQ(evaluate(after), 5);
  EXPECT_EQ(task_of(after).inputs().size(), 1u);
}

TEST(Calls, TwoEqualCallsAreTwoTasks) {
  EXPECT_NE(&task_of(delayed<inc>(1)), &task_of(delayed<inc>(1)));
  const auto one = delayed<inc>(1);
  const auto same = one;  // NOLINT: the copy is the point
  EXPECT_EQ(&task_of(one), &task_of(same));
}

TEST(Calls, TuplesPairsAndArraysUnpack) {
  const auto [quotient, rest] = delayed<[](int a, int b) { return std::tuple(a / b, a % b); }>(7, 3);
  EXPECT_EQ(evaluate(quotient), 2);
  EXPECT_EQ(evaluate(rest), 1);
  const auto [name, size] = delayed<[](int n) { return std::pair(std::string("x"), n); }>(4);
  static_assert(std::same_as<decltype(name), const Delayed<std::string>>);
  EXPECT_EQ(evaluate(name), "x");
  EXPECT_EQ(evaluate(size), 4);
  const auto [a, b, c] = delayed<[](int n) { return std::array{n, n + 1, n + 2}; }>(4);
  EXPECT_EQ(evaluate(a + b + c), 15);
}

TEST(Calls, ATwoInputTaskIsSmall) {
  const auto x = delayed<inc>(1);
  const auto sum = delayed<add>(x, x);
  EXPECT_EQ(task_of(sum).inputs().size(), 2u);
  EXPECT_TRUE(task_of(sum).literals().empty());
  EXPECT_LE(sizeof(Task) + 2 * sizeof(Task*), 64u);
}

TEST(Functions, OfAnotherLanguageAreAsGood) { EXPECT_EQ(evaluate(delayed<half_in_c>(3.0)), 1.5); }

// --- wishes ------------------------------------------------------------------------------------------
TEST(Annotate, IsKeptWithTheTask) {
  const auto wished =
      delayed<inc>.annotate({.name = "n", .cost = 2.5, .rank = 3, .host = "h", .priority = -4});
  const auto made = wished(1);
  const auto* wishes = task_of(made).annotation();
  ASSERT_NE(wishes, nullptr);
  EXPECT_EQ(wishes->cost, 2.5);
  EXPECT_EQ(wishes->rank, 3);
  EXPECT_EQ(wishes->host, "h");
  EXPECT_EQ(wishes->priority, -4);
  EXPECT_EQ(evaluate(made), 2);
  EXPECT_EQ(evaluate(wished(delayed<inc>(1))), 3);
  EXPECT_EQ(task_of(delayed<inc>(1)).annotation(), nullptr);
}

TEST(Annotate, RefusesCostsAndRanksThatMakeNoSense) {
  for (const double cost : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    const auto text = refusal([&] { delayed<inc>.annotate({.cost = cost}); });
    EXPECT_TRUE(contains(text, "expected a positive, finite cost, found " + std::to_string(cost))) << text;
    EXPECT_TRUE(contains(refusal([&] { delay(Counter{}).annotate({.cost = cost}); }), "cost"));
  }
  const auto threads = refusal([] { delayed<inc>.annotate({.threads = 0}); });
  EXPECT_TRUE(contains(threads, "expected 1 thread or more, found 0")) << threads;
  const auto text = refusal([] { delayed<inc>.annotate({.rank = -2}); });
  EXPECT_TRUE(contains(text, "expected a rank of 0 or more, found -2")) << text;
}

// --- closures ----------------------------------------------------------------------------------------
TEST(Closures, CarryTheirState) {
  int k = 3;
  const auto scale = delay([k](int x) { return k * x; });
  k = 100;
  EXPECT_EQ(evaluate(scale(2)), 6);
  EXPECT_EQ(evaluate(scale(delayed<[] { return 5; }>())), 15);
  EXPECT_EQ(evaluate(delay([p = Counter{2}, s = 1.5](double x) { return x * s + p.count; })(2)), 5.0);
  EXPECT_EQ(evaluate(delay([](int x) { return x + 1; })(2)), 3) << "no captures";
  EXPECT_EQ(evaluate(delay([k] { return k; })()), 100) << "no parameters";
}

TEST(Closures, MayChangeTheirOwnCopy) {
  const auto count = delay([n = 0](int by) mutable { return n += by; });
  EXPECT_EQ(evaluate(count(2)), 2);
  EXPECT_EQ(evaluate(count(2)), 2) << "every task has its own";
}

struct Greeter {
  std::string greeting;
  std::string operator()(const std::string& name) const { return greeting + ", " + name; }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& greeting;
  }
};

TEST(Closures, ANamedFunctorWithSerializeMayHoldAnything) {
  const auto greet = delay(Greeter{"a greeting longer than any small string"});
  const auto name = delayed<twice<std::string>>("Jo");
  EXPECT_EQ(evaluate(greet(name)), "a greeting longer than any small string, JoJo");
  EXPECT_EQ(name_of(greet(name)), "Greeter");
}

TEST(Closures, LargeNumbersAreNotTakenForAddresses) {
  for (const long number : {5'000'000'000L, 1L << 40, 1'000'000'000'000L, -1L, 1L << 62}) {
    EXPECT_EQ(evaluate(delay([number] { return number; })()), number);
  }
  EXPECT_EQ(evaluate(delay([x = 1e-300, y = 0.1] { return x + y; })()), 1e-300 + 0.1);
}

/// Together the word of an address that happens to be mapped, as in a program with gigabytes of heap.
TEST(Closures, TwoSmallNumbersSideBySideAreNotTakenForAnAddress) {
  struct Place {
    std::uint32_t column, row;
  };
  const Place place{3, 0x5580};
  void* const page = reinterpret_cast<void*>(std::uintptr_t{place.row} << 32);
  void* const mapped = mmap(page, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  EXPECT_EQ(evaluate(delay([place] { return place.column + place.row; })()), 3u + 0x5580);
  if (mapped == page) munmap(page, 4096);
}

#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
struct Padded {
  std::uint64_t number;
  bool flag;
};
double number_of_padded(Padded padded) { return padded.flag ? static_cast<double>(padded.number) : 0; }

TEST(Arguments, WhatLiesBetweenMembersIsNotTakenForAnAddress) {
  const int here = 0;
  const void* const address = &here;
  alignas(Padded) std::byte memory[sizeof(Padded)];
  std::memcpy(memory + sizeof(void*), &address, sizeof address);  // with a lowest byte that a bool may have
  memory[sizeof(void*)] = std::byte{1};
  const std::uint64_t number = 5;
  std::memcpy(memory, &number, sizeof number);
  Padded* const padded = std::launder(reinterpret_cast<Padded*>(memory));
  asm volatile("" : : "r"(padded) : "memory");
  EXPECT_EQ(evaluate(delayed<number_of_padded>(*padded)), 5);
}
#endif
#endif

/// A refusal names the line of the `delay` and what to do instead.
template <class Make>
void expect_address_refused(unsigned line, const Make& make) {
  const auto text = refusal(make);
  EXPECT_TRUE(contains(text, "delayed_test.cpp:" + std::to_string(line))) << text;
  EXPECT_TRUE(contains(text, "holds an address of this process")) << text;
  EXPECT_TRUE(contains(text, "pass the value itself")) << text;
}

int global = 1;

TEST(Closures, AddressesAmongCapturesAreRefused) {
  int local = 1;
  static int constant = 1;
  // Under the address sanitizer the first in a heap are at addresses like two small numbers.
  const auto heap = std::make_unique<int[]>(100'000);
  const std::string_view text = "a literal";
  expect_address_refused(__LINE__, [&] { delay([&local] { return local; }); });
  expect_address_refused(__LINE__, [&] { delay([p = &local] { return *p; }); });
  expect_address_refused(__LINE__, [&] { delay([p = &heap[90'000]] { return *p; }); });
  expect_address_refused(__LINE__, [&] { delay([p = &constant] { return *p; }); });
  expect_address_refused(__LINE__, [&] { delay([p = &global] { return *p; }); });
  expect_address_refused(__LINE__, [&] { delay([text] { return text.size(); }); });
  expect_address_refused(__LINE__, [&] { delay([f = &inc](long x) { return f(x); }); });
  expect_address_refused(__LINE__, [&] { delay([k = 1, d = 2.5, p = &local] { return *p + k + d; }); });
}

struct Method {
  int factor = 2;
  void make() {
    expect_address_refused(__LINE__, [this] { delay([this](int x) { return factor * x; }); });
  }
};
TEST(Closures, ThisIsRefused) { Method().make(); }

/// Of classes with constructors the compiler does not know the members.
class Window {
 public:
  Window() = default;
  Window(const double* data, long size) : data_(data), size_(size) {}
  double first() const { return size_ > 0 ? *data_ : 0; }

 private:
  const double* data_ = nullptr;
  long size_ = 0;
};
double first_of(Window window) { return window.first(); }

TEST(Arguments, AClassWithAnAddressInItIsRefused) {
  const auto numbers = std::make_unique<double[]>(100'000);
  const Window window(&numbers[90'000], 3);
  expect_address_refused(__LINE__, [&] { delayed<first_of>(window); });
  EXPECT_TRUE(contains(refusal([&] { delayed<first_of>(window); }), "argument of first_of"));
  expect_address_refused(__LINE__, [&] { ramal::value(window); });
  EXPECT_TRUE(contains(refusal([&] { ramal::value(window); }), "Window"));
  EXPECT_TRUE(contains(refusal([&] { ramal::value(std::vector{Window(), window}); }), "Window"));
  EXPECT_EQ(evaluate(delayed<first_of>(Window())), 0);
  EXPECT_NO_THROW(ramal::value(Window(nullptr, 3)));
}

TEST(Arguments, AClassThatMayHoldAddressesIsNotSentUnseen) {
  EXPECT_FALSE(ramal::detail::TypeOf<Window>::type.plain);
  EXPECT_TRUE(ramal::detail::TypeOf<Counter>::type.plain);
  const auto numbers = std::make_unique<double[]>(100'000);
  const auto made = ramal::Value::make<Window>(&numbers[90'000], 3L);
  EXPECT_TRUE(contains(refusal([&] { made.encoded_bytes(); }), "holds an address of this process"));
}

double first_behind(const std::unique_ptr<double>& number) { return *number; }
double first_shared(std::shared_ptr<double> number) { return number ? *number : -1; }

TEST(Arguments, WhatPointersPointToIsPassed) {
  EXPECT_EQ(evaluate(delayed<first_behind>(std::make_unique<double>(1.5))), 1.5);
  EXPECT_EQ(evaluate(delayed<first_behind>(ramal::value(std::make_unique<double>(2.5)))), 2.5);
  EXPECT_EQ(evaluate(delayed<first_shared>(std::make_shared<double>(3.5))), 3.5);
  EXPECT_EQ(evaluate(delayed<first_shared>(nullptr)), -1);
}

// --- map of what is given -----------------------------------------------------------------------------
TEST(Map, TakesFunctionsWithStateAndWishes) {
  const std::vector<long> xs{1, 2, 3};
  const auto scaled = ramal::map([k = 10L](long x) { return k * x; }, xs);
  EXPECT_EQ(evaluate(scaled.at(2)), 30);
  EXPECT_EQ(line_of(scaled[0]), __LINE__ - 2);
  const auto shifted = ramal::map(delay([k = 1L](long x, long y) { return k + x * y; }), scaled, 2);
  EXPECT_EQ(evaluate(shifted.at(0)), 21);
  const auto wished = ramal::map(delayed<add>.annotate({.name = "sum", .rank = 1}), scaled, xs[1]);
  EXPECT_EQ(evaluate(wished.at(1)), 22);
  EXPECT_EQ(name_of(wished[1]), "sum");
  EXPECT_EQ(line_of(wished[1]), __LINE__ - 3);
  EXPECT_EQ(evaluate(ramal::map(Greeter{"Hi"}, std::vector{"Jo"})[0]), "Hi, Jo");
  EXPECT_EQ(line_of(ramal::map<inc>(xs)[0]), __LINE__);
  EXPECT_EQ(ramal::map([](long x) { return x; }, std::vector<long>()).size(), 0u);
  int local = 1;
  expect_address_refused(__LINE__, [&] { ramal::map([&local](long x) { return x + local; }, xs); });
}

TEST(Map, OverAFamilyKnowsItsLine) {
  const auto square = ramal::family<[](ramal::Index i) { return i[0] + i[1]; }>({4, 3});
  EXPECT_EQ(square.extent(), ramal::Index(4, 3));
  EXPECT_EQ(ramal::family<seven_at>({5}).size(), 5);
  EXPECT_EQ(ramal::map<inc>(square).view().node->where.line(), __LINE__);
  EXPECT_EQ(square.view().node->where.line(), __LINE__ - 4);
  const std::initializer_list<std::int64_t> lengths{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_TRUE(contains(refusal([&] { ramal::family<seven_at>(lengths); }), "1 to 9 lengths, found 10"));
}

// --- handles told apart -------------------------------------------------------------------------------
TEST(SameTask, IsOfTheSameCallNotOfEqualValues) {
  const auto one = delayed<inc>(1);
  const auto copy = one;  // NOLINT: the copy is the point
  const auto equal = delayed<inc>(1);
  EXPECT_TRUE(ramal::same_task(one, copy));
  EXPECT_FALSE(ramal::same_task(one, equal));
  EXPECT_FALSE(ramal::same_task(one, delayed<length>("")));
  std::unordered_map<Delayed<long>, int> seen;
  for (const auto& handle : {one, copy, equal}) ++seen[handle];
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen.at(one), 2);
}

// --- a handle that was moved from --------------------------------------------------------------------
TEST(MovedFrom, IsRefusedWhereItIsUsed) {
  const std::string advice = "was moved from";
  Delayed<long> gone = delayed<inc>(1);
  const Delayed<long> kept = std::move(gone);
  Delayed<int> other = delayed<[] { return 1; }>();
  const Delayed<int> taken = std::move(other);
  const auto sum = delayed<[](const std::vector<long>& v) { return v.size(); }>;
  // NOLINTBEGIN(bugprone-use-after-move): what happens then is the point
  EXPECT_TRUE(contains(refusal([&] { delayed<inc>(gone); }), advice));
  EXPECT_TRUE(contains(refusal([&] { delayed<add>(kept, gone); }), advice));
  EXPECT_TRUE(contains(refusal([&] { delayed<add>(1, gone); }), advice));
  EXPECT_TRUE(contains(refusal([&] { delayed<inc>(other); }), advice))
      << "where it would have been converted";
  EXPECT_TRUE(contains(refusal([&] { delayed<inc>.annotate({.cost = 2})(gone); }), advice));
  EXPECT_TRUE(contains(refusal([&] { delay([k = 1L](long x) { return x + k; })(gone); }), advice));
  EXPECT_TRUE(contains(refusal([&] { sum(std::vector<Delayed<long>>{kept, gone}); }), advice));
  EXPECT_TRUE(contains(refusal([&] { kept + gone; }), advice));
  // NOLINTEND(bugprone-use-after-move)
  EXPECT_EQ(evaluate(kept), 2);
}

}  // namespace
