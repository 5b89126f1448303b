// SPDX-License-Identifier: BSD-3-Clause
// Statements of families whose members' reads are known to the library: by place alone, element by element,
// neighbours, reductions, others' places, and from and to handles.
#include "family_support.hpp"

namespace campaign {
namespace {

// --- families without sources -----------------------------------------------------------------------------
void start(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const Index extent = an_extent(p);
    if (extent.dims == 1 && p.random.one_in(2)) {
      const auto made = ramal::family<&call<30, T, long>>(extent);
      p.add(perhaps_annotated(p, made), each_place(extent, [&](const Index& place) {
              return called(p.own(), &call<30, T, long>, p.constant(static_cast<long>(place[0])));
            }));
    } else if (p.random.one_in(3)) {
      const auto made = ramal::family<&call<31, T, Index>>(extent);
      p.add(perhaps_annotated(p, made), each_place(extent, [&](const Index& place) {
              return called(p.own(), &call<31, T, Index>, p.constant(place));
            }));
    } else {
      const auto made = ramal::family<&call<32, T, const Index&>>(extent);
      p.add(perhaps_annotated(p, made), each_place(extent, [&](const Index& place) {
              return called(p.own(), &call<32, T, const Index&>, p.constant(place));
            }));
    }
  });
}

// --- element by element -----------------------------------------------------------------------------------
void map_members(Program& p) {
  pick_member(p.random, [&]<class T>() {
    using U = Other<T>;
    const auto a = a_group<T>(p);
    const auto one = p.a_handle<T>();
    const long salt = p.random.below(1000);
    const auto b = of_extent<T>(p, a);
    switch (p.random.below(5)) {
      case 0:
        return p.add(perhaps_annotated(p, ramal::map<&call<33, T, T, long>>(a.lazy, salt)),
                     each_place(a.extent, [&](const Index& place) {
                       return called(p.own(), &call<33, T, T, long>, a.at(place), p.constant(salt));
                     }));
      case 1:
        return p.add(perhaps_annotated(p, ramal::map<&call<34, T, const Index&, const T&, T>>(a.lazy, b.lazy)),
                     each_place(a.extent, [&](const Index& place) {
                       return called(p.own(), &call<34, T, const Index&, const T&, T>, p.constant(place), a.at(place), b.at(place));
                     }));
      case 2:
        return p.add(perhaps_annotated(p, ramal::map<&call<36, T, const T&, T>>(a.lazy, one.lazy)),
                     each_place(a.extent, [&](const Index& place) {
                       return called(p.own(), &call<36, T, const T&, T>, a.at(place), one.expected);
                     }));
      case 3: {
        // A family of one goes to every call, whatever its dimensions.
        const auto single = a_single<T>(p);
        if (a.expected.size() == 1 && !(a.extent == single.extent)) return;  // which of both extents is not said
        return p.add(ramal::map<&call<36, T, const T&, T>>(a.lazy, single.lazy), each_place(a.extent, [&](const Index& place) {
                       return called(p.own(), &call<36, T, const T&, T>, a.at(place), single.expected.front());
                     }));
      }
      default:
        return [&] {
          if constexpr (requires { p.groups<U>(); }) {
            p.add(perhaps_annotated(p, ramal::map<&call<35, U, T>>(a.lazy)), each_place(a.extent, [&](const Index& place) {
                    return called(p.own(), &call<35, U, T>, a.at(place));
                  }));
          }
        }();
    }
  });
}

// --- neighbours -------------------------------------------------------------------------------------------
void stencils(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group<T>(p);
    const auto edge = static_cast<ramal::Edge>(p.random.below(3));
    const int form = edge == ramal::Edge::open ? p.random.below(2) : p.random.below(3);
    const auto offsets = some_offsets(p, a.extent.dims, form == 2 ? 3 : p.random.between(1, 5));
    if (form == 0) {
      p.add(perhaps_annotated(p, ramal::stencil<&call<40, T, Inputs<T>>>(a.lazy, offsets, edge)),
            each_place(a.extent, [&](const Index& place) {
              return with_neighbours(p, a, place, offsets, edge, [](Inputs<T> read) { return call<40, T, Inputs<T>>(read); });
            }));
    } else if (form == 1) {
      p.add(perhaps_annotated(p, ramal::stencil<&call<41, T, const Index&, Inputs<T>>>(a.lazy, offsets, edge)),
            each_place(a.extent, [&](const Index& place) {
              return with_neighbours(p, a, place, offsets, edge,
                                     [&](Inputs<T> read) { return call<41, T, const Index&, Inputs<T>>(place, read); });
            }));
    } else {
      p.add(perhaps_annotated(p, ramal::stencil<&call<42, T, const T&, T, const T&>>(a.lazy, offsets, edge)),
            each_place(a.extent, [&](const Index& place) {
              return with_neighbours(p, a, place, offsets, edge, [](Inputs<T> read) {
                return call<42, T, const T&, T, const T&>(read[0], read[1], read[2]);
              });
            }));
    }
  });
}

