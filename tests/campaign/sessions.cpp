// SPDX-License-Identifier: BSD-3-Clause
// Statements of what a session does, and the rules they must keep: the right values, bit for bit; an error where
// something that was asked for needs one, one of those, and none else; and the session lives on.
#include "family_support.hpp"

#include <atomic>

namespace campaign {
namespace {

/// What a call may end with.
struct Rule {
  Errors errors = {};
  Statements needed = 0;
  bool of_whole_families = false;  ///< that are run or waited for, rather than their members fetched

  template <class T>
  void ask(const Outcome<T>& outcome) {
    errors.insert(outcome.errors.begin(), outcome.errors.end());
    needed |= outcome.needed;
  }
  template <class T>
  void ask(const Outcomes<T>& outcomes) {
    for (const auto& outcome : outcomes) ask(outcome);
  }
};

std::string list(const Errors& errors) {
  std::string text;
  for (const int number : errors) {
    if (text.size() > 300) return text + " …";
    text += "\n    " + Messages::text(number);
  }
  return text.empty() ? " none" : text;
}

/// Runs it, and holds how it ends against the rule. False if it threw as it should.
template <class Run>
bool ends_by(Program& p, const Rule& rule, const std::string& what, const Run& run) {
  try {
    run();
  } catch (const ramal::TaskError& error) {
    const std::string& message = error.details().message;
    p.say("  threw: " + std::string(error.what()));
    for (const int number : rule.errors)
      if (message.find(Messages::text(number)) != std::string::npos) return false;
    if (rule.of_whole_families && !p.has("unneeded_errors")) return false;
    throw Fault(what + " threw what nothing that was asked for needs: " + error.what() + "\n  expected one of:" + list(rule.errors));
  } catch (const ramal::CancelledError& error) {
    p.say("  cancelled: " + std::string(error.what()));
    if ((rule.needed & p.given_up) != 0) return false;
    throw Fault(what + " threw CancelledError: " + error.what() + "\n  expected errors:" + list(rule.errors));
  }
  // Given up, it may also have been made in time; a failure is a failure.
  if (!rule.errors.empty()) throw Fault(what + " did not throw; expected one of:" + list(rule.errors));
  return true;
}

template <class T>
void expect(const std::string& what, const Outcome<T>& expected, const T& found) {
  if (digest(*expected.value) == digest(found)) return;
  throw Fault(what + ": expected " + ramal::preview(*expected.value) + ", found " + ramal::preview(found));
}
template <class T>
void expect_all(const std::string& what, const Outcomes<T>& expected, const std::vector<T>& found) {
  if (expected.size() != found.size())
    throw Fault(what + ": expected " + std::to_string(expected.size()) + " values, found " + std::to_string(found.size()));
  for (std::size_t i = 0; i < found.size(); ++i) expect<T>(what + ", number " + std::to_string(i), expected[i], found[i]);
}

// --- compute --------------------------------------------------------------------------------------------------
/// Handles of all types, to be computed at once.
struct Targets {
  std::tuple<std::vector<Delayed<long>>, std::vector<Delayed<double>>, std::vector<Delayed<Point>>, std::vector<Delayed<std::string>>,
             std::vector<Delayed<Words>>, std::vector<Delayed<Field>>, std::vector<Delayed<Sheet>>, std::vector<Delayed<bool>>>
      lazies;
  std::tuple<Outcomes<long>, Outcomes<double>, Outcomes<Point>, Outcomes<std::string>, Outcomes<Words>, Outcomes<Field>, Outcomes<Sheet>, Outcomes<bool>>
      expected;
  Rule rule;
  int count = 0;

