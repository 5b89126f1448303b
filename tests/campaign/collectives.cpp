// SPDX-License-Identifier: BSD-3-Clause
// Statements of collective tasks, over what the Communicator itself offers. Which part lies where is not said, so
// what they make depends on all parts together.
#include "program.hpp"

namespace campaign {
namespace {

bool is_bad(Digest part) { return part % 31 == 0; }

/// The sum over all parts of all ranks.
template <class T>
Digest total(ramal::Communicator& communicator, Inputs<T> mine) {
  communicator.agree([&] {
    for (const T& part : mine)
      if (is_bad(digest(part))) throw std::runtime_error(message_of(digest(part)));
  });
  Digest own = 0;
  for (const T& part : mine) own += digest(part);
  Digest sum = 0;
  for (const std::string& text : communicator.gather(std::to_string(own))) sum += std::stoull(text);
  return sum;
}
template <class T>
T together(ramal::Communicator& communicator, Inputs<T> mine, const T& extra) {
  if (is_bad(digest(extra))) throw std::runtime_error(message_of(digest(extra)));  // on all
  return Maker<T>::make(mixed(total(communicator, mine), digest(extra)));
}
template <class T>
std::vector<T> part_by_part(ramal::Communicator& communicator, Inputs<T> mine) {
  const Digest sum = total(communicator, mine);
  std::vector<T> made;
  for (const T& part : mine) made.push_back(Maker<T>::make(mixed(sum, digest(part))));
  return made;
}

/// Some of the ranks, in some order.
std::vector<int> some_ranks(Program& p) {
  std::vector<int> all, some;
  for (int rank = 0; rank < p.session.ranks(); ++rank) all.push_back(rank);
  for (int n = p.random.between(1, p.session.ranks()); n > 0; --n) {
    some.push_back(p.random.of(all));
    std::erase(all, some.back());
  }
  return some;
}
bool can_wait(const Program& p) { return !p.settings.alone || p.session.ranks() == 1; }

/// What all parts need, and their sum.
template <class T>
struct Parts {
  std::vector<Delayed<T>> lazies;
  Needs needs;
  std::vector<const T*> objects;
  std::vector<Handle<T>> handles;  // of which the objects are

  Parts(Program& p, int most) : needs(p.own()), handles(p.some_handles<T>(most)) {
    for (const auto& handle : handles) {
      lazies.push_back(handle.lazy);
      objects.push_back(needs(handle.expected));
    }
  }
  /// To be told once all inputs are: a part that a function throws for.
  void fail_where_bad() {
    if (needs.failed()) return;
    for (const T* part : objects)
      if (is_bad(digest(*part))) needs.fail(message_of(digest(*part)));
  }
  Digest sum() const {
    Digest sum = 0;
    for (const T* part : objects) sum += digest(*part);
    return sum;
  }
};

void collective(Program& p) {
  if (!can_wait(p)) return;
  pick_value(p.random, [&]<class T>() {
    Parts<T> parts(p, 8);
    const auto extra = p.a_handle<T>();
    const T* object = parts.needs(extra.expected);
    const bool throws_for_all = !parts.needs.failed() && is_bad(digest(*object));
    if (throws_for_all) {
      parts.needs.fail(message_of(digest(*object)));
    } else {
      parts.fail_where_bad();
    }
    const auto expected = parts.needs.outcome([&] { return Maker<T>::make(mixed(parts.sum(), digest(*object))); });
    if (p.random.one_in(2)) {
      p.add(ramal::collective<&together<T>>(parts.lazies, extra.lazy), expected);
    } else {
      p.add(ramal::collective<&together<T>>.on(some_ranks(p))(parts.lazies, extra.lazy), expected);
    }
  });
}

void collective_map(Program& p) {
  if (!can_wait(p)) return;
  pick_value(p.random, [&]<class T>() {
    Parts<T> parts(p, 6);
    parts.fail_where_bad();
    const auto made = p.random.one_in(2) ? ramal::collective_map<&part_by_part<T>>(parts.lazies)
                                         : ramal::collective_map<&part_by_part<T>>.on(some_ranks(p))(parts.lazies);
    for (std::size_t k = 0; k < made.size(); ++k)
      p.add(made[k], parts.needs.outcome([&] { return Maker<T>::make(mixed(parts.sum(), digest(*parts.objects[k]))); }));
  });
}

constexpr Ingredient all[] = {{"collective", 4, &collective}, {"collective_map", 4, &collective_map}};

}  // namespace

std::span<const Ingredient> collective_ingredients() { return all; }

}  // namespace campaign