void iterate_stencil(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_state<T>(p);
    const auto edge = static_cast<ramal::Edge>(p.random.below(3));
    const int steps = p.random.one_in(4) ? p.random.between(1, 12) : p.random.between(1, 4);
    const bool with_place = p.random.one_in(2);
    const auto offsets = some_offsets(p, a.extent.dims, p.random.between(1, 4));
    auto now = a;
    for (int step = 0; step < steps; ++step) {
      now.expected = each_place(a.extent, [&](const Index& place) {
        return with_neighbours(p, now, place, offsets, edge, [&](Inputs<T> read) {
          return with_place ? call<43, T, const Index&, Inputs<T>>(at_step(step, place), read) : call<44, T, Inputs<T>>(read);
        });
      });
    }
    p.say("iterate " + std::to_string(steps) + " steps of " + a.extent.text() + (with_place ? " with places" : ""));
    p.add(with_place ? ramal::iterate<&call<43, T, const Index&, Inputs<T>>>(a.lazy, steps, offsets, edge)
                     : ramal::iterate<&call<44, T, Inputs<T>>>(a.lazy, steps, offsets, edge),
          now.expected, false);
  });
}

// --- reductions -------------------------------------------------------------------------------------------
void reduce_members(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group<T>(p);
    const int arity = p.random.one_in(2) ? 2 : p.random.between(3, 5);
    const bool in_groups = p.random.one_in(2);
    if (a.expected.empty()) {
      try {
        ramal::reduce<&call<45, T, Inputs<T>>>(a.lazy, {.arity = arity});
      } catch (const std::invalid_argument&) {
        return;
      }
      throw Fault("reduce of an empty family " + a.extent.text() + " was not refused");
    }
    auto shape = a.extent;
    auto level = a.expected;
    for (int axis = shape.dims; axis-- > 0;)
      level = in_groups ? along<45, true>(p, level, shape, axis, arity) : along<46, false>(p, level, shape, axis, arity);
    p.say("reduce " + a.extent.text() + " arity " + std::to_string(arity));
    p.add(in_groups ? ramal::reduce<&call<45, T, Inputs<T>>>(a.lazy, {.arity = arity})
                    : ramal::reduce<&call<46, T, T, const T&>>(a.lazy, {.arity = arity}),
          level.front());
  });
}

void reduce_along(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group<T>(p);
    if (a.extent.dims < 2) return;
    const int axis = p.random.below(a.extent.dims);
    if (a.extent[axis] == 0) return;
    for (int d = 0; d < a.extent.dims; ++d)
      if (!p.has("reduce_along_unit") && a.extent[d] == 1) return;
    const int arity = p.random.one_in(2) ? 2 : p.random.between(3, 5);
    const bool in_groups = p.random.one_in(2);
    auto shape = a.extent;
    auto level = in_groups ? along<45, true>(p, a.expected, shape, axis, arity) : along<46, false>(p, a.expected, shape, axis, arity);
    p.say("reduce_along " + a.extent.text() + " axis " + std::to_string(axis) + " arity " + std::to_string(arity));
    p.add(in_groups ? ramal::reduce_along<&call<45, T, Inputs<T>>>(a.lazy, axis, {.arity = arity})
                    : ramal::reduce_along<&call<46, T, T, const T&>>(a.lazy, axis, {.arity = arity}),
          level);
  });
}

// --- others' places ---------------------------------------------------------------------------------------
void transposed(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group_of_dims<T>(p, 2);
    const Index extent(a.extent[1], a.extent[0]);
    p.add(perhaps_annotated(p, ramal::transpose(a.lazy)),
          each_place(extent, [&](const Index& place) { return a.at(Index(place[1], place[0])); }));
  });
}

void gathered(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group_of_dims<T>(p, 1);
    const int block = p.random.between(1, 5);
    const auto size = a.extent[0];
    p.add(perhaps_annotated(p, ramal::coarsen<&call<47, T, Inputs<T>>>(a.lazy, block)),
          each_place(Index((size + block - 1) / block), [&](const Index& place) {
            const auto from = static_cast<std::size_t>(place[0] * block);
            const auto count = std::min(static_cast<std::size_t>(block), a.expected.size() - from);
            return called_with_all<T>(p.own(), [](Inputs<T> read) { return call<47, T, Inputs<T>>(read); },
                                      std::span(a.expected).subspan(from, count));
          }));
  });
}

