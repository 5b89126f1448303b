// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/task.hpp>

#include <stdexcept>

namespace ramal::detail {

Task* Task::make(const Kind& kind, std::source_location where, Shape shape,
                 std::shared_ptr<const Annotation> annotation, Value constant,
                 std::shared_ptr<const FamilyNode> family, std::int64_t member) {
  void* memory =
      ::operator new(sizeof(Task) + shape.inputs * sizeof(Task*) + sizeof(Extra) + shape.literal_bytes);
  auto* task = ::new (memory) Task(kind, where, shape, true);
  ::new (static_cast<void*>(task->extra()))
      Extra{std::move(annotation), std::move(constant), std::move(family), member};
  return task;
}

// Frees a task and whatever only it needed. The dead form a list through their own word, so that a
// chain of any length needs neither recursion nor memory.
void Task::destroy(Task* task) {
  Task* dead = nullptr;
  const auto bury = [&dead](Task* next) {
    next->set_residence(nullptr);
    next->word_ = reinterpret_cast<std::uintptr_t>(dead);
    dead = next;
  };
  bury(task);
  while (dead != nullptr) {
    Task* const current = dead;
    dead = reinterpret_cast<Task*>(current->word_);
    for (Task* input : current->inputs()) {
      if (input == nullptr) continue;  // the call that made the task threw half-way
      if (input->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) bury(input);
    }
    if (current->extra_) current->extra()->~Extra();
    current->~Task();
    ::operator delete(current);
  }
}

}  // namespace ramal::detail
