// SPDX-License-Identifier: BSD-3-Clause
// A random program: builds graphs of many shapes and types, persists, drops and computes parts of them,
// and writes down all it sees. The same seed must give the same text on any engine, so the serial one
// judges the others.
#pragma once

#include <ramal/ramal.hpp>

#include <algorithm>
#include <numeric>
#include <random>
#include <sstream>

namespace ramal::test {

// Hashing keeps every bit of every input, so a wrong or swapped one shows.
inline long scramble(long a, long b) {
  return static_cast<long>((static_cast<unsigned long>(a) ^ 0x9e3779b97f4a7c15ul) * 0xff51afd7ed558ccdul +
                           static_cast<unsigned long>(b));
}
inline long leaf(long x) { return scramble(x, 1); }
inline long nothing() { return 7; }
inline long two(long a, long b) { return scramble(a, b); }
inline long three(const long& a, long b, const long& c) { return scramble(scramble(a, b), c); }
inline long all_of(const std::vector<long>& values) {
  long sum = 0;
  for (const long value : values) sum = scramble(sum, value);
  return sum;
}
inline long seen(Inputs<long> values) {
  long sum = 1;
  for (const long& value : values) sum = scramble(sum, value);
  return sum;
}
inline std::vector<long> spread(long x, int size) {
  std::vector<long> values(static_cast<std::size_t>(size));
  for (auto& value : values) value = x = scramble(x, size);
  return values;
}
/// In place where this is the last use.
inline std::vector<long> grow(std::vector<long> values, long x) {
  for (auto& value : values) value = scramble(value, x);
  values.push_back(x);
  return values;
}
inline std::string text(std::string before, const long& x) {
  return std::move(before) + "," + std::to_string(x % 1000);
}
inline std::pair<long, std::string> split(const std::string& all) {
  return {static_cast<long>(all.size()), all.substr(all.size() / 2)};
}
inline double mean(const std::vector<long>& values, double scale) {
  double sum = 0;
  for (const long value : values) sum += static_cast<double>(value % 1000) / 3.0;
  return sum * scale;
}
inline double add_doubles(double a, double b) { return a + b; }
inline long sometimes_throws(long x) {
  if (x % 5 == 0) throw std::runtime_error("no " + std::to_string(x % 1000));
  if (x % 7 == 0) throw x;  // not a std::exception
  return x;
}
/// The same on all ranks, whatever lies where; it waits for nobody, since tests run ranks in one thread.
inline long together(Communicator& communicator, Inputs<long> mine, long shared, long salt) {
  long sum = 0;
  for (const long& value : mine) sum |= value;
  if (shared % 6 == 0 && salt > 500) throw std::runtime_error("not together " + std::to_string(salt));
  return scramble(shared, salt) + (communicator.size() == 0 ? sum : 0);
}
/// A result for each part, and the same wherever it lies.
inline std::vector<long> each_together(Communicator& communicator, Inputs<long> mine, long shared,
                                       long salt) {
  const long both = together(communicator, mine, shared, salt);
  std::vector<long> results;
  for (const long& value : mine) results.push_back(scramble(value, both));
  return results;
}
inline std::vector<std::vector<long>> grown_together(Communicator&, Inputs<std::vector<long>> mine, long x) {
  std::vector<std::vector<long>> results;
  for (const auto& values : mine) results.push_back(grow(values, x));
  return results;
}
inline void no_result(long) {}
inline long after(Void, long x) { return x + 1; }

struct RandomProgramOptions {
  int steps = 60;
  bool errors = false;
  int longest_vector = 40;
};

class RandomProgram {
 public:
  RandomProgram(Session& session, unsigned seed, RandomProgramOptions options)
      : session_(session), random_(seed), options_(options) {}

  std::string run() {
    for (int step = 0; step < options_.steps; ++step) act();
    compute_some();
    return log_.str();
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  long number() { return static_cast<long>(random_() % 1000); }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    // Mostly what is new, now and then something old.
    const auto size = static_cast<int>(from.size());
    return from[static_cast<std::size_t>(below(3) == 0 ? below(size) : size - 1 - below(std::min(size, 6)))];
  }
  Delayed<long> a_long() { return longs_.empty() ? make_leaf() : pick(longs_); }
  Delayed<long> make_leaf() {
    if (below(8) == 0) return value(number());
    if (below(8) == 0) return delayed<nothing>();
    if (below(6) == 0)
      return delayed<leaf>.annotate(
          {.cost = 1.0 + below(5), .rank = below(session_.ranks()), .priority = below(3) - 1})(number());
    return delayed<leaf>(number());
  }
  std::vector<Delayed<long>> some_longs() {
    std::vector<Delayed<long>> some;
    for (int n = below(7); n > 0; --n) some.push_back(a_long());
    return some;
  }

