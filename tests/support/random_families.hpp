// SPDX-License-Identifier: BSD-3-Clause
// A random program of families and explicit tasks that read each other. Results depend on every value read
// and on their order, so that a wrong, missing or doubled one changes them.
#pragma once

#include <ramal/ramal.hpp>

#include <random>

namespace ramal::test {

using Word = std::uint64_t;
using Words = std::vector<Word>;

inline Word mix(Word a, Word b) {
  Word x = a * 6364136223846793005u + b * 1442695040888963407u + 1;
  x ^= x >> 29;
  return x * 0xbf58476d1ce4e5b9u;
}

inline Word seed_at(Index place) {
  Word sum = 17;
  for (int d = 0; d < place.dims; ++d) sum = mix(sum, static_cast<Word>(place[d]));
  return sum;
}
inline Word pair_up(Word a, Word b) { return mix(a, b); }
inline Word placed(Index place, Word a) { return mix(a, seed_at(place)); }
inline Word placed_pair(Index place, const Word& a, Word b) { return mix(mix(a, b), seed_at(place)); }
inline Word fold_all(Inputs<Word> inputs) {
  Word sum = inputs.size();
  for (const Word one : inputs) sum = mix(sum, one);
  return sum;
}
inline Word fold_placed(Index place, Inputs<Word> inputs) { return mix(seed_at(place), fold_all(inputs)); }
inline Word of_three(Word left, Word middle, Word right) { return mix(mix(left, middle), right); }
inline Word fold_two(Index place, Inputs<Word> others, Inputs<Word> earlier) {
  return mix(mix(seed_at(place), fold_all(others)), fold_all(earlier));
}
/// Large, moved and changed in place.
inline Words to_words(Word word) {
  Words words(20 + word % 90);
  for (Word& one : words) one = word = mix(word, 3);
  return words;
}
inline Words grow_words(Words words, Word more) {
  for (Word& one : words) one = mix(one, more);
  words.push_back(more);
  return words;
}
inline Word from_words(const Words& words) {
  Word sum = words.size();
  for (const Word one : words) sum = mix(sum, one);
  return sum;
}
inline Words join_words(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  if (a.size() > 200) a.resize(200);
  return a;
}

inline bool ends(Word word, Word every) { return word % every == 0; }

/// Reads two members that anything may tell, the same one twice now and then.
struct Scattered {
  Word salt;
  std::int64_t size;
  void operator()(const Index& place, Reads& reads) const {
    const Word first = mix(salt, static_cast<Word>(place[0]));
    for (Word k = 0; k < first % 4; ++k)
      reads(0, static_cast<std::int64_t>(mix(first, k / 2) % static_cast<Word>(size)));
  }
};
/// Reads what a permutation of all places says, and itself by another; knows its own inverse.
struct Permuted {
  std::int64_t size;
  std::int64_t shift;
  void operator()(const Index& place, Reads& reads) const {
    reads(0, (place[0] + shift) % size);
    if (place[0] >= shift) reads.self(place[0] - shift);
  }
  void inverse(std::uint32_t k, const Index& place, Readers& readers) const {
    readers(k == 0 ? (place[0] + size - shift) % size : place[0] + shift);
  }
};
/// Near ones, and a single one.
struct Near {
  std::int64_t size;
  std::int64_t reach;
  Word reads_single;
  void operator()(const Index& place, Reads& reads) const {
    for (std::int64_t d = -reach; d <= reach; d += 2) {
      if (place[0] + d >= 0 && place[0] + d < size) reads(0, place[0] + d);
    }
    if (reads_single != 0 && place[0] % 3 != 0) reads(1, 0);
  }
};
/// Time: another family at the first step, itself later, back up to `back` steps; and along a row.
struct InTime {
  std::int64_t width;
  std::int64_t back;
  Word along;
  Word salt;
  std::int64_t period;
  void operator()(const Index& place, Reads& reads) const {
    const std::int64_t step = place[0], x = place[1];
    if (step == 0) reads(0, x);
    const Word turn = mix(salt, static_cast<Word>(step % period) * 1000 + static_cast<Word>(x));
    for (std::int64_t b = 1; b <= back && b <= step; ++b) {
      const std::int64_t at = x + static_cast<std::int64_t>(turn % 3) - 1;
      if (at >= 0 && at < width) reads.self({step - b, at});
    }
    if (along != 0 && x > 0 && turn % 2 == 0) reads.self({step, x - 1});
  }
};

/// In more dimensions: places near its own, as far as they are there, or the one at the mirrored place.
struct NearInSpace {
  Index extent;
  Index reach;
  Word mirrored;
  void operator()(const Index& place, Reads& reads) const {
    Index at = place;
    for (int d = 0; d < place.dims; ++d) {
      at[d] = place[d] + (seed_at(place) % 2 == 0 ? reach[d] : -reach[d]);
      if (mirrored != 0) at[d] = extent[d] - 1 - place[d];
    }
    if (extent.contains(at)) reads(0, at);
    reads(0, place);
  }
};

/// Another family's steps around its own, and what all steps read.
struct Around {
  std::int64_t steps;
  std::int64_t reach;
  Word salt;
  void operator()(const Index& place, Reads& reads) const {
    for (std::int64_t d = -reach; d <= reach; ++d) {
      const std::int64_t step = place[0] + d;
      if (step >= 0 && step < steps && mix(salt, static_cast<Word>(d + 9)) % 3 != 0)
        reads(0, {step, place[1]});
    }
    if (salt % 2 == 0) reads(1, place[1]);
    if (salt % 3 == 0 && place[1] != 1) reads(2, 0);
  }
};

/// Everything the program computes. The same words from any engine.
class RandomFamilies {
 public:
  explicit RandomFamilies(unsigned seed) : random_(seed) {}