  template <class T>
  void add(const Delayed<T>& lazy, const Outcome<T>& outcome) {
    std::get<std::vector<Delayed<T>>>(lazies).push_back(lazy);
    std::get<Outcomes<T>>(expected).push_back(outcome);
    rule.ask(outcome);
    ++count;
  }
};

template <class T>
void compare(const std::vector<T>& found, const Targets& targets) {
  expect_all<T>("compute", std::get<Outcomes<T>>(targets.expected), found);
}
inline void compare(const std::vector<bool>& found, const Targets& targets) {
  const auto& expected = std::get<Outcomes<bool>>(targets.expected);
  for (std::size_t i = 0; i < found.size(); ++i) expect<bool>("compute", expected[i], found[i]);
}
void compute(Program& p, const Targets& targets) {
  p.say("compute " + std::to_string(targets.count) + " handles");
  ends_by(p, targets.rule, "compute", [&] {
    const auto found = p.session.compute(targets.lazies);
    std::apply([&](const auto&... values) { (compare(values, targets), ...); }, found);
  });
}
template <class T>
void compute(Program& p, const Group<T>& group) {
  p.say("compute the family " + std::to_string(group.statement) + " of " + group.extent.text());
  Rule rule;
  rule.ask(group.expected);
  ends_by(p, rule, "compute of a family", [&] { expect_all<T>("a family of " + group.extent.text(), group.expected, p.session.compute(group.lazy)); });
}

void compute_handles(Program& p) {
  Targets targets;
  p.each_handles([&](auto& all) {
    for (const auto& handle : all)
      if (p.random.one_in(3)) targets.add(handle.lazy, handle.expected);
  });
  compute(p, targets);
}
void compute_members(Program& p) {
  Targets targets;
  p.each_groups([&](auto& all) {
    for (const auto& group : all) {
      if (group.expected.empty() || !p.random.one_in(2)) continue;
      for (int n = p.random.between(1, 4); n > 0; --n) {
        const Index place = group.extent.place_of(p.random.below(static_cast<int>(group.expected.size())));
        targets.add(group.lazy[place], group.at(place));
      }
    }
  });
  compute(p, targets);
}
void compute_family(Program& p) {
  pick_member(p.random, [&]<class T>() { compute(p, a_group<T>(p)); });
}

// --- run ------------------------------------------------------------------------------------------------------
void run_families(Program& p) {
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group<T>(p);
    const auto b = a_group<T>(p);
    const auto c = a_group<long>(p);
    if ((a.persisted || b.persisted || c.persisted) && !p.has("run_persisted")) return;
    Rule rule;
    rule.of_whole_families = true;
    rule.ask(a.expected);
    p.say("run the family " + std::to_string(a.statement) + " of " + a.extent.text());
    if (p.random.one_in(2)) {
      ends_by(p, rule, "run", [&] { p.session.run(a.lazy); });
    } else {
      rule.ask(b.expected);
      rule.ask(c.expected);
      p.say("  and " + std::to_string(b.statement) + ", " + std::to_string(c.statement));
      ends_by(p, rule, "run of several", [&] { p.session.run(c.lazy, std::vector{a.lazy, b.lazy}); });
    }
  });
}

std::atomic<Digest> effects;
template <class T>
void effect(const Index& place, const T& value) {
  effects += mixed(digest(place), digest(value));
}
/// Each member is run once, whatever has failed beside it.
void run_effects(Program& p) {
  if (!p.settings.one_process) return;
  pick_member(p.random, [&]<class T>() {
    const auto a = a_group<T>(p);
    Rule rule;
    rule.of_whole_families = true;
    rule.ask(a.expected);
    Digest sum = 0;
    for (std::size_t i = 0; i < a.expected.size(); ++i)
      if (!a.expected[i].failed()) sum += mixed(digest(a.extent.place_of(static_cast<std::int64_t>(i))), digest(*a.expected[i].value));
    p.say("run effects of the family " + std::to_string(a.statement) + " of " + a.extent.text());
    effects = 0;
    ends_by(p, rule, "run of effects", [&] { p.session.run(ramal::map<&effect<T>>(a.lazy)); });
    if (effects != sum && (rule.needed & p.given_up) == 0) throw Fault("run: not each member was run once");
  });
}

