// SPDX-License-Identifier: BSD-3-Clause
// Ready tasks that another rank runs. What is given away is a subgraph of its own, with its inputs' encodings
// behind it:
//
//   reply := bytes:u64 subgraph bytes:u64 origins ( bytes:u64 encoding )*      each padded to 8; origins is
//                                               the encoding of a list with one for each task, and one
//                                               encoding follows per external
//
// Each task's result has a route to its own slot at home, where it arrives as if it had been made there. The
// one who takes a reply runs it under a number of its own, since the home's run may be there too.
#include "runtime/executor/exceptions.hpp"
#include "runtime/executor/executor.hpp"
#include "runtime/executor/run.hpp"
#include "runtime/machine/clock.hpp"
#include "runtime/transport/encoded.hpp"

#include <ramal/detail/member.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <tuple>

namespace ramal::detail {

namespace {

constexpr std::size_t most_given = 256;
constexpr std::size_t most_given_bytes = std::size_t{8} << 20;  // but one task, whatever its inputs take
constexpr std::size_t most_looked_at = 4096;

// To have a task run elsewhere takes two messages beside its bytes, on the safe side so long; it must take so
// many times as long as all that. And a reply should last a while, or its taker only asks and waits, and who
// gives does nothing else: so many times as long as it took to make the one before.
constexpr double messages_seconds = 20e-6;
constexpr double least_gain = 5;
static_assert(Durations::long_seconds >= least_gain * messages_seconds);
constexpr double gift_times = 20;
constexpr double longest_gift_seconds = 20e-3;  // making it may have been interrupted

// A task that has not ended yet is known to be long when it has run for so long.
constexpr double surely_long_seconds = 10e-3;

std::size_t padded(std::size_t bytes) { return (bytes + 7) / 8 * 8; }

/// Throws what a user's codec does.
std::size_t bytes_of(const Value& value) {
  return value.type().plain ? value.type().bytes : value.encoded_bytes();
}

}  // namespace

/// What is collected for one rank: tasks of one run.
class Executor::StealBatch final : public ReadyQueues::Taker {
 public:
  explicit StealBatch(const Executor& from) : executor(from) {}
  bool is_full() const override {
    return items.size() >= most || looked_at >= most_looked_at || bytes >= most_given_bytes ||
           (!whatever_it_takes && items.size() >= wanted &&
            seconds >= enough_seconds * static_cast<double>(wanted));
  }
  bool takes(const RunSlot& task) override { return executor.add_if_spare(*this, task); }

