// SPDX-License-Identifier: BSD-3-Clause
// Statements of families that read what a function of the program says: other families, handles and values,
// and earlier members of their own, with and without what is known of it.
#include "family_support.hpp"

namespace campaign {
namespace {

/// How one source is read.
enum class Way : std::int32_t { none, near, far, single };

/// What a place reads, as plain memory; `each` is all that there is to know, in either form.
struct Reading {
  Index extent;
  std::int32_t sources = 0;
  std::int32_t steps = 0;   ///< the first dimension is time
  std::int32_t period = 1;  ///< offsets change with the step so often
  std::int32_t self_back = 1;  ///< in steps: how many steps back at most
  struct Source {
    Index shape;
    Way way = Way::none;
    std::int32_t exactly_one = 0;
    std::int64_t count = 1, multiply = 1, add = 0;
  };
  std::int32_t self_first = 0;
  std::array<Source, 3> of;  ///< after the sources, the family itself
  std::array<Index, 4> near;   ///< offsets
  std::int32_t bad_way = 0;    ///< 1: out of range, 2: itself, 3: further than its reach
  std::int64_t bad_place = -1;

  static bool contains(const Index& lengths, const Index& place) {
    for (int d = 0; d < lengths.dims; ++d)
      if (place[d] < 0 || place[d] >= lengths[d]) return false;
    return true;
  }
  std::int32_t itself() const { return sources; }

  /// use(source, place) for all that it reads, in order.
  template <class Use>
  void each(const Index& place, const Use& use) const {
    const std::int64_t number = extent.number_of(place);
    if (self_first != 0) each_of(itself(), place, number, use);
    for (std::int32_t k = 0; k < sources; ++k) each_of(k, place, number, use);
    if (self_first == 0) each_of(itself(), place, number, use);
    if (number != bad_place) return;
    if (bad_way == 1) use(0, of[0].shape);
    if (bad_way == 2) use(itself(), place);
  }
  template <class Use>
  void each_of(std::int32_t k, const Index& place, std::int64_t number, const Use& use) const {
    const Source& source = of[static_cast<std::size_t>(k)];
    const std::int64_t phase = steps != 0 ? place[0] % period : 0;
    const std::int64_t count = source.exactly_one != 0 ? 1 : (source.count + phase) % 4;
    for (std::int64_t j = 0; j < count; ++j) {
      if (source.way == Way::single) use(k, source.shape.place_of(0));
      if (source.way == Way::far) read_far(k, source, number, j, use);
      if (source.way == Way::near) read_near(k, source, place, j + phase, use);
    }
  }
  template <class Use>
  void read_far(std::int32_t k, const Source& source, std::int64_t number, std::int64_t j, const Use& use) const {
    const std::int64_t volume = k == itself() ? number : source.shape.volume();
    if (volume > 0) use(k, source.shape.place_of((number * source.multiply + source.add + 3 * j) % volume));
  }
  template <class Use>
  void read_near(std::int32_t k, const Source& source, const Index& place, std::int64_t j, const Use& use) const {
    Index read = place;
    const Index& offset = near[static_cast<std::size_t>(j % 4)];
    for (int d = 0; d < read.dims; ++d) read[d] += offset[d];
    if (k == itself()) {
      if (steps != 0) read[0] = place[0] - 1 - j % self_back;
      // Of its own, an earlier one: in the first dimension before it, or in it with earlier others.
      if (!contains(extent, read) || extent.number_of(read) >= extent.number_of(place)) return;
    } else {
      if (steps != 0) read[0] = place[0];
      for (int d = 0; d < read.dims; ++d) read[d] = std::clamp<std::int64_t>(read[d], 0, source.shape[d] - 1);
    }
    use(k, read);
  }