// --- persisted results ------------------------------------------------------------------------------------------
void persist(Program& p) {
  p.each_handles([&](auto& all) {
    for (auto& handle : all) {
      if (!p.random.one_in(3)) continue;
      p.say("persist " + std::to_string(handle.statement));
      p.session.persist(handle.lazy);
      handle.persisted = true;
    }
  });
}
/// persisted(handles of one type, their outcomes) for each type that has some.
template <class Use>
void each_persisted(Program& p, const Use& use) {
  p.each_handles([&]<class T>(std::vector<Handle<T>>& all) {
    std::vector<Delayed<T>> lazies;
    Rule rule;
    for (const auto& handle : all) {
      if (!handle.persisted || p.random.one_in(3)) continue;
      lazies.push_back(handle.lazy);
      rule.ask(handle.expected);
    }
    if (!lazies.empty()) use(lazies, rule);
  });
}
void wait(Program& p) {
  each_persisted(p, [&](const auto& lazies, const Rule& rule) {
    p.say("wait for " + std::to_string(lazies.size()));
    if (p.random.one_in(3)) {
      ends_by(p, rule, "wait_for", [&] {
        while (!p.session.wait_for(lazies, std::chrono::duration<double>(1e-4))) continue;
      });
    } else {
      ends_by(p, rule, "wait", [&] { p.session.wait(lazies); });
    }
  });
}
void ready(Program& p) {
  each_persisted(p, [&](const auto& lazies, const Rule&) {
    p.say("ready? of " + std::to_string(lazies.size()));
    if (p.random.one_in(2)) {
      p.session.ready(lazies);
    } else {
      while (!p.session.ready(lazies)) p.session.progress();
    }
  });
}
void as_completed(Program& p) {
  each_persisted(p, [&](const auto& lazies, const Rule&) {
    p.say("as_completed of " + std::to_string(lazies.size()));
    std::multiset<const void*> expected, found;
    for (const auto& lazy : lazies) expected.insert(lazy.task_handle().get());
    for (const auto [index, lazy] : p.session.as_completed(lazies)) {
      if (!same_task(lazy, lazies[index])) throw Fault("as_completed gave a wrong index");
      found.insert(lazy.task_handle().get());
    }
    if (expected != found) throw Fault("as_completed did not give each handle once");
  });
}

void persist_families(Program& p) {
  p.each_groups([&](auto& all) {
    for (auto& group : all) {
      if (!p.random.one_in(4)) continue;
      p.say("persist the family " + std::to_string(group.statement) + " of " + group.extent.text());
      p.session.persist(group.lazy);
      group.persisted = true;
    }
  });
}
void wait_families(Program& p) {
  p.each_groups([&](auto& all) {
    for (auto& group : all) {
      if (!group.persisted || p.random.one_in(3)) continue;
      if (group.of_handles && !p.has("wait_as_family")) continue;
      Rule rule;
      rule.of_whole_families = true;
      rule.ask(group.expected);
      p.say("wait for the family " + std::to_string(group.statement) + " of " + group.extent.text());
      ends_by(p, rule, group.of_handles ? "wait(as_family)" : "wait of a family", [&] { p.session.wait(group.lazy); });
    }
  });
}

