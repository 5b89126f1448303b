// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/rank/rank.hpp"

#include "runtime/executor/exceptions.hpp"

#include <cstdio>
#include <cstdlib>

namespace ramal::detail {

namespace {

constexpr double pump_interval_seconds = 10e-6;  // between rounds of messages while tasks run
constexpr double long_task_seconds = 2e-6;       // next to which a message of its own costs little
constexpr std::size_t most_tasks_a_look = 16;
constexpr double coarse_clock_seconds = 10e-3;  // two of its ticks on most systems
constexpr int looks_a_round = 32;               // for messages, if not idle for long
constexpr double helper_interval_seconds = 3e-3;
constexpr double noticeable_gap_seconds = 50e-3;
constexpr double grace_seconds = 100e-6;       // without work, before others are asked for tasks
constexpr double long_grace_seconds = 5e-3;    // the same where only short tasks are known
constexpr double give_pause_seconds = 200e-6;  // after there was nothing to give
constexpr double first_word_seconds = 3;       // after the program's end, when it is said who is waited for
constexpr double give_share = 0.05;            // of a rank's time, for looking in vain

}  // namespace

ValueId local_id(std::string_view name) {
  ValueId hash = 14695981039346656037u;  // FNV-1a, 64 bits
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash | ValueId{1} << 63;
}

/// What a user's code throws is caught where it is called. Whatever else is thrown must not leave a rank's
/// loop in silence, or the others would wait for this rank for ever.
template <class Work>
void Rank::or_fail(const Work& work) {
  try {
    work();
  } catch (...) {
    fail();
  }
}

Rank::Rank(std::unique_ptr<Transport> transport, const Images& images, unsigned workers, Control* control,
           RankInfo about, StealMode steal)
    : transport_(std::move(transport)),
      images_(images),
      small_bytes_(transport_->small_bytes()),
      worker_count_(workers),
      control_(control),
      about_(std::move(about)),
      numa_(workers),
      executor_(
          transport_->rank(), images, *this, workers, [this] { wake(); }, about_.memory_bytes),
      has_stopped_(transport_->rank() == 0 ? static_cast<std::size_t>(transport_->ranks()) : 0),
      shipped_(transport_->rank() == 0 ? static_cast<std::size_t>(transport_->ranks()) : 0),
      programs_(
          executor_, static_cast<std::uint32_t>(transport_->rank()), images,
          [this](ValueId id, const Value& value) { announce(id, value); },
          [this](std::uint32_t to, RunId program, std::int64_t done) {
            send_text(static_cast<int>(to), {.type = MessageType::progress, .run = program},
                      std::as_bytes(std::span(&done, 1)));
          }),
      turns_(*transport_, executor_, *this,
             [this](int to, const Header& header, auto bytes) { send_text(to, header, bytes); }),
      stealing_(steal, transport_->rank(), transport_->ranks(), steal == StealMode::on ? 0 : grace_seconds),
      may_ask_(control == nullptr),
      census_(transport_->ranks()),
      last_pump_(now_seconds()) {
  for (unsigned i = 0; i < workers; ++i) executor_.set_victims(i, victim_order(i, numa_.node_of_worker()));
  workers_alive_ = workers;
  for (unsigned i = 0; i < workers; ++i)
    threads_.emplace_back([this, i] { or_fail([this, i] { work(i); }); });
  if (threaded()) threads_.emplace_back([this] { or_fail([this] { help(); }); });
}

Rank::~Rank() { end_workers(); }

// --- progress -------------------------------------------------------------------------------------------

/// One round of messages, under the lock. A rank that is starved looks again and again for one that arrives,
/// and goes on with what that brings; else all are taken in that are there, up to a number.
bool Rank::pump(bool starved) {
  try {
    executor_.post();
    if (programs_.can_advance()) programs_.advance();
    if (control_ == nullptr && executor_.durations().has_news()) tell_durations();
    // What tasks have made ready leaves before anything else is looked at.
    bool any = !turns_.is_idle() && take_turns();
    any |= std::exchange(unsent_, false);
    if (any) transport_->flush();
    arrived_ = transport_->poll(*this);
    bool again = starved ? !arrived_ && !any : arrived_;
    const int looks = starved && has_rested_ ? 1 : looks_a_round;
    for (int look = 1; look < looks && again && !transport_->waits(); ++look) {
      const bool more = transport_->poll(*this);
      arrived_ |= more;
      again = more != starved;
    }
    any |= arrived_;
    if (any) has_rested_ = false;
    if (!turns_.is_idle()) any |= take_turns();
    if (executor_.is_short_of_memory() || census_.is_wanted()) mind_memory();
    if (stealing_.is_on()) mind_stealing();
    if (unsent_) transport_->flush();
    unsent_ = false;
    executor_.post();
    if (programs_.can_advance()) {
      programs_.advance();
      any = true;
    }
    return any;
  } catch (...) {
    fail();
  }
}

bool Rank::take_turns() {
  if (!turns_.take()) return false;
  unsent_ = true;
  last_pump_ = now_seconds();  // whoever was inside a function did not keep messages waiting
  last_pump_shared_.store(last_pump_, std::memory_order_relaxed);
  return true;
}

/// Our own machinery is broken on this rank: nothing can be promised any more.
void Rank::fail() {
  std::fprintf(stderr, "ramal: rank %d: internal error: %s\n", transport_->rank(), current_message().c_str());
  std::fflush(stderr);
  transport_->abort(70);
  std::abort();
}

/// Runs tasks, and moves messages now and then, or at once when there is no task. The clock takes as long as
/// a small task does, so it is looked at after several of those, and rarely by a rank that waits for messages
/// all the time.
bool Rank::step() {
  constexpr unsigned steps_between_samples = 16;
  const std::size_t wanted = tasks_a_look_;
  const bool sampled = ++steps_ % steps_between_samples == 0;
  const double before = sampled ? now_seconds() : 0;
  const std::size_t count = executor_.run_some(wanted);
  if (count < wanted) {
    if (sampled && count > 0) {
      const double interval = (now_seconds() - before) / static_cast<double>(count);
      const double fit = std::min(pump_interval_seconds / interval, static_cast<double>(most_tasks_a_look));
      tasks_a_look_ = std::max<std::size_t>(1, static_cast<std::size_t>(fit));
      tasks_are_long_ = interval > long_task_seconds;
    }
    const bool any = pump(true);
    last_pump_ = coarse_seconds();
    last_pump_is_coarse_ = true;
    return any || count > 0;
  }
  const double now = now_seconds();
  if (std::exchange(last_pump_is_coarse_, false) && now - last_pump_ < coarse_clock_seconds) last_pump_ = now;
  const double since = now - last_pump_;
  if (since < pump_interval_seconds) {
    tasks_a_look_ = std::min(2 * wanted, most_tasks_a_look);
    return true;
  }
  if (since > 2 * pump_interval_seconds) tasks_a_look_ = std::max<std::size_t>(1, wanted / 4);
  tasks_are_long_ = since > long_task_seconds * static_cast<double>(wanted);
  pump();
  if (arrived_ && since > noticeable_gap_seconds) delay_.late += since;
  last_pump_ = now;
  return true;
}

void Rank::attend() {
  if (threaded()) return;  // its workers attend all the time
  const double now = now_seconds();
  const double gap = now - last_pump_;
  const bool had_work = executor_.has_ready();
  const bool under_way = executor_.runs() > 0;
  pump();
  if (gap > noticeable_gap_seconds && under_way) {
    if (had_work) delay_.unattended += gap;
    if (arrived_) delay_.late += gap;
  }
  last_pump_ = now;
}

void Rank::note_idle(bool did_something) {
  if (!did_something && idle_since_ == 0 && executor_.runs() > 0) {
    idle_since_ = coarse_seconds();
  } else if (did_something && idle_since_ != 0) {
    delay_.idle += coarse_seconds() - std::exchange(idle_since_, 0);
  }
}

// --- memory ----------------------------------------------------------------------------------------------

/// With nothing else to do: starts a task that is over the bound on memory, if waiting would not help. What
/// others send, or take, may free some; whether they will, rank 0 finds out.
bool Rank::overdraw(unsigned worker) {
  if (!executor_.is_stuck_for_memory()) return false;
  if (executor_.has_traffic()) {
    int allowed = may_overdraw_.load(std::memory_order_relaxed);
    while (allowed > 0 && !may_overdraw_.compare_exchange_weak(allowed, allowed - 1)) {
    }
    if (allowed == 0) return false;
    has_starved_.store(false, std::memory_order_relaxed);
  }
  return executor_.overdraw(worker);
}

/// One look a round of messages, of no cost while there is memory.
void Rank::mind_memory() {
  const bool is_first = transport_->rank() == 0;
  executor_.free_what_has_left();
  if (executor_.is_short_of_memory() && !has_starved_.load(std::memory_order_relaxed) &&
      executor_.is_stuck_for_memory() && executor_.has_traffic()) {
    has_starved_.store(true, std::memory_order_relaxed);
    if (is_first) {
      census_.want();
    } else {
      send_text(0, {.type = MessageType::starved}, {});
    }
  }
  if (!is_first || !census_.is_wanted() || !census_.ask(now_seconds())) return;
  for (int to = 1; to < transport_->ranks(); ++to) {
    send_text(to, {.type = MessageType::census}, {});
    ++census_messages_.sent;
  }
  hear_answer(0, answer_census());
}

Census::Answer Rank::answer_census() {
  // Without any rank that is short of it rank 0 stops asking, and must be told anew.
  if (!executor_.is_short_of_memory()) has_starved_.store(false, std::memory_order_relaxed);
  return {.at_rest = executor_.is_at_rest(),
          .short_of_memory = executor_.is_short_of_memory(),
          .sent = transport_->counts().messages - census_messages_.sent,
          .received = received_ - census_messages_.received};
}

void Rank::hear_answer(int from, const Census::Answer& answer) {
  for (const int to : census_.hear(from, answer, now_seconds())) {
    if (to == 0) {
      ++may_overdraw_;
    } else {
      send_text(to, {.type = MessageType::overdraw}, {});
    }
  }
}

// --- stealing -------------------------------------------------------------------------------------------

/// A round of messages: what to give to those that have asked, and what to ask of others.
void Rank::mind_stealing() {
  const bool gives_anything = stealing_.mode() == StealMode::on;
  if (stealing_.askers() > 0 && executor_.may_give(gives_anything)) give_tasks();
  // While nothing is to be had it is only now and then that the clock, which takes as long as an empty look
  // for messages, and the executor are asked; what a message brings meanwhile ends the hunger.
  constexpr unsigned looks_between_questions = 16;
  const bool at_once = stealing_.asks_at_once() && executor_.durations().any_is_long();
  if (gives_anything || at_once || looks_to_question_ == 0) {
    looks_to_question_ = looks_between_questions;
    ask_for_tasks();
  } else {
    --looks_to_question_;
    if (arrived_) stealing_.go_on();
  }
}

/// A rank that knows only short tasks waits longer before it asks, and does not while it has any: there is
/// nothing to be had, unless it waits for others' long ones.
void Rank::ask_for_tasks() {
  // A rank whose turn in a collective task may come does not begin what others would have to wait for.
  const bool may_ask = (threaded() || may_ask_) && turns_.is_idle() &&
                       (stealing_.mode() == StealMode::on || !transport_->waits());
  const unsigned hungry = may_ask ? executor_.hungry() : 0;
  const bool are_short = stealing_.mode() == StealMode::automatic && !executor_.durations().any_is_long();
  if (hungry == 0 && are_short) {
    send_words(stealing_.withdraw());
  } else if (hungry == 0 && !stealing_.is_asking()) {
    stealing_.go_on();
  } else {
    const double now = are_short ? coarse_seconds() : now_seconds();
    send_words(stealing_.look(hungry, now, are_short ? long_grace_seconds : 0));
  }
}

void Rank::send_words(std::span<const Stealing::Word> words) {
  for (const auto& [to, wanted] : words) {
    send_text(to, {.type = MessageType::steal, .slot = wanted}, {});
    ++census_messages_.sent;  // they change nothing about who is at rest
  }
}

void Rank::give_tasks() {
  const double now = now_seconds();
  if (now < next_give_) return;
  while (stealing_.askers() > 0) {
    const auto [to, wanted] = stealing_.first_asker();
    const auto gift = executor_.give(to, wanted, stealing_.askers(), stealing_.mode() == StealMode::on);
    if (gift.tasks == 0) {
      const double end = now_seconds();
      next_give_ = end + std::max(give_pause_seconds, (end - now) / give_share);
      return;
    }
    stealing_.gave();
    send_shared(to, {.type = MessageType::stolen}, gift.message->view(), gift.message);
  }
}

void Rank::progress() {
  if (!threaded()) {
    attend();
    step();
    return;
  }
  const auto held = lock();
  pump();
}

/// With one thread, after a look that found nothing.
void Rank::rest(Backoff& backoff, bool by_time) {
  // By the clock go also rank 0's census, and the end of patience with a collective task.
  if (!by_time && !census_.is_wanted() && !turns_.has_thrown() && transport_->wait()) return;
  if (const double pause = backoff.next(); pause > 0) {
    has_rested_ = true;
    looks_to_question_ = 0;  // they are rare from here on
    sleep_seconds(pause);
  }
}

void Rank::work_until(const std::function<bool()>& done, bool by_time) {
  or_fail([&] { work_until_done(done, by_time); });
}

void Rank::work_until_done(const std::function<bool()>& done, bool by_time) {
  Backoff backoff;
  if (!threaded()) {
    may_ask_ = true;
    attend();
    while (!done()) {
      const bool did_something = step() || overdraw(0);
      note_idle(did_something);
      if (did_something) {
        backoff.reset();
      } else {
        rest(backoff, by_time);
      }
    }
    may_ask_ = control_ == nullptr;
    if (stealing_.is_asking()) {  // or what is given would wait until the program comes back
      send_words(stealing_.withdraw());
      transport_->flush();
    }
    return;
  }
  // The workers need the cores: what this thread waits for they tell it.
  constexpr int looks = 20;
  constexpr double until_told_seconds = 10e-3;
  auto held = lock();
  for (int look = 0; !done();) {
    if (pump()) {
      look = 0;
    } else if (++look > looks) {
      pumped_.wait_for(held, std::chrono::duration<double>(until_told_seconds));
    } else {
      held.unlock();
      held.lock();
    }
  }
}

int Rank::serve() {
  work_until([this] { return stopped_.has_value() && turns_.may_end(); });
  end_workers();
  const Farewell farewell{delay_, executor_.tasks_run(), stolen_};
  send_text(0, {.type = MessageType::stop}, std::as_bytes(std::span(&farewell, 1)));
  transport_->flush();
  return *stopped_;
}

void Rank::hear(const Farewell& farewell) {
  const Delay& delay = farewell.delay;
  all_tasks_run_ += farewell.tasks_run;
  all_stolen_.tasks += farewell.stolen.tasks;
  all_stolen_.bytes += farewell.stolen.bytes;
  all_delays_.late = std::max(all_delays_.late, delay.late);
  all_delays_.idle = std::max(all_delays_.idle, delay.idle);
  all_delays_.unattended = std::max(all_delays_.unattended, delay.unattended);
}

bool Rank::stop_all(int status, double patience_seconds) {
  tell_workers_to_end();
  {
    const auto held = lock();
    takes_all_ = true;
    stealing_.end();
    for (int to = 1; to < transport_->ranks(); ++to)
      send_text(
          to, {.type = MessageType::stop, .run = static_cast<std::uint32_t>(status), .slot = shipped_to(to)},
          {});
    turns_.give_up();
  }
  const double start = now_seconds();
  const double deadline = start + patience_seconds;
  double next_word = start + first_word_seconds;
  Backoff backoff;
  for (;;) {
    {
      const auto held = lock();
      if (pump()) backoff.reset();
      if (others_stopped_ == transport_->ranks() - 1 && workers_alive_ == 0 && turns_.may_end()) {
        hear({delay_, executor_.tasks_run(), stolen_});
        return true;
      }
    }
    const double now = now_seconds();
    if (now > deadline) return false;
    if (now > next_word) {
      tell_who_is_waited_for(now - start);
      next_word = start + 3 * (now - start);
    }
    if (threaded()) {
      sleep_seconds(backoff.next());
    } else {
      // By the clock goes also what is said; a rank that blocks says nothing.
      rest(backoff, patience_seconds < forever_seconds || !transport_->waits());
    }
  }
}

/// Rank 0's program has ended and others have not, for so long: a task that does not end holds up all of
/// them.
void Rank::tell_who_is_waited_for(double seconds) {
  const auto held = lock();
  std::string ranks;
  for (int from = 1; from < transport_->ranks(); ++from) {
    if (!has_stopped_[static_cast<std::size_t>(from)])
      ranks += (ranks.empty() ? "" : ", ") + std::to_string(from);
  }
  const std::string own = executor_.tasks_under_way();
  if (!own.empty()) ranks = "0 (" + own + ")" + (ranks.empty() ? "" : ", ") + ranks;
  std::fprintf(
      stderr,
      "ramal: the program ended %.0f s ago and waits for tasks that run on rank %s; what has not begun is "
      "not started any more\n",
      seconds, ranks.c_str());
  std::fflush(stderr);
}

void Rank::tell_workers_to_end() {
  executor_.end_waiting();
  const std::lock_guard lock(sleep_mutex_);
  ending_ = true;
  woken_.notify_all();
}

void Rank::end_workers() {
  tell_workers_to_end();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Rank::close() {
  end_workers();
  // What still arrives is nobody's any more.
  struct Discard final : Receiver {
    std::unordered_map<int, Buffer> memory;
    void receive(int, const Header&, std::span<const std::byte>) override {}
    std::span<std::byte> prepare(int from, const Header& header, std::span<const std::byte>) override {
      auto& buffer = memory[from] = Buffer(header.bytes);
      return {buffer.data(), buffer.size()};
    }
    void landed(int from, const Header&) override { memory.erase(from); }
  } discard;
  transport_->close(discard);
}

// --- threads --------------------------------------------------------------------------------------------

void Rank::work(unsigned worker) {
  Backoff backoff(200e-6);  // whoever makes work wakes a sleeper
  numa_.bind(worker);
  if (worker_count_ > 1) ThreadedLibraries().share_cores();
  std::size_t tasks_a_look = 1;
  double before = now_seconds();
  while (!ending_) {
    const std::size_t count = executor_.run_some(tasks_a_look, worker);
    if (count > 0 || overdraw(worker)) {
      backoff.reset();
      const double now = now_seconds();
      const double took = std::max(now - before, 1e-9);
      const double fit = static_cast<double>(count) * pump_interval_seconds / took;
      tasks_a_look = static_cast<std::size_t>(std::clamp(fit, 1.0, static_cast<double>(most_tasks_a_look)));
      before = now;
      if (now - last_pump_shared_.load(std::memory_order_relaxed) >= pump_interval_seconds) try_pump(now);
      continue;
    }
    if (try_pump(now_seconds())) backoff.reset();
    if (backoff.next() > 0) {
      constexpr double until_woken_seconds = 50e-3;
      sleep_until_woken(until_woken_seconds);
    }
    before = now_seconds();
  }
  --workers_alive_;
}

/// A round of messages, unless another thread is at it. Whoever waits for what it brings is told.
bool Rank::try_pump(double now) {
  const std::unique_lock held(pump_mutex_, std::try_to_lock);
  if (!held) return false;
  constexpr double long_pause_seconds = 200e-6;
  if (now - last_pump_shared_.load(std::memory_order_relaxed) > long_pause_seconds) looks_to_question_ = 0;
  last_pump_shared_.store(now, std::memory_order_relaxed);
  const bool any = pump();
  if (std::exchange(has_news_, false)) pumped_.notify_all();
  return any;
}

/// Pumps when nobody else has for a while: all workers are inside long tasks.
void Rank::help() {
  constexpr double shortest_pause_seconds = 50e-6;
  double pause = helper_interval_seconds;
  while (!ending_) {
    const double now = now_seconds();
    const bool is_needed = now - last_pump_shared_.load(std::memory_order_relaxed) > shortest_pause_seconds;
    if (is_needed && try_pump(now)) {
      pause = shortest_pause_seconds;
    } else {
      pause = std::min(2 * pause, helper_interval_seconds);
    }
    sleep_seconds(pause);
  }
}

void Rank::wake() {
  if (sleepers_.load() == 0) return;
  const std::lock_guard lock(sleep_mutex_);
  woken_.notify_one();
}

void Rank::sleep_until_woken(double seconds) {
  std::unique_lock lock(sleep_mutex_);
  ++sleepers_;
  // Whoever makes work counts it before it looks for sleepers, so one of us sees the other.
  if (!executor_.has_ready() && !ending_) woken_.wait_for(lock, std::chrono::duration<double>(seconds));
  --sleepers_;
}

}  // namespace ramal::detail