  void act() {
    switch (below(25)) {
      case 0:
      case 1:
        longs_.push_back(make_leaf());
        break;
      case 2:
      case 3:
        longs_.push_back(delayed<two>(a_long(), a_long()));
        break;
      case 4:
        longs_.push_back(delayed<two>(a_long(), number()));
        break;
      case 5:
        longs_.push_back(delayed<three>(a_long(), a_long(), a_long()));
        break;
      case 6:
        longs_.push_back(delayed<all_of>(some_longs()));
        break;
      case 7:
        longs_.push_back(delayed<seen>(some_longs()));
        break;
      case 8:
        vectors_.push_back(delayed<spread>(a_long(), below(options_.longest_vector)));
        break;
      case 9:
        if (!vectors_.empty()) vectors_.push_back(delayed<grow>(pick(vectors_), a_long()));
        break;
      case 10:
        if (!vectors_.empty()) longs_.push_back(delayed<all_of>(pick(vectors_)));
        break;
      case 11:
        texts_.push_back(delayed<text>(texts_.empty() ? value(std::string("t")) : pick(texts_), a_long()));
        break;
      case 12:
        if (!texts_.empty()) {
          auto [size, half] = delayed<split>(pick(texts_));
          longs_.push_back(size);
          texts_.push_back(half);
        }
        break;
      case 13:
        if (!vectors_.empty()) doubles_.push_back(delayed<mean>(pick(vectors_), 0.1 * below(10)));
        break;
      case 14:
        if (!doubles_.empty())
          doubles_.push_back(
              reduce<add_doubles>(doubles_, {.arity = static_cast<std::size_t>(2 + below(3))}));
        break;
      case 15: {
        const long salt = number();
        longs_.push_back(delay([salt](long x) { return scramble(x, salt); })(a_long()));
        break;
      }
      case 16:
        if (options_.errors)
          longs_.push_back(delayed<sometimes_throws>(a_long()));
        else
          longs_.push_back(delayed<after>(delayed<no_result>(a_long()), a_long()));
        break;
      case 17:
        longs_.push_back(reduce<two>(std::vector{a_long(), a_long(), a_long(), a_long(), a_long()}));
        break;
      case 18:
        persist_some();
        break;
      case 19:
        drop_some();
        break;
      case 20:
        if (below(3) == 0) compute_some();
        break;
      case 21:
        if (options_.errors || below(2) == 0)
          longs_.push_back(collective<together>(some_longs(), a_long(), options_.errors ? number() : 1));
        break;
      case 22: {
        const auto ranks = some_ranks();
        longs_.push_back(
            collective<together>.on(ranks)(some_longs(), a_long(), options_.errors ? number() : 1));
        break;
      }
      case 23: {
        const auto ranks = some_ranks();
        const long salt = options_.errors ? number() : 1;
        auto parts = some_longs();
        const auto results = below(2) == 0 ? collective_map<each_together>(parts, a_long(), salt)
                                           : collective_map<each_together>.on(ranks)(parts, a_long(), salt);
        if (below(4) == 0) session_.persist(results);
        append(longs_, results);
        break;
      }
      case 24: {
        const auto ranks = some_ranks();
        const auto parts = some(vectors_);
        append(vectors_, below(2) == 0 ? collective_map<grown_together>(parts, a_long())
                                       : collective_map<grown_together>.on(ranks)(parts, number()));
        break;
      }
    }
  }
  /// In any order. Draws as many numbers whatever the ranks.
  std::vector<int> some_ranks() {
    std::minstd_rand random(random_());
    std::vector<int> ranks(static_cast<std::size_t>(session_.ranks()));
    std::iota(ranks.begin(), ranks.end(), 0);
    std::shuffle(ranks.begin(), ranks.end(), random);
    ranks.resize(1 + random() % ranks.size());
    return ranks;
  }
  template <class T>
  static void append(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
  }
  void persist_some() {
    if (!longs_.empty()) session_.persist(a_long(), some_longs());
    if (!vectors_.empty()) session_.persist(pick(vectors_));
  }
  void drop_some() {
    const auto drop = [&](auto& from) {
      if (from.size() > 3) from.erase(from.begin() + below(static_cast<int>(from.size())));
    };
    drop(longs_);
    drop(vectors_);
    drop(texts_);
  }
  void compute_some() {
    try {
      const auto [longs, vectors, texts, doubles] =
          session_.compute(std::tuple(some_longs(), some(vectors_), some(texts_), some(doubles_)));
      for (const long x : longs) log_ << x << ' ';
      for (const auto& values : vectors) log_ << '[' << values.size() << ' ' << all_of(values) << "] ";
      for (const auto& line : texts) log_ << line << ' ';
      log_ << std::hexfloat;
      for (const double x : doubles) log_ << x << ' ';
      log_ << '\n';
    } catch (const TaskError& error) {
      log_ << error.details().task << ' ' << error.details().line << ' ' << error.details().message << '\n';
    }
  }
  template <class T>
  std::vector<T> some(const std::vector<T>& from) {
    std::vector<T> chosen;
    for (int n = below(4); n > 0 && !from.empty(); --n) chosen.push_back(pick(from));
    return chosen;
  }

  Session& session_;
  std::minstd_rand random_;
  RandomProgramOptions options_;
  std::vector<Delayed<long>> longs_;
  std::vector<Delayed<std::vector<long>>> vectors_;
  std::vector<Delayed<std::string>> texts_;
  std::vector<Delayed<double>> doubles_;
  std::ostringstream log_;
};

inline std::string random_program(Session& session, unsigned seed, RandomProgramOptions options = {}) {
  return RandomProgram(session, seed, options).run();
}

}  // namespace ramal::test