  void operator()(const Index& place, ramal::Reads& reads) const {
    each(place, [&](std::int32_t k, const Index& read) {
      if (k == itself()) {
        reads.self(read);
      } else {
        reads(static_cast<std::uint32_t>(k), read);
      }
    });
  }
};
/// The same with a word on who reads what, by looking at all.
struct Told : Reading {
  void inverse(std::uint32_t k, const Index& place, ramal::Readers& readers) const {
    for (std::int64_t number = 0; number < extent.volume(); ++number) {
      const Index reader = extent.place_of(number);
      bool reads_it = false;
      each(reader, [&](std::int32_t source, const Index& read) {
        reads_it = reads_it || (static_cast<std::uint32_t>(source) == k && read == place);
      });
      if (reads_it) readers(reader);
    }
  }
};

Way a_way(Program& p, const Index& extent, const Index& shape) {
  if (shape.volume() == 0) return Way::none;
  if (shape.volume() == 1 && p.random.one_in(2)) return Way::single;
  return shape == extent && p.random.one_in(2) ? Way::near : Way::far;
}
void set_source(Program& p, Reading& reading, int k, const Index& shape, bool exactly_one) {
  auto& source = reading.of[static_cast<std::size_t>(k)];
  source = {shape, a_way(p, reading.extent, shape), exactly_one ? 1 : 0, p.random.between(0, 3), p.random.between(1, 7), p.random.below(9)};
}

/// How far a place reads at most, or nothing where it may be anywhere.
std::optional<Index> reach_of(const Reading& reading) {
  Index reach = reading.extent;
  for (int d = 0; d < reach.dims; ++d) reach[d] = 0;
  bool is_known = true;
  for (std::int64_t number = 0; number < reading.extent.volume(); ++number) {
    const Index place = reading.extent.place_of(number);
    reading.each(place, [&](std::int32_t k, const Index& read) {
      const auto& shape = reading.of[static_cast<std::size_t>(k)].shape;
      if (shape.dims == place.dims && shape.volume() > 1) {
        for (int d = 0; d < place.dims; ++d) reach[d] = std::max(reach[d], std::abs(read[d] - place[d]));
      } else if (shape.volume() != 1) {
        is_known = false;
      }
    });
  }
  if (!is_known) return std::nullopt;
  return reach;
}

/// Ways of its own members: in steps, or before it in any manner.
void set_itself(Program& p, Reading& reading) {
  auto& itself = reading.of[static_cast<std::size_t>(reading.itself())];
  itself.shape = reading.extent;
  itself.count = p.random.between(0, 3);
  itself.multiply = p.random.between(1, 7);
  itself.add = p.random.below(9);
  itself.way = p.random.one_in(3) && reading.steps == 0 ? Way::far : Way::near;
}

Reading a_reading(Program& p, const Index& extent, int sources) {
  Reading reading;
  reading.extent = extent;
  reading.sources = sources;
  reading.self_first = p.random.below(2);
  for (Index& offset : reading.near) {
    offset.dims = extent.dims;
    for (int d = 0; d < extent.dims; ++d) offset[d] = p.random.between(-2, 2);
  }
  return reading;
}

/// What is wrong with a read, in the words that its error must have.
std::optional<std::string> problem_of(const Reading& reading, std::int32_t k, const Index& read, const Index& place,
                                      const std::optional<Index>& reach) {
  const Index& shape = reading.of[static_cast<std::size_t>(k)].shape;
  const std::string text = "reads " + read.text() + " of ";
  if (read.dims != shape.dims || !Reading::contains(shape, read)) return text + "a source of extent " + shape.text();
  if (reach && reach->dims == read.dims && shape.volume() > 1)
    for (int d = 0; d < read.dims; ++d)
      if (std::abs(read[d] - place[d]) > (*reach)[d]) return text + "source " + std::to_string(k) + ", which is further than";
  if (k == reading.itself() && shape.number_of(read) >= shape.number_of(place)) return text + "its own family";
  return std::nullopt;
}

/// How one member is found.
template <class Member>
struct Reader {
  const Reading& reading;
  const std::optional<Index>& reach;
  Statements own;

