// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/rank/task_exchange.hpp"

#include "runtime/machine/clock.hpp"

namespace ramal::detail {

namespace {

constexpr double grace_seconds = 100e-6;       // without work, before others are asked for tasks
constexpr double long_grace_seconds = 5e-3;    // the same where only short tasks are known
constexpr double give_pause_seconds = 200e-6;  // after there was nothing to give
constexpr double give_share = 0.05;            // of a rank's time, for looking in vain

}  // namespace

TaskExchange::TaskExchange(StealMode mode, Executor& executor, Mail& mail, MemoryWatch& memory)
    : executor_(executor),
      mail_(mail),
      memory_(memory),
      stealing_(mode, mail.rank(), mail.ranks(), mode == StealMode::on ? 0 : grace_seconds) {}

void TaskExchange::mind(bool may_ask, bool has_news) {
  const bool gives_anything = is_on_for_all();
  if (stealing_.askers() > 0 && executor_.may_give(gives_anything)) give();
  // While nothing is to be had it is only now and then that the clock, which takes as long as an empty look
  // for messages, and the executor are asked; what a message brings meanwhile ends the hunger.
  constexpr unsigned looks_between_questions = 16;
  const bool at_once = stealing_.asks_at_once() && executor_.durations().any_is_long();
  if (gives_anything || at_once || looks_to_question_ == 0) {
    looks_to_question_ = looks_between_questions;
    ask(may_ask);
  } else {
    --looks_to_question_;
    if (has_news) stealing_.go_on();
  }
}

/// A rank that knows only short tasks waits longer before it asks, and does not while it has any: there is
/// nothing to be had, unless it waits for others' long ones.
void TaskExchange::ask(bool may_ask) {
  const unsigned hungry = may_ask ? executor_.hungry() : 0;
  const bool are_short = stealing_.mode() == StealMode::automatic && !executor_.durations().any_is_long();
  if (hungry == 0 && are_short) {
    send(stealing_.withdraw());
  } else if (hungry == 0 && !stealing_.is_asking()) {
    stealing_.go_on();
  } else {
    const double now = are_short ? coarse_seconds() : now_seconds();
    send(stealing_.look(hungry, now, are_short ? long_grace_seconds : 0));
  }
}

bool TaskExchange::withdraw() {
  if (!stealing_.is_asking()) return false;
  send(stealing_.withdraw());
  return true;
}

void TaskExchange::send(std::span<const Stealing::Word> words) {
  for (const auto& [to, wanted] : words) {
    mail_.send_text(to, {.type = MessageType::steal, .slot = wanted}, {});
    memory_.note_idle_sent();
  }
}

void TaskExchange::give() {
  const double now = now_seconds();
  if (now < next_give_) return;
  while (stealing_.askers() > 0) {
    const auto [to, wanted] = stealing_.first_asker();
    const auto reply = executor_.give(to, wanted, stealing_.askers(), is_on_for_all());
    if (reply.tasks == 0) {
      const double end = now_seconds();
      next_give_ = end + std::max(give_pause_seconds, (end - now) / give_share);
      return;
    }
    stealing_.gave();
    mail_.send_shared(to, {.type = MessageType::stolen}, reply.message->view(), reply.message);
  }
}

void TaskExchange::hear_question(int from, unsigned wanted) {
  memory_.note_idle_received();
  stealing_.hear(from, wanted);
}

void TaskExchange::run_stolen(int from, std::span<const std::byte> reply) {
  stealing_.served(from);
  taken_.tasks += executor_.run_stolen(reply);
  taken_.bytes += reply.size();
}

}  // namespace ramal::detail
