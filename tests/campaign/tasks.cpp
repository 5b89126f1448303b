// SPDX-License-Identifier: BSD-3-Clause
// Statements of explicit tasks: calls with all forms of arguments, map over ranges, reduce, operators.
#include "program.hpp"

namespace campaign {
namespace {

/// A function with or without wishes.
template <auto f, class... A>
auto wished(Program& p, const A&... args) {
  if (p.random.one_in(4)) return ramal::delayed<f>.annotate(p.wishes())(args...);
  return ramal::delayed<f>(args...);
}
template <class T>
std::vector<Delayed<T>> lazies(const std::vector<Handle<T>>& handles) {
  std::vector<Delayed<T>> all;
  for (const auto& handle : handles) all.push_back(handle.lazy);
  return all;
}
template <class T>
Outcomes<T> outcomes(const std::vector<Handle<T>>& handles) {
  Outcomes<T> all;
  for (const auto& handle : handles) all.push_back(handle.expected);
  return all;
}

void leaf(Program& p) {
  pick_value(p.random, [&]<class T>() {
    const long salt = p.random.below(1 << 20);
    if (p.random.one_in(4)) {
      const T value = Maker<T>::make(p.random());
      p.add(ramal::value(value), p.constant(value));
    } else if (p.random.one_in(3)) {
      p.add(wished<&call<1, T, long>>(p, salt), called(p.own(), &call<1, T, long>, p.constant(salt)));
    } else {
      p.add(wished<&call<2, T, long>>(p, salt), called(p.own(), &call<2, T, long>, p.constant(salt)));
    }
  });
}

void unary(Program& p) {
  pick_value(p.random, [&]<class T>() {
    const auto a = p.a_handle<T>();
    const long salt = p.random.below(1 << 20);
    if (p.random.one_in(2)) {
      p.add(wished<&call<3, T, T, long>>(p, a.lazy, salt),
            called(p.own(), &call<3, T, T, long>, a.expected, p.constant(salt)));
    } else {
      p.add(wished<&call<4, Other<T>, const T&>>(p, a.lazy), called(p.own(), &call<4, Other<T>, const T&>, a.expected));
    }
  });
}

/// A sheet that has its other columns in common with the one that it was made from.
Sheet widened(const Sheet& sheet, long salt) {
  const std::string text = Maker<std::string>::make(digest(salt));
  return sheet.with_column({text.begin(), text.end()});
}
void columns(Program& p) {
  const auto a = p.a_handle<Sheet>();
  const long salt = p.random.below(1 << 20);
  p.add(wished<&widened>(p, a.lazy, salt), called(p.own(), &widened, a.expected, p.constant(salt)));
}

void binary(Program& p) {
  pick_value(p.random, [&]<class T>() {
    const auto a = p.a_handle<T>();
    const auto b = p.random.one_in(5) ? a : p.a_handle<T>();
    const auto c = p.a_handle<Other<T>>();
    if (p.random.one_in(2)) {
      p.add(wished<&call<6, T, const T&, T>>(p, a.lazy, b.lazy),
            called(p.own(), &call<6, T, const T&, T>, a.expected, b.expected));
    } else {
      p.add(wished<&call<5, T, T, Other<T>>>(p, a.lazy, c.lazy),
            called(p.own(), &call<5, T, T, Other<T>>, a.expected, c.expected));
    }
  });
}

/// Vectors of handles, as a vector and as Inputs, alone and beside another argument.
void lists(Program& p) {
  pick_value(p.random, [&]<class T>() {
    const auto some = p.some_handles<T>(p.random.one_in(5) ? 30 : 5);
    const auto one = p.a_handle<T>();
    Needs needs(p.own());
    Many<T> many;
    for (const auto& handle : some) many.add(needs(handle.expected));
    switch (p.random.below(3)) {
      case 0:
        p.add(wished<&call<8, T, std::vector<T>>>(p, lazies(some)),
              needs.outcome([&] { return call<8, T, std::vector<T>>(many.copies()); }));
        break;
      case 1:
        p.add(wished<&call<9, T, Inputs<T>>>(p, lazies(some)),
              needs.outcome([&] { return call<9, T, Inputs<T>>(many.view()); }));
        break;
      default: {
        const T* own = needs(one.expected);
        p.add(wished<&call<10, T, Inputs<T>, T>>(p, lazies(some), one.lazy),
              needs.outcome([&] { return call<10, T, Inputs<T>, T>(many.view(), *own); }));
      }
    }
  });
}

/// The other containers, and containers of them, with literals among the handles.
void containers(Program& p) {
  pick_value(p.random, [&]<class T>() {
    using U = Other<T>;
    const auto a = p.a_handle<T>();
    const auto b = p.a_handle<T>();
    const auto c = p.a_handle<U>();
    Needs needs(p.own());
    const T* x = needs(a.expected);
    switch (p.random.below(6)) {
      case 0: {
        using Two = std::array<T, 2>;
        const T* y = needs(b.expected);
        p.add(wished<&call<12, T, Two>>(p, std::array<Delayed<T>, 2>{a.lazy, b.lazy}),
              needs.outcome([&] { return call<12, T, Two>(Two{*x, *y}); }));
        break;
      }
      case 1: {
        using Both = std::pair<T, U>;
        const U* y = needs(c.expected);
        p.add(wished<&call<12, T, Both>>(p, std::pair(a.lazy, c.lazy)),
              needs.outcome([&] { return call<12, T, Both>(Both(*x, *y)); }));
        break;
      }
      case 2: {
        using Three = std::tuple<T, long, U>;
        const U* y = needs(c.expected);
        p.add(wished<&call<12, T, const Three&>>(p, std::tuple(a.lazy, 7L, c.lazy)),
              needs.outcome([&] { return call<12, T, const Three&>(Three(*x, 7L, *y)); }));
        break;
      }
      case 3: {
        using Maybe = std::optional<T>;
        const bool is_there = p.random.one_in(2);
        if (is_there) {
          p.add(wished<&call<12, T, Maybe>>(p, std::optional(a.lazy)),
                needs.outcome([&] { return call<12, T, Maybe>(Maybe(*x)); }));
        } else {
          p.add(wished<&call<12, T, Maybe>>(p, std::optional<Delayed<T>>()),
                Needs(p.own()).outcome([&] { return call<12, T, Maybe>(Maybe()); }));
        }
        break;
      }
      case 4: {
        using Named = std::map<std::string, T>;
        const T* y = needs(b.expected);
        p.add(wished<&call<12, T, const Named&>>(p, std::map<std::string, Delayed<T>>{{"b", a.lazy}, {"a", b.lazy}}),
              needs.outcome([&] { return call<12, T, const Named&>(Named{{"b", *x}, {"a", *y}}); }));
        break;
      }
      default: {
        using Pairs = std::vector<std::pair<T, long>>;
        const T* y = needs(b.expected);
        std::vector<std::pair<Delayed<T>, long>> pairs{{a.lazy, 1L}, {b.lazy, 2L}, {a.lazy, 3L}};
        p.add(wished<&call<12, T, Pairs>>(p, pairs),
              needs.outcome([&] { return call<12, T, Pairs>(Pairs{{*x, 1L}, {*y, 2L}, {*x, 3L}}); }));
      }
    }
  });
}

/// A task that gives a pair, and its two parts.
void parts(Program& p) {
  pick_value(p.random, [&]<class T>() {
    using Both = std::pair<T, Other<T>>;
    const auto a = p.a_handle<T>();
    const auto [first, second] = ramal::delayed<&call<13, Both, T>>(a.lazy);
    const auto both = called(p.own(), &call<13, Both, T>, a.expected);
    p.add(first, called(p.own(), [](const Both& pair) { return pair.first; }, both));
    p.add(second, called(p.own(), [](const Both& pair) { return pair.second; }, both));
  });
}

/// A handle where its parameter is of another type, alone and in a container.
void conversions(Program& p) {
  const auto a = p.a_handle<long>();
  const auto b = p.a_handle<long>();
  const auto to_double = [](long value) { return static_cast<double>(value); };
  const auto x = called(p.own(), to_double, a.expected);
  const auto y = called(p.own(), to_double, b.expected);
  Needs needs(p.own());
  Many<double> many;
  many.add(needs(x));
  many.add(needs(y));
  if (p.random.one_in(2)) {
    p.add(wished<&call<14, double, double>>(p, a.lazy), called(p.own(), &call<14, double, double>, x));
  } else {
    p.add(wished<&call<14, double, std::vector<double>>>(p, std::vector{a.lazy, b.lazy}),
          needs.outcome([&] { return call<14, double, std::vector<double>>(many.copies()); }));
  }
}

void closures(Program& p) {
  pick_value(p.random, [&]<class T>() {
    const auto a = p.a_handle<T>();
    const long captured = p.random.below(1 << 20);
    const auto closure = [captured](T own) { return call<15, T, T, long>(std::move(own), captured); };
    p.add(ramal::delay(closure)(a.lazy), called(p.own(), closure, a.expected));
  });
}

void operators(Program& p) {
  const auto a = p.a_handle<long>();
  const auto b = p.a_handle<long>();
  const auto x = p.a_handle<double>();
  const auto y = p.a_handle<double>();
  const auto s = p.a_handle<std::string>();
  const long n = p.random.between(1, 9);
  // Small enough again, whatever it is the sum of.
  const auto kept_small = [&](const Delayed<long>& lazy, const Outcome<long>& expected) {
    p.add(ramal::delayed<&call<16, long, long>>(lazy), called(p.own(), &call<16, long, long>, expected));
  };
  switch (p.random.below(9)) {
    case 0: return kept_small(a.lazy + b.lazy, called(p.own(), std::plus<long>(), a.expected, b.expected));
    case 1: return kept_small(a.lazy * n - b.lazy, called(p.own(), [n](long l, long r) { return l * n - r; }, a.expected, b.expected));
    case 2: return kept_small(n % (a.lazy * a.lazy + 1), called(p.own(), [n](long l) { return n % (l * l + 1); }, a.expected));
    case 3: return kept_small((a.lazy ^ b.lazy) & 0xffffL, called(p.own(), [](long l, long r) { return (l ^ r) & 0xffffL; }, a.expected, b.expected));
    case 4: return kept_small(-a.lazy + (~b.lazy >> 2), called(p.own(), [](long l, long r) { return -l + (~r >> 2); }, a.expected, b.expected));
    case 5: return p.add(x.lazy / y.lazy + 0.1, called(p.own(), [](double l, double r) { return l / r + 0.1; }, x.expected, y.expected));
    case 6: return p.add(x.lazy < y.lazy, called(p.own(), std::less<double>(), x.expected, y.expected));
    case 7: return p.add(!(a.lazy == b.lazy), called(p.own(), std::not_equal_to<long>(), a.expected, b.expected));
    default: return p.add("<" + s.lazy + ">", called(p.own(), [](const std::string& text) { return "<" + text + ">"; }, s.expected));
  }
}

void map_range(Program& p) {
  pick_value(p.random, [&]<class T>() {
    const auto some = p.some_handles<T>(6);
    const auto one = p.a_handle<T>();
    if (p.random.one_in(2)) {
      const auto mapped = ramal::map<&call<17, T, const T&, T>>(lazies(some), one.lazy);
      for (std::size_t i = 0; i < some.size(); ++i)
        p.add(mapped[i], called(p.own(), &call<17, T, const T&, T>, some[i].expected, one.expected));
    } else {
      std::vector<long> salts;
      for (int n = p.random.between(0, 6); n > 0; --n) salts.push_back(p.random.below(1000));
      const auto mapped = ramal::map<&call<18, T, long>>(salts);
      for (std::size_t i = 0; i < salts.size(); ++i)
        p.add(mapped[i], called(p.own(), &call<18, T, long>, p.constant(salts[i])));
    }
  });
}

void reduce_range(Program& p) {
  pick_value(p.random, [&]<class T>() {
    auto some = p.some_handles<T>(p.random.one_in(4) ? 40 : 9);
    const std::size_t arity = static_cast<std::size_t>(p.random.between(2, 5));
    const int form = p.random.below(3);
    if (some.empty()) {
      const auto identity = p.a_handle<T>();
      p.add(ramal::reduce<&call<20, T, T, const T&>>(lazies(some), {.arity = arity, .identity = identity.lazy}), identity.expected);
    } else if (form == 0) {
      p.add(ramal::reduce<&call<20, T, T, const T&>>(lazies(some), {.arity = arity}),
            tree<20, false>(p.own(), outcomes(some), arity));
    } else if (form == 1) {
      p.add(ramal::reduce<&call<21, T, Inputs<T>>>(lazies(some), {.arity = arity}),
            tree<21, true>(p.own(), outcomes(some), arity));
    } else {
      p.add(ramal::reduce(ramal::delay([](T a, const T& b) { return call<22, T, T, const T&>(std::move(a), b); }), lazies(some)),
            tree<22, false>(p.own(), outcomes(some), 2));
    }
  });
}

/// Sums of doubles, where another tree has other bits.
double add(double a, double b) { return a + b; }
void sum(Program& p) {
  const auto some = p.some_handles<double>(20);
  if (some.empty()) return;
  Outcomes<double> level = outcomes(some);
  while (level.size() > 1) {
    Outcomes<double> next;
    for (std::size_t i = 0; i < level.size(); i += 2)
      next.push_back(i + 1 < level.size() ? called(p.own(), &add, level[i], level[i + 1]) : level[i]);
    level = std::move(next);
  }
  p.add(ramal::reduce<&add>(lazies(some)), level.front());
}

constexpr Ingredient all[] = {{"leaf", 6, &leaf},
                              {"unary", 5, &unary},
                              {"columns", 2, &columns},
                              {"binary", 5, &binary},
                              {"lists", 4, &lists},
                              {"containers", 4, &containers},
                              {"parts", 2, &parts},
                              {"conversions", 2, &conversions},
                              {"closures", 2, &closures},
                              {"operators", 4, &operators},
                              {"map_range", 3, &map_range},
                              {"reduce_range", 3, &reduce_range},
                              {"sum", 2, &sum}};

}  // namespace

std::span<const Ingredient> task_ingredients() { return all; }

}  // namespace campaign