  const Executor& executor;
  std::size_t most = 0;       // an even share
  std::size_t wanted = 0;     // threads of the other that have nothing to do
  double enough_seconds = 0;  // for each of them
  bool whatever_it_takes = false;
  std::vector<RunSlot> items = {};
  double seconds = 0;
  std::size_t bytes = 0;
  std::size_t looked_at = 0;
  // of the kind looked at last, since most are like the one before
  const Kind* kind = nullptr;
  Durations::Means means = {};
};

// --- giving -------------------------------------------------------------------------------------------

unsigned Executor::idle_workers() const {
  if (!shared_) return 1;
  return static_cast<unsigned>(std::ranges::count_if(workers_, [](const auto& worker) {
    return worker->running.kind.load(std::memory_order_relaxed) == nullptr;
  }));
}

unsigned Executor::hungry() const { return has_ready() || is_short_of_memory() ? 0 : idle_workers(); }

bool Executor::may_give(bool whatever_it_takes) const {
  return whatever_it_takes || durations_.any_is_long() || is_surely_long(nullptr);
}

/// Some worker has been inside a task of that kind, or of any, for long: what takes seconds is known before
/// the first has ended.
bool Executor::is_surely_long(const Kind* kind) const {
  double since = std::numeric_limits<double>::infinity();
  for (const auto& worker : workers_) {
    const Kind* const timed = worker->timed.load(std::memory_order_acquire);
    if (timed != nullptr && (kind == nullptr || timed == kind))
      since = std::min(since, worker->timed_since.load(std::memory_order_relaxed));
  }
  return !std::isinf(since) && now_seconds() - since > surely_long_seconds;
}

/// Puts the task into the batch if it may run elsewhere and that pays.
bool Executor::add_if_spare(StealBatch& batch, const RunSlot& item) const {
  ++batch.looked_at;
  Run& run = *item.run;
  if (!run.may_be_given() || (!batch.items.empty() && batch.items.front().run != &run)) return false;
  if (run.has(item.slot, Run::participant | Run::cancelled | Run::wide | Run::stated | Run::prioritised))
    return false;
  const Kind* const kind = run.kinds[run.graph.kind[item.slot]];
  if (kind->is_bound_to_participants() || run.is_pinned(item.slot)) return false;
  if (std::exchange(batch.kind, kind) != kind) {
    batch.means = durations_.of(*kind);
    if (batch.means.seconds == 0 && is_surely_long(kind)) batch.means.seconds = surely_long_seconds;
  }
  if (!batch.whatever_it_takes && batch.means.seconds < Durations::long_seconds) return false;
  const auto bytes = bytes_to_give(run, item.slot);
  if (!bytes) return false;
  const double transfer =
      messages_seconds + seconds_per_byte_ * (static_cast<double>(*bytes) + batch.means.result_bytes);
  if (!batch.whatever_it_takes && batch.means.seconds < least_gain * transfer) return false;
  batch.items.push_back(item);
  batch.seconds += batch.means.are_sure ? batch.means.seconds : batch.enough_seconds;
  batch.bytes += *bytes;
  return true;
}

/// Nothing if they cannot be encoded, or one has failed.
std::optional<std::size_t> Executor::bytes_to_give(const Run& run, Slot task) {
  try {
    std::size_t bytes = run.graph.literals_of(task).size();
    for (const Slot input : run.graph.inputs_of(task)) {
      const Value& value = run.value(input);
      if (value.failed() || &value.type() != run.type_of(input)) return {};
      bytes += bytes_of(value);
    }
    return bytes;
  } catch (...) {  // it will be heard of when the value is to be sent by the plan, if it is
    return {};
  }
}

Executor::StealReply Executor::give(int to, std::size_t wanted, std::size_t askers, bool whatever_it_takes) {
  const std::size_t ready = ready_.count_to_offer();
  const std::size_t own = idle_workers();
  if (ready <= own) return {};
  const double before = now_seconds();
  StealBatch batch(*this);
  batch.most = std::min(most_given, (ready - own + askers) / (askers + 1));
  batch.wanted = wanted;
  batch.enough_seconds = batch_seconds_;
  batch.whatever_it_takes = whatever_it_takes;
  ready_.offer(batch);
  if (batch.items.empty()) return {};
  Run& run = *batch.items.front().run;
  std::vector<Slot> tasks;
  for (const RunSlot& item : batch.items) tasks.push_back(item.slot);
  StealReply reply{.tasks = tasks.size()};
  try {
    const double found = now_seconds();
    reply.message = std::make_shared<Buffer>(pack(run, tasks));
    const double packed = now_seconds();
    note_packing(reply.message->size(), packed - found);
    batch_seconds_ = std::clamp(gift_times * (packed - before), least_batch_seconds, longest_gift_seconds);
  } catch (...) {  // a user's own codec may throw anything
    for (const RunSlot& item : batch.items) ready_.put_on_inbox(item);
    return {};
  }
  for (const Slot task : tasks) {
    run.away.emplace(task, to);
    add_to<std::int64_t>(arrivals_missing_, 1, shared_);
    for (const Slot input : run.graph.inputs_of(task)) drop_use(run, input);
  }
  tasks_given_ += tasks.size();
  return reply;
}

/// A byte is encoded, moved and decoded: three times the first.
void Executor::note_packing(std::size_t bytes, double seconds) {
  constexpr std::size_t least_bytes = std::size_t{64} << 10;  // else other things take most of the time
  if (bytes < least_bytes) return;
  seconds_per_byte_ += (3 * seconds / static_cast<double>(bytes) - seconds_per_byte_) / 4;
}

Buffer Executor::pack(const Run& run, std::span<const Slot> tasks) const {
  const Subgraph& graph = run.graph;
  SubgraphDraft draft;
  std::map<std::tuple<std::uint32_t, const char*, std::uint32_t>, std::uint32_t> kind_at;
  const auto kind_here = [&](std::uint32_t kind, const CallSite& site) {
    const auto here = static_cast<std::uint32_t>(draft.kinds.size());
    const auto [at, is_new] = kind_at.emplace(std::tuple(kind, site.file, site.line), here);
    if (is_new) {
      draft.kinds.push_back(images_.refer(*run.kinds[kind]));
      draft.sites.push_back(images_.refer(site));
    }
    return at->second;
  };
  std::vector<Slot> values;  // by external
  std::vector<TaskOrigin> origins;
  std::unordered_map<Slot, Slot> external_at;
  for (Slot i = 0; i < tasks.size(); ++i) {
    const Slot task = tasks[i];
    const TaskOrigin origin = origin_of(&run, task);
    const auto inputs = graph.inputs_of(task);
    const auto literals = graph.literals_of(task);
    const SubgraphDraft::Room room = draft.add_task(kind_here(graph.kind[task], origin.site),
                                                    graph.plan[task], inputs.size(), literals.size());
    Slot* own_input = room.inputs;
    for (const Slot input : inputs) {
      const auto [at, is_new] = external_at.emplace(input, static_cast<Slot>(tasks.size() + values.size()));
      if (is_new) {
        values.push_back(input);
        draft.externals.push_back(
            {run.maker_of(input), External::arrival, kind_here(run.kind_of(input), {})});
      }
      *own_input++ = at->second;
    }
    std::copy(literals.begin(), literals.end(), room.literals);
    if (run.front) move_place(*run.kinds[graph.kind[task]], run.step, room.literals);
    draft.routes.push_back({i, static_cast<std::uint32_t>(rank_), task});
    if (origin.attempt > 1) draft.attempts.push_back({i, origin.attempt});
    origins.push_back(origin);
  }
  return with_values(draft.finish(run.number), origins, run, values);
}

/// The subgraph, behind it where its tasks come from, and then the encodings.
Buffer Executor::with_values(const Subgraph& part, const std::vector<TaskOrigin>& origins, const Run& run,
                             std::span<const Slot> values) {
  const std::vector<std::byte> encoded_origins = encoded(origins);
  std::vector<std::uint64_t> sizes{part.bytes.size(), encoded_origins.size()};
  for (const Slot slot : values) sizes.push_back(bytes_of(run.value(slot)));
  std::size_t size = 0;
  for (const std::uint64_t one : sizes) size += sizeof one + padded(one);
  Buffer message(size);
  std::byte* at = message.data();
  const auto room = [&at](std::uint64_t bytes) {
    std::memcpy(at, &bytes, sizeof bytes);
    std::byte* const here = at + sizeof bytes;
    at = here + padded(bytes);
    std::memset(here + bytes, 0, padded(bytes) - bytes);
    return here;
  };
  std::memcpy(room(sizes[0]), part.bytes.data(), sizes[0]);
  std::memcpy(room(sizes[1]), encoded_origins.data(), sizes[1]);
  for (std::size_t k = 0; k < values.size(); ++k) {
    std::byte* const at_value = room(sizes[k + 2]);
    write_exactly(run.value(values[k]), {at_value, sizes[k + 2]});
  }
  return message;
}

/// The result of a task that was given away is there. If it failed there, it did so by its home run's number.
void Executor::come_home(Run& run, Slot task) {
  run.away.erase(task);
  const Value& result = run.value(task);
  if (result.failed()) {
    if (!run.front) return;
    Failure failure = result.get<Failure>();
    if (failure.run == run.number) {
      failure.run = home_run(run);
      failure.plan = plan_of(run, task);
      run.value(task) = Value::make<Failure>(failure);
    }
    note_front_failure(run, task, failure);
    return;
  }
  durations_.add_result(*run.kinds[run.graph.kind[task]], held_bytes(result));
}

// --- taking -------------------------------------------------------------------------------------------

std::size_t Executor::run_stolen(std::span<const std::byte> reply) {
  const auto next = [&reply] {
    std::uint64_t bytes = 0;
    if (reply.size() < sizeof bytes) throw DecodeError("stolen tasks are damaged");
    std::memcpy(&bytes, reply.data(), sizeof bytes);
    reply = reply.subspan(sizeof bytes);
    if (bytes > reply.size() || padded(bytes) > reply.size()) throw DecodeError("stolen tasks are damaged");
    const auto found = reply.first(bytes);
    reply = reply.subspan(padded(bytes));
    return found;
  };
  const auto part = next();
  Buffer bytes(part.size());
  std::memcpy(bytes.data(), part.data(), part.size());
  Subgraph graph = Subgraph::read(std::move(bytes));
  const RunId number = Run::first_stolen | next_stolen_;
  next_stolen_ = (next_stolen_ + 1) % Run::first_stolen;
  const RunId home_run = graph.run;
  const auto tasks = static_cast<Slot>(graph.tasks());
  const auto slots = static_cast<Slot>(graph.slots());
  Reader origin_reader(next());
  auto origins = Codec<std::vector<TaskOrigin>>::read(origin_reader);
  const auto has_place_beyond_all = [](const TaskOrigin& origin) {
    return origin.place && (origin.place->dims < 1 || origin.place->dims > Index::most_dims);
  };
  if (origins.size() != tasks || std::ranges::any_of(origins, has_place_beyond_all))
    throw DecodeError("stolen tasks are damaged");
  start_as(number, std::move(graph), std::move(origins));
  for (Slot slot = tasks; slot < slots; ++slot) {
    Reader reader(next());
    Value value;
    try {
      value = arrival_type(number, slot)->read(reader);
    } catch (...) {  // a user's own codec may throw anything
      value = Value::make<Failure>(Failure::caught(home_run, arrival_plan(number, slot), rank_, not_decoded));
    }
    arrive(number, slot, std::move(value));
  }
  return tasks;
}

void Executor::recall(int home, RunId home_run, std::span<const Slot> tasks) {
  for (const auto& [number, run] : runs_) {
    if (!run->is_stolen() || run->graph.run != home_run) continue;
    for (const Route& route : run->graph.routes) {
      if (route.rank == static_cast<std::uint32_t>(home) && std::ranges::count(tasks, route.remote_slot) > 0)
        run->flag(route.slot, Run::cancelled);
    }
  }
}

}  // namespace ramal::detail