// --- giving up ------------------------------------------------------------------------------------------------
/// What was started on these statements' results may have failed with them, for as long as it is kept.
void give_up(Program& p, Statements cancelled) {
  const auto visit = [&](const auto& entity, const auto& outcome) {
    if (entity.persisted && (outcome.needed & cancelled) != 0) p.given_up |= Statements{1} << entity.statement;
  };
  p.each_handles([&](auto& all) {
    for (const auto& handle : all) visit(handle, handle.expected);
  });
  p.each_groups([&](auto& all) {
    for (const auto& group : all)
      for (const auto& outcome : group.expected) visit(group, outcome);
  });
  if (!p.settings.cancelled_is_lazy) p.given_up |= cancelled;
}
void cancel(Program& p) {
  p.each_handles([&]<class T>(std::vector<Handle<T>>& all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!all[i].persisted || !p.random.one_in(4)) continue;
      p.say("cancel " + std::to_string(all[i].statement));
      p.session.cancel(all[i].lazy);
      Statements cancelled = 0;
      for (auto& other : all) {
        if (other.lazy.task_handle().get() != all[i].lazy.task_handle().get()) continue;
        other.persisted = false;
        cancelled |= Statements{1} << other.statement;
      }
      give_up(p, cancelled);
    }
  });
}
template <class T>
bool has_failed(const Group<T>& group) {
  return std::any_of(group.expected.begin(), group.expected.end(), [](const auto& outcome) { return outcome.failed(); });
}
void cancel_families(Program& p) {
  p.each_groups([&](auto& all) {
    for (auto& group : all) {
      if (!group.persisted || group.of_handles || !p.random.one_in(3)) continue;
      if (has_failed(group) && !p.has("cancel_failed_family")) continue;
      p.say("cancel the family " + std::to_string(group.statement));
      p.session.cancel(group.lazy);
      group.persisted = false;
      give_up(p, Statements{1} << group.statement);
    }
  });
}
void release(Program& p) {
  p.each_handles([&](auto& all) { std::erase_if(all, [&](const auto&) { return p.random.one_in(5); }); });
  p.each_groups([&](auto& all) { std::erase_if(all, [&](const auto&) { return p.random.one_in(6); }); });
}

/// All ranks.
long squared(long value) { return value * value; }
void every_rank(Program& p) {
  const long n = p.random.below(100);
  if (p.session.on_every_rank<&squared>(n) != std::vector<long>(static_cast<std::size_t>(p.session.ranks()), n * n))
    throw Fault("on_every_rank gave something else");
  if (static_cast<int>(p.session.info().size()) != p.session.ranks()) throw Fault("info is not of all ranks");
}

constexpr Ingredient all[] = {{"compute", 5, &compute_handles},
                              {"compute_members", 4, &compute_members},
                              {"compute_family", 4, &compute_family},
                              {"run", 4, &run_families},
                              {"effects", 3, &run_effects},
                              {"persist", 5, &persist},
                              {"wait", 4, &wait},
                              {"ready", 2, &ready},
                              {"as_completed", 2, &as_completed},
                              {"persist_family", 4, &persist_families},
                              {"wait_family", 4, &wait_families},
                              {"cancel", 3, &cancel},
                              {"cancel_family", 2, &cancel_families},
                              {"release", 3, &release},
                              {"every_rank", 1, &every_rank}};

}  // namespace

std::span<const Ingredient> session_ingredients() { return all; }

void check_all(Program& p) {
  // What is fine together; what has failed by itself, for the errors that it needs.
  Targets fine;
  p.each_handles([&](auto& all) {
    int alone = 0;
    for (const auto& handle : all) {
      if (!handle.expected.failed() && (handle.expected.needed & p.given_up) == 0) {
        fine.add(handle.lazy, handle.expected);
      } else if (++alone <= 4) {
        Targets one;
        one.add(handle.lazy, handle.expected);
        compute(p, one);
      }
    }
  });
  p.each_groups([&](auto& all) {
    for (const auto& group : all) {
      bool is_fine = true;
      for (const auto& outcome : group.expected) is_fine = is_fine && !outcome.failed();
      if (!is_fine && p.has("partly_failed"))
        for (std::size_t i = 0; i < group.expected.size(); i += 1 + group.expected.size() / 5)
          if (!group.expected[i].failed() && (group.expected[i].needed & p.given_up) == 0)
            fine.add(group.lazy[group.extent.place_of(static_cast<std::int64_t>(i))], group.expected[i]);
      if (is_fine || p.random.one_in(2)) compute(p, group);
    }
  });
  compute(p, fine);
}

}  // namespace campaign