  Words run(Session& session) {
    lines_.push_back(family<seed_at>(Index(length())));
    lines_.push_back(family<seed_at>(Index(length())));
    singles_.push_back(delayed<pair_up>(Word{3}, Word{4}));
    for (int step = 0; step < 9; ++step) grow();
    Words results;
    const Family<Word> kept = pick(lines_);
    session.persist(kept, lines_.back());  // what is made of them from here on uses what is kept
    if (!planes_.empty() && random_() % 2 == 0) session.persist(planes_.back());
    for (int step = 0; step < 3; ++step) grow();
    if (random_() % 2 == 0) session.wait(kept);
    for (const Word word : session.compute(kept)) results.push_back(word);
    std::vector<Delayed<Word>> wanted;
    for (int i = 0; i < 3; ++i) {
      const Family<Word> line = pick(lines_);  // the vector grows
      if (line.size() > 0) wanted.push_back(reduce<pair_up>(line, {.arity = 2 + below(3)}));
      if (line.size() > 0)
        wanted.push_back(line[static_cast<std::int64_t>(random_() % static_cast<Word>(line.size()))]);
    }
    for (int i = 0; i < 3 && !planes_.empty(); ++i) {
      const Family<Word> plane = pick(planes_);
      if (plane.size() == 0) continue;
      for (int k = 0; k < 2; ++k) wanted.push_back(plane[plane.extent().place_of(below(plane.size()))]);
    }
    if (random_() % 2 == 0) {  // alone, so that little else is needed
      const Family<Word> line = pick(lines_);
      if (line.size() > 0) results.push_back(session.compute(line[below(line.size())]));
      if (!wanted.empty()) results.push_back(session.compute(wanted.back()));
    }
    for (const auto& single : singles_) wanted.push_back(single);
    for (const Word word : session.compute(wanted)) results.push_back(word);
    for (const Word word : session.compute(lines_.back())) results.push_back(word);
    for (const Word word : session.compute(pick(planes_.empty() ? lines_ : planes_))) results.push_back(word);
    return results;
  }

