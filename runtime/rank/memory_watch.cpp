// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/rank/memory_watch.hpp"

#include "runtime/machine/clock.hpp"

#include <algorithm>

namespace ramal::detail {

bool MemoryWatch::overdraw(unsigned worker) {
  if (!executor_.is_stuck_for_memory()) return false;
  if (executor_.has_traffic()) {
    if (executor_.fitted() != had_fitted_.load() && may_overdraw_.exchange(0) > 0)
      has_starved_.store(false, std::memory_order_relaxed);  // memory has fallen: rank 0 is to ask anew
    int allowed = may_overdraw_.load(std::memory_order_relaxed);
    while (allowed > 0 && !may_overdraw_.compare_exchange_weak(allowed, allowed - 1)) {
    }
    if (allowed == 0) return false;
    has_starved_.store(false, std::memory_order_relaxed);
  }
  return executor_.overdraw(worker);
}

void MemoryWatch::mind() {
  const bool is_first = mail_.rank() == 0;
  executor_.free_what_has_left();
  if (executor_.is_short_of_memory() && !has_starved_.load(std::memory_order_relaxed) &&
      may_overdraw_.load() == 0 && executor_.is_stuck_for_memory() && executor_.has_traffic()) {
    has_starved_.store(true, std::memory_order_relaxed);
    if (is_first) {
      census_.want();
    } else {
      mail_.send_text(0, {.type = MessageType::starved}, {});
    }
  }
  if (!is_first || !census_.is_wanted() || !census_.ask(now_seconds())) return;
  for (int to = 1; to < mail_.ranks(); ++to) {
    mail_.send_text(to, {.type = MessageType::census}, {});
    note_idle_sent();
  }
  take_answer(0, own_answer());
}

Census::Answer MemoryWatch::own_answer() {
  // Without any rank that is short of it rank 0 stops asking, and must be told anew.
  if (!executor_.is_short_of_memory()) has_starved_.store(false, std::memory_order_relaxed);
  return {.at_rest = executor_.is_at_rest(),
          .short_of_memory = executor_.is_short_of_memory(),
          .sent = sent(),
          .received = received()};
}

void MemoryWatch::hear_overdraw() {
  constexpr int most = 1 << 20;
  const std::uint64_t fitted = executor_.fitted();
  granted_ = granted_ > 0 && fitted == had_fitted_.load() ? std::min(2 * granted_, most) : 1;
  had_fitted_.store(fitted);
  may_overdraw_.store(granted_);
}

void MemoryWatch::hear_census() {
  note_idle_received();
  const Census::Answer own = own_answer();
  mail_.send_text(0, {.type = MessageType::answer}, std::as_bytes(std::span(&own, 1)));
  note_idle_sent();
}

void MemoryWatch::hear_answer(int from, const Census::Answer& answer) {
  note_idle_received();
  take_answer(from, answer);
}

void MemoryWatch::take_answer(int from, const Census::Answer& answer) {
  for (const int to : census_.hear(from, answer, now_seconds())) {
    if (to == 0) {
      hear_overdraw();
    } else {
      mail_.send_text(to, {.type = MessageType::overdraw}, {});
    }
  }
}

}  // namespace ramal::detail
