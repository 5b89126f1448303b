// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/rank/rank.hpp"

#include "runtime/executor/deaths.hpp"
#include "runtime/executor/exceptions.hpp"

#include <cstdio>
#include <cstdlib>

namespace ramal::detail {

namespace {

constexpr double pump_interval_seconds = Workers::pump_interval_seconds;
constexpr std::size_t most_tasks_a_look = Workers::most_tasks_a_look;
constexpr double long_task_seconds = 2e-6;      // next to which a message of its own costs little
constexpr double coarse_clock_seconds = 10e-3;  // two of its ticks on most systems
constexpr int looks_a_round = 32;               // for messages, if not idle for long
constexpr double noticeable_gap_seconds = 50e-3;
constexpr double first_word_seconds = 3;  // after the program's end, when it is said who is waited for

}  // namespace

ValueId local_id(std::string_view name) {
  ValueId hash = 14695981039346656037u;  // FNV-1a, 64 bits
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash | ValueId{1} << 63;
}

/// What a user's code throws is caught where it is called. Whatever else is thrown must not leave a rank's
/// loop in silence, or the others would wait for this rank for ever.
template <class Action>
void Rank::or_fail(const Action& action) {
  try {
    action();
  } catch (...) {
    fail();
  }
}

Rank::Rank(std::unique_ptr<Transport> transport, const Images& images, unsigned workers, Control* control,
           RankInfo about, StealMode steal, Observer* observer, const std::string& keep_failed)
    : transport_(std::move(transport)),
      images_(images),
      control_(control),
      about_(std::move(about)),
      mail_(*transport_),
      executor_(
          transport_->rank(), images, *this, workers, [this] { workers_.wake(); }, about_.memory_bytes),
      shipping_(mail_, *this),
      programs_(
          executor_, static_cast<std::uint32_t>(transport_->rank()), images,
          [this](ValueId id, const Value& value) { announce(id, value); },
          [this](std::uint32_t to, RunId program, std::int64_t done) {
            mail_.send_text(static_cast<int>(to), {.type = MessageType::progress, .run = program},
                            std::as_bytes(std::span(&done, 1)));
          }),
      turns_(*transport_, executor_, *this,
             [this](int to, const Header& header, auto bytes) { mail_.send_text(to, header, bytes); }),
      memory_(executor_, mail_, transport_->counts()),
      memory_return_(executor_),
      exchange_(steal, executor_, mail_, memory_),
      clocks_(mail_),
      will_look_(control == nullptr),
      last_pump_(now_seconds()),
      has_stopped_(transport_->rank() == 0 ? static_cast<std::size_t>(transport_->ranks()) : 0),
      workers_(workers, *this) {
  for (unsigned i = 0; i < workers; ++i) executor_.set_victims(i, victim_order(i, workers_.nodes()));
  if (observer != nullptr) set_observer(observer);
  executor_.keep_failed(keep_failed);
  workers_.start();
}

Rank::~Rank() { end_workers(); }

void Rank::set_observer(Observer* observer) {
  const auto held = lock();
  observer_ = observer;
  mail_.set_observer(observer);
  executor_.set_observer(observer);
}

// --- progress -------------------------------------------------------------------------------------------

/// One round of messages, under the lock. A rank that is starved looks again and again for one that arrives,
/// and goes on with what that brings; else all are taken in that are there, up to a number.
bool Rank::pump_messages(bool starved) {
  try {
    executor_.post();
    if (programs_.can_advance()) programs_.advance();
    if (control_ == nullptr && executor_.durations().has_news()) tell_durations();
    // What tasks have made ready leaves before anything else is looked at.
    bool any = !turns_.is_idle() && take_turns();
    any |= mail_.has_unsent();
    if (any) mail_.flush();
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
    if (memory_.is_needed()) memory_.mind();
    if (stalls_) {
      if (const double now = coarse_seconds(); stalls_->is_due(now)) stalls_->mind(now);
    }
    if (exchange_.is_on()) exchange_.mind(may_ask(), arrived_);
    if (observer_ != nullptr) tell_how_it_stands();
    if (reporter_ && coarse_seconds() >= next_report_) report_status();
    if (mail_.has_unsent()) mail_.flush();
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

void Rank::set_reporter(std::function<std::vector<std::byte>()> text, double pause_seconds) {
  const auto held = lock();
  reporter_ = std::move(text);
  report_pause_seconds_ = pause_seconds;
}

void Rank::report_status() {
  next_report_ = coarse_seconds() + report_pause_seconds_;
  mail_.send_text(0, {.type = MessageType::status}, reporter_());
  memory_.note_idle_sent();
}

ClockMeasure Rank::measure_clock(int trouble) {
  {
    const auto held = lock();
    clocks_.begin(trouble);
  }
  // Without tasks: the program may be over, and those that are left are not to run.
  constexpr double for_ever = 1e18;
  pump_until([this] { return clocks_.is_measured(); }, for_ever);
  const auto held = lock();
  return clocks_.measure();
}

void Rank::answer_clocks(unsigned times) {
  work_until([this, times] { return clocks_.all_have_measured(times); });
}

void Rank::tell_how_it_stands() {
  constexpr double pause_seconds = 1e-3;
  const double coarse = coarse_seconds();  // some milliseconds behind, so that it is not asked for in vain
  if (coarse < next_stand_) return;
  next_stand_ = coarse + pause_seconds;
  observer_->stands({.now = now_nanoseconds(),
                     .ready = executor_.tasks_ready(),
                     .bytes_held = executor_.bytes_held(),
                     .bytes_landing = bytes_landing_});
}

bool Rank::take_turns() {
  if (!turns_.take()) return false;
  mail_.note_unsent();
  last_pump_ = now_seconds();  // whoever was inside a function did not keep messages waiting
  workers_.note_pump(last_pump_);
  return true;
}

/// A rank whose turn in a collective task may come does not begin what others would have to wait for.
bool Rank::may_ask() const {
  return (threaded() || will_look_) && turns_.is_idle() &&
         (exchange_.is_on_for_all() || !transport_->waits());
}

/// Our own machinery is broken on this rank: nothing can be promised any more.
void Rank::fail() {
  std::fprintf(stderr, "ramal: rank %d: internal error: %s\n", transport_->rank(), current_message().c_str());
  std::fflush(stderr);
  DeathReports::expect_the_end();
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
    const bool any = pump_messages(true);
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
  pump_messages();
  if (arrived_ && since > noticeable_gap_seconds) delay_.late += since;
  last_pump_ = now;
  return true;
}

void Rank::attend() {
  if (threaded()) return;  // its workers attend all the time
  const double now = now_seconds();
  const double gap = now - last_pump_;
  memory_return_.mind();
  const bool had_work = executor_.has_ready();
  const bool under_way = executor_.runs() > 0;
  pump_messages();
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

void Rank::progress() {
  if (!threaded()) {
    attend();
    step();
    return;
  }
  const auto held = lock();
  pump_messages();
}

/// With one thread, after a look that found nothing.
void Rank::rest(Backoff& backoff, bool by_time) {
  memory_return_.mind();
  // By the clock go also rank 0's census, the end of patience with a collective task, and memory's return.
  by_time |= memory_.is_asking() || turns_.has_thrown() || memory_return_.waits() || reporter_;
  if (!by_time && transport_->wait()) return;
  if (const double pause = backoff.next(); pause > 0) {
    has_rested_ = true;
    exchange_.expect_rare_looks();
    sleep_seconds(pause);
  }
}

void Rank::work_until(const std::function<bool()>& done, bool by_time) {
  or_fail([&] {
    waits_for_good_ = !by_time;
    waits_ = true;
    work_until_done(done, by_time);
    waits_ = waits_for_good_ = false;
    if (stalls_ && !threaded()) stalls_->leave();
  });
}

void Rank::work_until_done(const std::function<bool()>& done, bool by_time) {
  Backoff backoff;
  if (!threaded()) {
    will_look_ = true;
    attend();
    while (!done()) {
      // Messages may be nothing but the census that allows what was put off, and never cease until that runs.
      const bool stepped = step();
      const bool did_something = memory_.overdraw(0) || stepped;
      note_idle(did_something);
      if (did_something) {
        backoff.reset();
      } else {
        rest(backoff, by_time);
      }
    }
    will_look_ = control_ == nullptr;
    memory_return_.mind();
    // Or what is given would wait until the program comes back.
    if (exchange_.withdraw()) mail_.flush();
    return;
  }
  // The workers need the cores: what this thread waits for they tell it.
  constexpr int looks = 20;
  constexpr double until_told_seconds = 10e-3;
  auto held = lock();
  for (int look = 0; !done();) {
    if (pump_messages()) {
      look = 0;
    } else if (++look > looks) {
      workers_.wait_for_news(held, until_told_seconds);
    } else {
      held.unlock();
      held.lock();
    }
  }
}

void Rank::pump_until(const std::function<bool()>& done, double seconds) {
  const double deadline = now_seconds() + seconds;
  const auto is_over = [&] { return done() || now_seconds() >= deadline; };
  if (threaded()) {
    work_until(is_over, true);
    return;
  }
  or_fail([&] {
    waits_ = true;
    attend();
    for (Backoff backoff; !is_over();) pump_messages(true) ? backoff.reset() : rest(backoff, true);
    last_pump_ = now_seconds();
    waits_ = false;
    if (stalls_) stalls_->leave();
  });
}

int Rank::wait_for_stop() {
  work_until([this] { return stopped_.has_value() && turns_.may_end(); });
  return *stopped_;
}

void Rank::take_leave() {
  end_workers();
  const Farewell farewell{delay_, executor_.tasks_run(), exchange_.taken()};
  mail_.send_text(0, {.type = MessageType::stop}, std::as_bytes(std::span(&farewell, 1)));
  mail_.flush();
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
    exchange_.end();
    for (int to = 1; to < transport_->ranks(); ++to)
      mail_.send_text(to,
                      {.type = MessageType::stop,
                       .run = static_cast<std::uint32_t>(status),
                       .slot = shipping_.shipped_to(to)},
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
      if (pump_messages()) backoff.reset();
      if (others_stopped_ == transport_->ranks() - 1 && workers_.have_ended() && turns_.may_end()) {
        hear({delay_, executor_.tasks_run(), exchange_.taken()});
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
  workers_.tell_to_end();
}

void Rank::end_workers() {
  executor_.end_waiting();
  workers_.end();
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

}  // namespace ramal::detail