void scattered(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group_of_dims<T>(p, 1);
    const int parts = p.random.between(1, 4);
    p.add(perhaps_annotated(p, ramal::split<&call<48, T, Index, const T&>>(a.lazy, parts)),
          each_place(Index(a.extent[0], parts), [&](const Index& place) {
            return called(p.own(), &call<48, T, Index, const T&>, p.constant(place), a.at(Index(place[0])));
          }));
  });
}

void all_to_all(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group<T>(p);
    p.add(perhaps_annotated(p, ramal::all_gather<&call<49, T, const Index&, Inputs<T>>>(a.lazy)),
          each_place(a.extent, [&](const Index& place) {
            return called_with_all<T>(
                p.own(), [&](Inputs<T> read) { return call<49, T, const Index&, Inputs<T>>(place, read); },
                std::span(a.expected));
          }));
  });
}

void shuffled(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group_of_dims<T>(p, 1);
    const int parts = p.random.between(1, 4);
    p.add(perhaps_annotated(p, ramal::shuffle<&call<50, T, Index, T>, &call<51, T, Inputs<T>>>(a.lazy, parts)),
          each_place(Index(parts), [&](const Index& k) {
            Outcomes<T> pieces;
            for (std::int64_t i = 0; i < a.extent[0]; ++i)
              pieces.push_back(called(p.own(), &call<50, T, Index, T>, p.constant(Index(i, k[0])), a.at(Index(i))));
            return called_with_all<T>(p.own(), [](Inputs<T> read) { return call<51, T, Inputs<T>>(read); }, std::span<const Outcome<T>>(pieces));
          }));
  });
}

// --- from and to handles ----------------------------------------------------------------------------------
void from_handles(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto some = p.some_handles<T>(8);
    if (some.empty()) return;
    std::vector<Delayed<T>> lazies;
    Outcomes<T> expected;
    for (const auto& handle : some) {
      lazies.push_back(handle.lazy);
      expected.push_back(handle.expected);
    }
    p.add(ramal::as_family(lazies), expected, false, true);
  });
}

void one_member(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group<T>(p);
    if (a.expected.empty()) return;
    const Index place = a.extent.place_of(p.random.below(static_cast<int>(a.expected.size())));
    if (place.dims == 2 && p.random.one_in(2)) {
      p.add(a.lazy(place[0], place[1]), a.at(place));
    } else {
      p.add(a.lazy[place], a.at(place));
    }
    Index beyond = place;
    beyond[place.dims - 1] = a.extent[place.dims - 1];
    try {
      a.lazy[beyond];
    } catch (const std::out_of_range&) {
      return;
    }
    throw Fault("the member " + beyond.text() + " of " + a.extent.text() + " was not refused");
  });
}

/// A few of all members, so that the pool is not full of them.
void all_members(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group<T>(p);
    const auto members = a.lazy.members();
    if (members.size() != a.expected.size()) throw Fault("members() of " + a.extent.text() + " has another number");
    for (std::size_t i = 0; i < members.size(); i += 1 + members.size() / 4) p.add(members[i], a.expected[i]);
  });
}

/// What wishes cannot be added to says so.
void refused_wishes(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group<T>(p);
    if (a.annotatable && !a.persisted) return;
    try {
      a.lazy.annotate({.priority = 1});
    } catch (const std::invalid_argument&) {
      return;
    }
    throw Fault("annotate was not refused for a family that is persisted, that a loop leaves or that is made of handles");
  });
}

constexpr Ingredient all[] = {{"start", 8, &start},
                              {"map", 6, &map_members},
                              {"stencil", 6, &stencils},
                              {"iterate_stencil", 4, &iterate_stencil},
                              {"reduce", 4, &reduce_members},
                              {"reduce_along", 5, &reduce_along},
                              {"transpose", 2, &transposed},
                              {"gather", 2, &gathered},
                              {"scatter", 2, &scattered},
                              {"all_to_all", 2, &all_to_all},
                              {"shuffle", 2, &shuffled},
                              {"as_family", 3, &from_handles},
                              {"member", 3, &one_member},
                              {"members", 2, &all_members},
                              {"refused_wishes", 1, &refused_wishes}};

}  // namespace

std::span<const Ingredient> family_ingredients() { return all; }

}  // namespace campaign