  /// take(needs, source, place) for each read, then the call.
  template <class Take, class Call>
  Member operator()(const Index& place, const Take& take, const Call& call) const {
    Needs needs(own);
    std::optional<std::string> problem;
    reading.each(place, [&](std::int32_t k, const Index& read) {
      if (problem) return;
      problem = problem_of(reading, k, read, place, reach);
      if (!problem) take(needs, k, read);
    });
    if (problem) needs.fail(*problem);
    return needs.outcome(call);
  }
};

ramal::FamilyOptions options_for(Program& p, const Reading& reading, std::optional<Index>& reach) {
  ramal::FamilyOptions options;
  reach = p.has("reach") && p.random.one_in(2) ? reach_of(reading) : std::nullopt;
  if (reach && p.has("reach_too_small") && p.random.one_in(6)) {
    auto& length = (*reach)[p.random.below(reach->dims)];
    length = std::max<std::int64_t>(0, length - 1);
  }
  options.reach = reach;
  options.steps = reading.steps != 0;
  if (reading.steps != 0 && reading.bad_place < 0 && p.has("period") && p.random.one_in(2)) {
    options.period = reading.period;
    options.periodic_from = reading.self_back + reading.period;
    while (options.periodic_from % reading.period != 0) ++options.periodic_from;
  }
  return options;
}
/// The family with its options, or without where it has none.
template <auto f, class... Sources>
auto made(Program& p, const ramal::FamilyOptions& options, const Reading& reading, const Sources&... sources) {
  const bool is_told = p.has("inverse") && p.random.one_in(3);
  p.say("  reads: extent " + reading.extent.text() + " sources " + std::to_string(reading.sources) +
        " steps " + std::to_string(reading.steps) + " period " + std::to_string(options.period) + " from " +
        std::to_string(options.periodic_from) + " reach " + (options.reach ? options.reach->text() : "none") +
        (is_told ? " inverse" : "") + " bad " + std::to_string(reading.bad_way) + " at " +
        std::to_string(reading.bad_place));
  const auto function = ramal::family<f>.with(options);
  const bool is_plain = !options.reach && !options.steps;
  if (is_told) {
    const Told told{reading};
    return is_plain ? ramal::family<f>(reading.extent, told, sources...) : function(reading.extent, told, sources...);
  }
  return is_plain ? ramal::family<f>(reading.extent, reading, sources...) : function(reading.extent, reading, sources...);
}
void spoil(Program& p, Reading& reading, bool reads_itself) {
  const auto volume = reading.extent.volume();
  if (!p.has("bad_reads") || !p.random.one_in(8) || volume == 0) return;
  reading.bad_place = p.random.below(static_cast<int>(volume));
  reading.bad_way = reads_itself && p.random.one_in(2) ? 2 : 1;
  if (reading.bad_way == 1 && reading.sources == 0) reading.bad_place = -1;
}

// --- of other families --------------------------------------------------------------------------------------
void reads_one(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group<T>(p);
    const Index extent = p.random.one_in(2) ? a.extent : an_extent(p);
    Reading reading = a_reading(p, extent, 1);
    set_source(p, reading, 0, a.extent, false);
    spoil(p, reading, false);
    std::optional<Index> reach;
    const auto options = options_for(p, reading, reach);
    const auto family = made<&call<61, T, const Index&, Inputs<T>>>(p, options, reading, a.lazy);
    const Reader<Outcome<T>> reader{reading, reach, p.own()};
    p.add(perhaps_annotated(p, family), each_place(extent, [&](const Index& place) {
            Many<T> read;
            return reader(place, [&](Needs& needs, int, const Index& at) { read.add(needs(a.at(at))); },
                          [&] { return call<61, T, const Index&, Inputs<T>>(place, read.view()); });
          }));
  });
}

/// Exactly one of a handle, a value or a family, and any number of another.
void reads_two(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto b = a_group<T>(p);
    const Index extent = p.random.one_in(2) ? b.extent : an_extent(p);
    Group<T> a = a_group<T>(p);
    const auto handle = p.a_handle<T>();
    const bool by_handle = p.random.one_in(2) || a.expected.empty();
    if (by_handle) {
      a.extent = Index(1);
      a.expected = {handle.expected};
    }
    Reading reading = a_reading(p, extent, 2);
    set_source(p, reading, 0, a.extent, true);
    set_source(p, reading, 1, b.extent, false);
    spoil(p, reading, false);
    if (reading.bad_way == 1) reading.bad_place = -1;  // one more than exactly one: another error
    std::optional<Index> reach;
    const auto options = options_for(p, reading, reach);
    const auto family = by_handle ? made<&call<62, T, Index, T, Inputs<T>>>(p, options, reading, handle.lazy, b.lazy)
                                  : made<&call<62, T, Index, T, Inputs<T>>>(p, options, reading, a.lazy, b.lazy);
    const Reader<Outcome<T>> reader{reading, reach, p.own()};
    p.add(perhaps_annotated(p, family), each_place(extent, [&](const Index& place) {
            const T* one = nullptr;
            Many<T> read;
            return reader(
                place,
                [&](Needs& needs, int k, const Index& at) {
                  if (k == 0) {
                    one = needs(a.at(at));
                  } else {
                    read.add(needs(b.at(at)));
                  }
                },
                [&] { return call<62, T, Index, T, Inputs<T>>(place, *one, read.view()); });
          }));
  });
}

