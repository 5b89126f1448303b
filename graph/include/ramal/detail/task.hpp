// SPDX-License-Identifier: BSD-3-Clause
// Task: one call that has not run yet. Kind: the function behind it.
//
// Invariants
//  - A task is immutable once made, but for one word that belongs to the session that plans it, and
//    that it lets go of its inputs when its result is kept.
//  - It holds its inputs; nothing holds it but handles and consumers. There is no global state: a task
//    lives as long as a handle or a consumer does, and a graph of any depth is freed without recursion.
//  - Tasks can only name tasks that exist already, so there are no cycles.
//
// Handles may be copied and dropped in any thread. A 2-input task takes 56 bytes.
#pragma once

#include <ramal/value.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

namespace ramal {

class Communicator;

/// Wishes for one task, or for all tasks made through one annotated function. See
/// `delayed<f>.annotate`.
struct Annotation {
  std::string name = {};  ///< shown in pictures, reports and errors; empty: the function's own
  /// Expected duration relative to a usual task's 1; must be positive and finite. 1 says nothing: then what
  /// earlier runs learnt of the function's duration counts, on a scale where such tasks have 1 in the mean.
  double cost = 1.0;
  int rank = -1;          ///< run on this rank; -1: wherever placement likes
  std::string host = {};  ///< run on a rank of this host; empty: any
  int priority = 0;       ///< among tasks ready on one rank, higher runs first
  /// Threads it runs inside, by OpenMP or a BLAS: while it runs it has as many of the rank's, which are then
  /// not there for other tasks. At most all of them, so that one annotation does on any machine.
  int threads = 1;
  /// Memory its result will take. A rank starts it only when that fits into its bound (RAMAL_MEMORY_BYTES)
  /// beside the results that it holds; see the README.
  std::uint64_t result_bytes = 0;
};

namespace detail {

class Task;

/// Where a result lies while its run lasts, beside what is asked of it for every task.
struct Cell {
  /// What an empty cell begins with.
  struct Counts {
    std::uint32_t uses, missing;
  };
  Cell() = default;
  explicit Cell(const Counts& counts) : uses(counts.uses), missing(counts.missing) {}

  Value value;
  std::atomic<std::uint32_t> uses{0};     ///< who still needs the value
  std::atomic<std::uint32_t> missing{0};  ///< inputs that the task which makes it still waits for
};

/// A task's call frame, what its function sees while it runs: where its inputs lie and the bytes of its
/// literals. `cells[inputs[k]]` is the k-th input. Unless `may_move`, nothing may be moved from.
struct CallFrame {
  Cell* cells;
  const std::uint32_t* inputs;
  bool may_move;
  std::span<const std::byte> literals;
  Communicator* communicator = nullptr;  ///< of the task's ranks, if it is collective
  std::int64_t step = 0;  ///< for a member of a family: to be added to its place's first number

  Value& input(std::size_t k) const { return cells[inputs[k]].value; }
  /// The k-th input's value is needed by this task alone, so that it may be moved from.
  bool is_last_use(std::size_t k) const {
    const Cell& cell = cells[inputs[k]];
    return may_move && cell.uses.load(std::memory_order_acquire) == 1 && cell.value.unique();
  }
};

struct Dependence;
struct FamilyNode;

/// What the function of a family's members takes, beside what tells its place.
struct MemberShape {
  std::uint32_t count = 0;
  std::uint64_t lists = 0;  ///< bit k: the k-th parameter takes any number of results
  bool place = false;
};

/// What the tasks of a kind are: how their literals are laid out, and who calls its function.
enum class Sort : std::uint8_t {
  task,        ///< calls of a function or a closure
  member,      ///< of families; `Kind::dependence` says what they read
  collective,  ///< have participants on several ranks; see collective.hpp
  part,        ///< take one result out of what their rank's participant left
  given,       ///< stand for a value that exists or that others make, and are never called
};

/// One per function: a constant whose address, relative to its program image, names it across ranks.
struct Kind {
  std::string_view name;
  const Type* result;
  void (*run)(CallFrame&, Value& result);    ///< makes the result in an empty Value; may throw
  std::string (*preview)(const CallFrame&);  ///< the arguments, for an error message
  Sort sort = Sort::task;                    ///< of `given`, both functions are null
  const Dependence* dependence = nullptr;    ///< of members: what they read; null of all others
  MemberShape parameters = {};               ///< of members
  /// Results are the memory of inputs, in other hands: it counts, but none has to wait until it fits.
  bool passes_on = false;

  /// Its tasks are where a collective task's participants are, and nowhere else.
  bool is_bound_to_participants() const { return sort == Sort::collective || sort == Sort::part; }
};

constexpr std::uint8_t last_attempt = 255;

/// Where the result of a persisted task is kept. Owned by its task, known to one session, which
/// derives from it; its destructor tells the session that nobody needs the result any more.
class Residence {
 public:
  virtual ~Residence() = default;

