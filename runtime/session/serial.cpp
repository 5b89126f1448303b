// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/session/serial.hpp"

#include "runtime/session/retry.hpp"

#include <algorithm>

namespace ramal::detail {

/// A task's value, as the engine that made it keeps it.
class SerialEngine::KeptResidence final : public Residence {
 public:
  KeptResidence(const SerialEngine& owner, Value value) : owner_(&owner), value_(std::move(value)) {}
  const SerialEngine* owner() const { return owner_; }
  const Value& value() const { return value_; }

 private:
  const SerialEngine* owner_;
  Value value_;
};

std::vector<Value> SerialEngine::evaluate(const Tasks& targets) {
  Graph graph = collect(targets);
  if (make_members(graph, targets)) graph = collect(targets);  // whose values exist now
  ++run_;
  std::vector<Cell> cells(graph.size());
  for (const TaskIndex input : graph.inputs) ++cells[input].uses;
  for (const TaskIndex target : graph.targets) ++cells[target].uses;  // so never moved from
  for (const TaskIndex i : graph.given) cells[i].value = given(*graph.tasks[i]);
  for (TaskIndex i = 0; i < graph.size(); ++i) {
    if (cells[i].value.empty()) cells[i].value = call(graph, i, cells);
    for (const TaskIndex input : graph.inputs_of(i)) {
      if (--cells[input].uses == 0) cells[input].value.reset();
    }
  }
  std::vector<Value> results;
  for (const TaskIndex target : graph.targets) results.push_back(cells[target].value);
  return results;
}

namespace {

/// `failed`, or that value, if it is a failure and the one of the two that is passed on.
const Value* first_failed(const Value* failed, const Value& value) {
  if (!value.failed()) return failed;
  return failed == nullptr || value.get<Failure>().before(failed->get<Failure>()) ? &value : failed;
}

}  // namespace

Value SerialEngine::call(const Graph& graph, TaskIndex i, std::vector<Cell>& cells) {
  const Value* failed = nullptr;
  for (const TaskIndex input : graph.inputs_of(i)) failed = first_failed(failed, cells[input].value);
  if (failed != nullptr) return *failed;
  const Task& task = *graph.tasks[i];
  CallFrame frame{cells.data(), graph.inputs_of(i).data(), true, task.literals(), &alone_};
  ++tasks_run_;
  const TaskOrigin origin{.run = run_, .plan = i, .site = call_site(task.where()), .attempt = task.attempt()};
  Value result = result_of(task.kind(), origin, frame);
  if (result.failed()) names_.note(result.get<Failure>(), task);
  return result;
}

/// What its function gives, or a Failure.
Value SerialEngine::result_of(const Kind& kind, const TaskOrigin& origin, CallFrame& frame) {
  Value result;
  this_thread_runs = &running_;
  running_.begin_batch();
  run_task(kind, frame, result, running_, *this, &origin, 0, [&] {
    result = Value::make<Failure>(Failure::thrown(origin.run, origin.plan, rank(), kind, frame));
  });
  this_thread_runs = nullptr;
  return result;
}

Value SerialEngine::call_member(Evaluation& all, std::uint32_t number, const Index& place) {
  const ProgramNode& node = all.planned.program.nodes[number];
  Reads& reads = all.reads[number];
  InputCounts counts;
  const std::uint64_t name = name_of(number, node.extent.number_of(place));
  ++tasks_run_;
  if (auto problem = read_member(node, place, reads, counts); !problem.empty())
    return Value::make<Failure>(Failure{.run = run_, .plan = name, .message = std::move(problem)});
  std::vector<Cell> cells(reads.all().size());
  std::vector<std::uint32_t> inputs;
  const Value* failed = nullptr;
  for (const Reads::Read& read : reads.all()) {
    const ProgramSource& source = node.sources[read.source];
    Cell& cell = cells[inputs.size()];
    cell.value = all.value(source.node, source.base + read.number);
    inputs.push_back(static_cast<std::uint32_t>(inputs.size()));
    failed = first_failed(failed, cell.value);
  }
  if (failed != nullptr) return *failed;
  std::vector<std::byte> literals;
  write_member_literals(node, place, counts, literals);
  CallFrame frame{cells.data(), inputs.data(), false, literals, nullptr};
  const TaskOrigin origin{
      .run = run_, .plan = name, .place = place, .site = node.site, .attempt = node.attempt};
  return result_of(*node.kind, origin, frame);
}

// --- kept results -----------------------------------------------------------------------------------------

const Value* SerialEngine::find_kept(const Task& task) const {
  if (task.residence() != nullptr) {
    const auto* residence = dynamic_cast<const KeptResidence*>(task.residence());
    return residence != nullptr && residence->owner() == this ? &residence->value() : nullptr;
  }
  const auto* members = task.family() != nullptr ? kept_members(*task.family()) : nullptr;
  return members != nullptr ? &(*members)[static_cast<std::size_t>(task.member())] : nullptr;
}

const Value& SerialEngine::kept(const Task& task) const {
  if (const Value* value = find_kept(task)) return *value;
  throw_not_kept(task);
}

void SerialEngine::keep(const Task& task, Value value) const {
  task.set_residence(std::make_unique<KeptResidence>(*this, std::move(value)));
}

void SerialEngine::throw_first_failure(const std::vector<Value>& values) const {
  std::vector<const Failure*> failures;
  for (const Value& value : values) {
    if (value.failed()) failures.push_back(&value.get<Failure>());
  }
  names_.throw_first(failures);
}

Outcome SerialEngine::compute(const Tasks& targets) {
  if (targets.empty()) return {};
  Outcome outcome = names_.outcome_of(evaluate(targets));
  names_.forget(run_);
  return outcome;
}

void SerialEngine::persist(const Tasks& targets) { persist(targets, {}); }

/// Those that are consumed stay able to be made again.
void SerialEngine::persist(const Tasks& targets, const std::unordered_set<const Task*>& consumed) {
  const auto is_fresh = [this](const Task* target) {
    return target->constant() == nullptr && find_kept(*target) == nullptr;
  };
  Tasks fresh;
  std::ranges::copy_if(targets, std::back_inserter(fresh), is_fresh);
  for (const Task* target : fresh) {
    if (target->residence() != nullptr) kept(*target);  // throws: it is another session's
  }
  // Members of families are kept once their families are made, and nothing is left to do. Each run has the
  // number that it has on several ranks, since seeds depend on it.
  if (fresh.empty()) return;
  make_members(collect(fresh), fresh);
  std::erase_if(fresh, [&](const Task* target) { return !is_fresh(target); });
  if (fresh.empty()) return;
  const auto values = evaluate(fresh);
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (fresh[i]->residence() == nullptr) keep(*fresh[i], values[i]);
  }
  for (const Task* task : fresh) {
    const bool may_be_made_again = kept(*task).failed() || consumed.contains(task);
    if (!may_be_made_again) task->forget_inputs();
  }
}