 private:
  std::int64_t length() {
    constexpr std::int64_t lengths[] = {0, 1, 2, 3, 5, 8, 13, 31, 64, 100, 257};
    return lengths[random_() % std::size(lengths)];
  }
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(random_() % static_cast<Word>(limit));
  }
  Annotation wishes() {
    return {.priority = static_cast<int>(below(4)) - 1, .threads = 1 + static_cast<int>(below(3))};
  }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[random_() % from.size()];
  }

  void grow() {
    const Family<Word> line = pick(lines_);  // the vector grows
    const std::int64_t size = line.size();
    switch (random_() % 20) {
      case 0:
        lines_.push_back(map<placed>(line).annotate(wishes()));
        break;
      case 1:
        lines_.push_back(map<placed_pair>(line, pick(singles_)));
        if (size > 0) lines_.push_back(map<pair_up>(pick(lines_), line[below(size)]));
        break;
      case 2:
        lines_.push_back(map<pair_up>(line, map<placed>(line)));
        break;
      case 3:
        lines_.push_back(stencil<fold_all>(line, {{-2}, {0}, {1}}, Edge::open));
        break;
      case 4:
        if (size > 0)
          lines_.push_back(
              stencil<of_three>(line, {{-1}, {0}, {1}}, random_() % 2 == 0 ? Edge::clamp : Edge::periodic));
        break;
      case 5:
        lines_.push_back(
            iterate<fold_placed>(line, 1 + below(40), {{-1}, {0}, {2}}, static_cast<Edge>(random_() % 3)));
        break;
      case 6:
        if (size > 0) singles_.push_back(reduce<pair_up>(line));
        break;
      case 7:
        singles_.push_back(delayed<pair_up>(pick(singles_), pick(singles_)));
        break;
      case 8:
        lines_.push_back(coarsen<fold_all>(line, 1 + below(5)));
        break;
      case 9:
        if (size > 0) lines_.push_back(shuffle<placed, fold_placed>(line, 1 + below(6)));
        break;
      case 10:
        lines_.push_back(size < 70 ? all_gather<fold_placed>(line) : map<placed>(line));
        break;
      case 11:
        if (size > 0)
          lines_.push_back(family<fold_placed>(Index(length()), Scattered{random_(), size}, line));
        break;
      case 12: {
        const std::int64_t reach = below(4);
        const Near near{size, reach, random_() % 2};
        lines_.push_back(family<fold_placed>.with({.reach = Index(reach)})(
            Index(random_() % 2 == 0 ? length() : size), near, line, pick(singles_)));
        break;
      }
      case 13:
        in_time(line);
        break;
      case 14:
        words(line);
        break;
      case 15:
        if (size > 1)
          lines_.push_back(family<fold_two>(Index(size), Permuted{size, 1 + below(size - 1)}, line));
        break;
      case 16:
      case 17:
        space();
        break;
      default:
        loop(line);
        break;
    }
    if (size > 0 && random_() % 4 == 0) {
      const auto plane = split<placed>(line, 1 + below(7));
      planes_.push_back(random_() % 2 == 0 ? transpose(plane)
                                           : stencil<fold_all>(plane, {{0, -1}, {1, 0}, {-1, 1}}));
      if (random_() % 2 == 0) lines_.push_back(reduce_along<pair_up>(plane, 1));
      if (random_() % 2 == 0) lines_.push_back(reduce_along<pair_up>(plane, 0, {.arity = 3}));
      if (random_() % 3 == 0)
        planes_.push_back(iterate<fold_all>(plane, 1 + below(6), {{0, 0}, {1, 0}, {0, -1}}, Edge::periodic));
    }
    if (random_() % 5 == 0)
      lines_.push_back(as_family(std::vector<Delayed<Word>>{pick(singles_), pick(singles_)}));
  }

  /// Of two to four dimensions, of which none is time.
  void space() {
    Index extent, reach;
    extent.dims = reach.dims = 2 + static_cast<int>(below(3));
    for (int d = 0; d < extent.dims; ++d) {
      extent[d] = 1 + below(d == 0 ? 30 : 5);
      reach[d] = below(3);
    }
    Family<Word> all = family<seed_at>(extent);
    if (!planes_.empty() && random_() % 2 == 0 && pick(planes_).size() > 0) {
      const Family<Word> plane = pick(planes_);
      all = map<pair_up>(map<placed>(plane), plane);
      extent = all.extent();
      reach.dims = extent.dims;
    }
    for (int step = 0; step < 4; ++step) {
      switch (random_() % 6) {
        case 0:
          all = map<placed_pair>(all, pick(singles_));
          break;
        case 1:
          all = map<pair_up>(all, map<placed>(all));
          break;
        case 2:
          all = family<fold_placed>.with({.reach = reach})(extent, NearInSpace{extent, reach, 0}, all);
          break;
        case 3:
          if (random_() % 3 == 0)
            all = family<fold_placed>(extent, NearInSpace{extent, reach, random_() % 2}, all);
          break;
        default: {
          std::vector<Index> offsets(3, extent);
          for (Index& offset : offsets)
            for (int d = 0; d < extent.dims; ++d) offset[d] = below(4) - 1;
          all = stencil<fold_all>(all, offsets, static_cast<Edge>(random_() % 3));
          break;
        }
      }
    }
    planes_.push_back(all);
    if (all.size() == 0) return;
    const int axis = static_cast<int>(below(extent.dims));
    const Family<Word> less = reduce_along<pair_up>(all, axis, {.arity = 2 + below(2)});
    (less.extent().dims == 1 ? lines_ : planes_).push_back(less);
    if (random_() % 2 == 0) singles_.push_back(reduce<pair_up>(all));
  }

  void in_time(const Family<Word>& line) {
    const std::int64_t width = line.size(), back = 1 + below(3), steps = 1 + below(30), period = 1 + below(3);
    FamilyOptions options;
    if (random_() % 3 != 0) options.reach = Index(back, width);
    if (random_() % 2 == 0) options.period = period;
    const auto all = family<fold_two>.with(options)(
        Index(steps, width), InTime{width, back, random_() % 2, random_(), period}, line);
    planes_.push_back(map<placed>(all));
    const std::int64_t reach = below(4);
    const std::int64_t own = 1 + below(30);
    options = {.reach = Index(reach, 0), .steps = true};
    if (own + reach <= steps) options.period = below(2);
    options.periodic_from = reach;
    planes_.push_back(family<fold_placed>.with(options)(Index(own, width), Around{steps, reach, random_()},
                                                        all, line, pick(singles_)));
    lines_.push_back(Family<Word>(all.view().last_step()));
    if (width > 0) lines_.push_back(reduce_along<pair_up>(all, 1));
  }

  /// A family like `old` that reads it, the other states of a loop, or what is outside of it.
  Family<Word> step_of(const Family<Word>& old, const Family<Word>& other, const Delayed<Word>& single) {
    const std::int64_t size = other.size();
    switch (random_() % 10) {
      case 0:
        return map<placed>(old).annotate(wishes());
      case 8:
        return old.size() > 1
                   ? family<fold_two>(old.extent(), Permuted{old.size(), 1 + below(old.size() - 1)}, old)
                   : old;
      case 1:
        return map<placed_pair>(old, single);
      case 2:
        return map<pair_up>(old, map<placed>(old));
      case 3:
        return stencil<fold_all>(old, {{-2}, {0}, {1}}, static_cast<Edge>(random_() % 3));
      case 4:
        return size > 0 ? family<fold_placed>(old.extent(), Scattered{random_(), size}, other) : old;
      case 5:
        return family<fold_placed>.with({.reach = Index(2)})(old.extent(), Near{old.size(), 2, 0}, old,
                                                             pick(singles_));
      case 6:
        return size > 0 ? map<pair_up>(old, reduce<pair_up>(other, {.arity = 2 + below(2)})) : old;
      case 7:
        return size > 0 ? map<pair_up>(old, map<placed_pair>(old, other[below(size)])) : old;
      default:
        return size > 0 && size < 40 ? family<fold_placed>(old.extent(), Scattered{random_(), size},
                                                           all_gather<fold_placed>(other))
                                     : old;
    }
  }

  void loop(const Family<Word>& line) {
    const Family<Word> outside = pick(lines_);
    const Delayed<Word> outer = pick(singles_);
    const bool swaps = random_() % 3 == 0, may_end = random_() % 2 == 0;
    const auto large = map<to_words>(outside);
    const auto plane = split<placed>(line, 1 + below(4));
    const auto [a, b, words, square, single] = iterate(
        1 + below(12),
        [&](Family<Word> a, Family<Word> b, Family<Words> words, Family<Word> square, Delayed<Word> single) {
          Family<Word> next_a = step_of(a, random_() % 3 == 0 ? outside : b, single);
          if (random_() % 2 == 0) next_a = step_of(next_a, a, random_() % 2 == 0 ? outer : single);
          const Family<Word> next_b = swaps ? a : step_of(b, next_a, single);
          Delayed<Word> next_single =
              delayed<pair_up>.annotate(wishes())(single, random_() % 2 == 0 ? outer : single);
          if (line.size() > 0 && random_() % 2 == 0)
            next_single = delayed<pair_up>(reduce<pair_up>(next_b), next_single);
          if (line.size() > 0 && random_() % 2 == 0) next_single = next_single + next_a[below(line.size())];
          const auto next_words = random_() % 2 == 0 ? map<grow_words>(words, next_single) : words;
          const auto next_square = random_() % 2 == 0
                                       ? stencil<fold_placed>(square, {{0, -1}, {1, 0}}, Edge::periodic)
                                       : map<placed_pair>(square, single);
          const auto all = ramal::next(next_a, next_b, next_words, next_square, next_single);
          if (!may_end) return all;
          return all.until(delayed<ends>(random_() % 2 == 0 ? next_single : single, Word(2 + below(9))));
        },
        line, map<placed>(line), large, plane, outer);
    lines_.push_back(a);
    lines_.push_back(b);
    lines_.push_back(map<from_words>(words));
    planes_.push_back(square);
    singles_.push_back(single);
  }

  void words(const Family<Word>& line) {
    auto large = map<to_words>(line);
    large = map<grow_words>(large, line);
    if (random_() % 2 == 0) large = map<grow_words>(large, pick(singles_));
    lines_.push_back(map<from_words>(large));
    if (line.size() > 0) singles_.push_back(delayed<from_words>(reduce<join_words>(large)));
  }

  std::minstd_rand random_;
  std::vector<Family<Word>> lines_;   // one dimension
  std::vector<Family<Word>> planes_;  // more
  std::vector<Delayed<Word>> singles_;
};

}  // namespace ramal::test