 protected:
  Residence() = default;
};

class Task {
 public:
  const Kind& kind() const { return *kind_; }
  std::source_location where() const { return where_; }
  /// Empty once the task has let go of them.
  std::span<Task* const> inputs() const { return {trailing(), forgot_inputs_ ? 0 : input_count_}; }
  std::span<const std::byte> literals() const { return {literal_memory(), literal_bytes_}; }
  /// Null unless annotated.
  const Annotation* annotation() const { return extra_ ? extra()->annotation.get() : nullptr; }
  /// The value of a task that only stands for one, made by `ramal::value`; null for all others.
  const Value* constant() const {
    return extra_ && !extra()->constant.empty() ? &extra()->constant : nullptr;
  }
  /// The family of a task that only stands for a member; null for all others.
  const FamilyNode* family() const { return extra_ ? extra()->family.get() : nullptr; }
  std::shared_ptr<const FamilyNode> shared_family() const { return extra()->family; }
  std::int64_t member() const { return extra()->member; }
  std::string_view name() const {
    const auto* wishes = annotation();
    return wishes != nullptr && !wishes->name.empty() ? std::string_view(wishes->name) : kind_->name;
  }

  // --- the session's word: either a residence, or a scratch index while a graph is collected ------
  Residence* residence() const {
    return (word_ & 1) != 0 ? reinterpret_cast<Residence*>(word_ & ~std::uintptr_t{1}) : nullptr;
  }
  void set_residence(std::unique_ptr<Residence> residence) const {
    delete this->residence();
    gave_up_ = false;
    word_ = residence ? reinterpret_cast<std::uintptr_t>(residence.release()) | 1 : 0;
  }
  /// Its result was to be kept, and the session gave it up before it was there. From then on it is as if it
  /// had never been asked for, but that whoever waits for it is told.
  void give_up() const {
    set_residence(nullptr);
    gave_up_ = true;
  }
  bool gave_up() const { return gave_up_; }
  /// Which time it is that it is tried: 1 until it is retried. Stays at the last that is told apart.
  std::uint32_t attempt() const { return attempt_; }
  void begin_next_attempt() const {
    if (attempt_ < last_attempt) ++attempt_;
  }
  std::uintptr_t scratch() const { return word_ >> 1; }
  void set_scratch(std::uintptr_t index) const { word_ = index << 1; }

  /// Once its result is kept, a task needs its inputs no more, nor do they live on for its sake: a loop
  /// that persists each step frees the one before.
  void forget_inputs() const {
    for (Task* input : inputs()) input->release();
    forgot_inputs_ = true;
  }

  /// True if whoever asks holds it, and nobody else does: no handle, and nothing that reads it.
  bool is_held_once() const { return owners_.load(std::memory_order_acquire) == 1; }
  void retain() const { owners_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(const_cast<Task*>(this));
  }

  struct Shape {
    std::size_t inputs = 0;
    std::size_t literal_bytes = 0;
  };
  /// A task with one owner and room for its inputs and literals, which the caller fills at once.
  static Task* make(const Kind& kind, std::source_location where, Shape shape);
  static Task* make(const Kind& kind, std::source_location where, Shape shape,
                    std::shared_ptr<const Annotation> annotation, Value constant,
                    std::shared_ptr<const FamilyNode> family = nullptr, std::int64_t member = 0);
  Task** input_room() { return trailing(); }
  std::byte* literal_room() { return const_cast<std::byte*>(literal_memory()); }

  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

 private:
  /// What few tasks have, so that all others need no room for it.
  struct Extra {
    std::shared_ptr<const Annotation> annotation;
    Value constant;
    std::shared_ptr<const FamilyNode> family;
    std::int64_t member;
  };
  Task(const Kind& kind, std::source_location where, Shape shape, bool extra)
      : kind_(&kind),
        where_(where),
        input_count_(static_cast<std::uint32_t>(shape.inputs)),
        literal_bytes_(static_cast<std::uint32_t>(shape.literal_bytes)),
        extra_(extra) {}
  ~Task() = default;
  static void destroy(Task* task);

  // Memory: Task, inputs, Extra if any, literals.
  Task** trailing() const {
    return reinterpret_cast<Task**>(reinterpret_cast<std::uintptr_t>(this) + sizeof(Task));
  }
  Extra* extra() const { return reinterpret_cast<Extra*>(trailing() + input_count_); }
  const std::byte* literal_memory() const {
    return reinterpret_cast<const std::byte*>(trailing() + input_count_) + (extra_ ? sizeof(Extra) : 0);
  }

  const Kind* kind_;
  std::source_location where_;
  mutable std::uintptr_t word_ = 0;
  mutable std::atomic<std::uint32_t> owners_{1};
  std::uint32_t input_count_;
  std::uint32_t literal_bytes_;
  const bool extra_;
  mutable bool forgot_inputs_ = false;
  mutable bool gave_up_ = false;
  mutable std::uint8_t attempt_ = 1;
};

inline Task* Task::make(const Kind& kind, std::source_location where, Shape shape) {
  void* memory = ::operator new(sizeof(Task) + shape.inputs * sizeof(Task*) + shape.literal_bytes);
  return ::new (memory) Task(kind, where, shape, false);
}

/// Counts one owner of a task.
class TaskHandle {
 public:
  TaskHandle() = default;
  /// Takes over one count.
  explicit TaskHandle(const Task* task) : task_(task) {}
  TaskHandle(const TaskHandle& other) : task_(other.task_) {
    if (task_ != nullptr) task_->retain();
  }
  TaskHandle(TaskHandle&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
  TaskHandle& operator=(TaskHandle other) noexcept {
    std::swap(task_, other.task_);
    return *this;
  }
  ~TaskHandle() {
    if (task_ != nullptr) task_->release();
  }
  const Task* get() const { return task_; }

 private:
  const Task* task_ = nullptr;
};

}  // namespace detail
}  // namespace ramal
