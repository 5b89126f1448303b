// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/session/failure_names.hpp"

#include "graph/families/dependencies.hpp"
#include "graph/families/program.hpp"

#include <ramal/error.hpp>

#include <algorithm>

namespace ramal::detail {

void FailureNames::note(const Failure& failure, const Task& task) {
  names_.try_emplace({failure.run, failure.plan},
                     Name{std::string(task.name()), task.where().file_name(), task.where().line()});
}

void FailureNames::note(const Failure& failure, std::span<const std::shared_ptr<const FamilyNode>> families) {
  if (node_of(failure.plan) >= families.size())
    throw DecodeError("a failure names a family that is not there");
  const FamilyNode* family = families[node_of(failure.plan)].get();
  if (family == nullptr) return;
  names_.try_emplace({failure.run, failure.plan}, name_of_family(*family).of(number_of(failure.plan)));
}

void FailureNames::keep(RunId program, std::span<const std::shared_ptr<const FamilyNode>> families) {
  std::vector<FamilyName>& names = kept_[program];
  for (const auto& family : families) names.push_back(family ? name_of_family(*family) : FamilyName());
}

bool FailureNames::note_kept(const Failure& failure) {
  const auto kept = kept_.find(failure.run);
  if (kept == kept_.end()) return false;
  names_.try_emplace({failure.run, failure.plan},
                     kept->second.at(node_of(failure.plan)).of(number_of(failure.plan)));
  return true;
}

void FailureNames::forget(RunId run) {
  names_.erase(names_.lower_bound({run, 0}), names_.lower_bound({run + 1, 0}));
}

FailureNames::Name FailureNames::FamilyName::of(std::int64_t number) const {
  return {name + extent.place_of(number).text(), where.file_name(), where.line()};
}

FailureNames::FamilyName FailureNames::name_of_family(const FamilyNode& family) {
  return {std::string(family.name()), family.where, family.extent};
}

std::exception_ptr FailureNames::error_of(const Failure& failure) const {
  const auto found = names_.find({failure.run, failure.plan});
  const Name name = found != names_.end() ? found->second : Name{"a task", "", 0};
  if (failure.cancelled) {
    return std::make_exception_ptr(
        CancelledError("ramal: the result depends on " + name.task + ", which was cancelled before it ran"));
  }
  return std::make_exception_ptr(TaskError({.task = name.task,
                                            .file = name.file,
                                            .line = name.line,
                                            .arguments = failure.arguments,
                                            .rank = failure.rank,
                                            .host = hosts_.at(static_cast<std::size_t>(failure.rank)),
                                            .message = failure.message}));
}

void FailureNames::throw_first(std::span<const Failure* const> failures) const {
  const auto first = std::ranges::min_element(
      failures, [](const Failure* one, const Failure* other) { return one->before(*other); });
  if (first != failures.end()) std::rethrow_exception(error_of(**first));
}

Outcome FailureNames::outcome_of(std::vector<Value> values) const {
  Outcome outcome;
  std::map<std::pair<RunId, std::uint64_t>, std::exception_ptr> errors;  // in the order of the plan
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i].failed()) continue;
    const auto& failure = values[i].get<Failure>();
    std::exception_ptr& error = errors[{failure.run, failure.plan}];
    if (!error) error = error_of(failure);
    outcome.failed.emplace(i, error);
    values[i].reset();
  }
  if (!errors.empty()) outcome.first = errors.begin()->second;
  outcome.values = std::move(values);
  return outcome;
}

namespace {

[[noreturn]] void throw_not_kept(const std::string& what, bool was_given_up, bool is_anothers) {
  if (was_given_up) {
    throw CancelledError("ramal: " + what +
                         " was cancelled before it was there; computing or persisting it makes it anew");
  }
  throw std::invalid_argument(
      "ramal: " + what +
      (is_anothers ? " was persisted in another session; compute it there, or make its graph anew"
                   : " is not persisted; call session.persist on it first"));
}

}  // namespace

void throw_not_kept(const Task& task) {
  throw_not_kept("the result of " + shown_name(task), was_given_up(task), task.residence() != nullptr);
}

void throw_not_kept(const FamilyNode& family) {
  throw_not_kept("the family " + std::string(family.name()), family.gave_up, family.residence != nullptr);
}

}  // namespace ramal::detail