// --- of earlier members of its own ---------------------------------------------------------------------------
/// The first dimension as time, or not; then with a source or without.
Reading of_itself(Program& p, const Index& extent, int sources) {
  Reading reading = a_reading(p, extent, sources);
  if (p.has("steps") && p.random.one_in(2)) {
    reading.steps = 1;
    reading.period = p.has("period") ? p.random.between(1, 3) : 1;
    reading.self_back = p.random.between(1, 2);
  }
  set_itself(p, reading);
  return reading;
}

void reads_itself_alone(Program& p) {
  if (!p.has("self")) return;
  pick_member(p.random, [&]<class T>() {
    const Index extent = an_extent(p);
    Reading reading = of_itself(p, extent, 0);
    spoil(p, reading, true);
    std::optional<Index> reach;
    const auto options = options_for(p, reading, reach);
    const auto family = made<&call<64, T, Index, Inputs<T>>>(p, options, reading);
    const Reader<Outcome<T>> reader{reading, reach, p.own()};
    Group<T> itself{family, extent, {}};
    for (std::int64_t number = 0; number < extent.volume(); ++number) {
      const Index place = extent.place_of(number);
      Many<T> read;
      itself.expected.push_back(reader(place, [&](Needs& needs, int, const Index& at) { read.add(needs(itself.at(at))); },
                                       [&] { return call<64, T, Index, Inputs<T>>(place, read.view()); }));
    }
    p.add(perhaps_annotated(p, family), itself.expected);
  });
}

/// With a source: its own members for a parameter of their own, or for that of the last source.
void reads_itself(Program& p) {
  if (!p.has("self")) return;
  pick_member(p.random, [&]<class T>() {
    auto a = a_group<T>(p);
    const Index extent = p.random.one_in(2) ? a.extent : an_extent(p);
    const bool is_shared = p.has("self_shared") && p.random.one_in(3);
    Reading reading = of_itself(p, extent, 1);
    set_source(p, reading, 0, a.extent, false);
    // In steps, all that is read moves on with them.
    if (reading.steps != 0 && reading.of[0].way == Way::far) reading.of[0].way = Way::none;
    spoil(p, reading, true);
    std::optional<Index> reach;
    const auto options = options_for(p, reading, reach);
    p.say(is_shared ? "  a parameter for both" : "  a parameter for each");
    const auto family = is_shared ? made<&call<65, T, Index, Inputs<T>>>(p, options, reading, a.lazy)
                                  : made<&call<65, T, Index, Inputs<T>, Inputs<T>>>(p, options, reading, a.lazy);
    const Reader<Outcome<T>> reader{reading, reach, p.own()};
    Group<T> itself{family, extent, {}};
    for (std::int64_t number = 0; number < extent.volume(); ++number) {
      const Index place = extent.place_of(number);
      Many<T> read, both, own;
      itself.expected.push_back(reader(
          place,
          [&](Needs& needs, int k, const Index& at) {
            const T* object = k == 0 ? needs(a.at(at)) : needs(itself.at(at));
            both.add(object);
            (k == 0 ? read : own).add(object);
          },
          [&] {
            return is_shared ? call<65, T, Index, Inputs<T>>(place, both.view())
                             : call<65, T, Index, Inputs<T>, Inputs<T>>(place, read.view(), own.view());
          }));
    }
    p.add(perhaps_annotated(p, family), itself.expected);
  });
}

constexpr Ingredient all[] = {{"reads_one", 8, &reads_one},
                              {"reads_two", 6, &reads_two},
                              {"reads_itself_alone", 6, &reads_itself_alone},
                              {"reads_itself", 8, &reads_itself}};

}  // namespace

std::span<const Ingredient> dependence_ingredients() { return all; }

}  // namespace campaign