bool SerialEngine::wait(const Tasks& targets, double) {
  for (const Task* target : targets) {
    if (target->constant() == nullptr) kept(*target);
  }
  return true;
}

void SerialEngine::check(const Tasks& targets) {
  std::vector<Value> values;
  for (const Task* target : targets) values.push_back(given(*target));
  throw_first_failure(values);
}

std::unique_ptr<Watch> SerialEngine::watch(const Tasks& targets) {
  struct InOrder final : Watch {
    InOrder(SerialEngine& its, std::size_t count) : engine(its), size(count) {}
    std::optional<std::size_t> next() override { return at < size ? std::optional(at++) : std::nullopt; }
    void add(const Task& target) override {
      if (target.constant() == nullptr) engine.kept(target);
      ++size;
    }
    SerialEngine& engine;
    std::size_t size;
    std::size_t at = 0;
  };
  wait(targets, 0);
  return std::make_unique<InOrder>(*this, targets.size());
}

void SerialEngine::cancel(const Tasks& targets) { wait(targets, 0); }

void SerialEngine::retry(const Tasks& targets, const Families& families) {
  wait(targets, 0);
  wait(families, 0);
  const auto failed = [this](const TaskOrFamily& one) {
    if (one.task != nullptr) return kept(*one.task).failed();
    return std::ranges::any_of(*kept_members(*one.family), [](const Value& value) { return value.failed(); });
  };
  const auto is_kept = [this](const TaskOrFamily& one) {
    return one.task != nullptr ? find_kept(*one.task) != nullptr : kept_members(*one.family) != nullptr;
  };
  const Retried again = retried(targets, families, failed, is_kept);
  persist(again.families);
  persist(again.tasks);
}

std::vector<TaskHandle> SerialEngine::from_local(const std::string& name, const Kind& kind) {
  const auto found = locals_.values().find(name);
  if (found == locals_.values().end())
    throw std::invalid_argument("ramal: from_local: there is no local '" + name + "'");
  if (found->second.type().name != kind.result->name) {
    throw std::invalid_argument("ramal: from_local: the local '" + name + "' is a " +
                                std::string(found->second.type().name) + ", not a " +
                                std::string(kind.result->name));
  }
  std::vector<TaskHandle> one(1, TaskHandle(Task::make(kind, {}, {})));
  keep(*one.front().get(), found->second);
  return one;
}

void SerialEngine::to_local(const std::string& name, const Tasks& targets) {
  for (const Task* target : targets) left_[name] = kept(*target);
}

std::vector<RankInfo> SerialEngine::info() {
  return {{.rank = 0,
           .host = host_name(),
           .pid = process_id(),
           .threads = 1,
           .cores = bound_cores(),
           .tasks_run = tasks_run_}};
}

}  // namespace ramal::detail
