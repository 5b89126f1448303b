// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/rank/stall_watch.hpp"

#include "runtime/machine/clock.hpp"
#include "runtime/transport/encoded.hpp"

#include <algorithm>
#include <cstdio>

namespace ramal::detail {

namespace {

constexpr double longest_look_seconds = 1;
constexpr double patience_for_answers_seconds = 2;
constexpr int deadlock_status = 11;

}  // namespace

StallWatch::StallWatch(Mail& mail, Watched& watched, double seconds, const std::string& folder)
    : mail_(mail),
      watched_(watched),
      seconds_(seconds),
      signals_(mail.rank(), seconds, folder),
      quiet_since_(now_seconds()),
      next_question_(now_seconds() + seconds),
      pause_seconds_(seconds) {}

void StallWatch::mind(double now) {
  next_look_ = now + (seconds_ > 0 ? std::min(longest_look_seconds, seconds_ / 8) : longest_look_seconds);
  if (signals_.take_request()) signals_.write(own(now).text(signals_.prefix()));
  if (seconds_ == 0) return;
  if (now >= next_put_off_) {
    signals_.put_off();
    next_put_off_ = now + seconds_ / 4;
  }
  look(now);
  if (mail_.rank() != 0) return;
  if (is_asking_) {
    const bool all = std::ranges::all_of(answers_, [](const auto& one) { return one.has_value(); });
    if (all || now >= answers_until_) conclude(now);
  } else if (now - quiet_since_ >= seconds_ && now >= next_question_ && watched_.waits() &&
             !watched_.waited_for().empty()) {
    ask(now);
  }
}

/// With several threads messages move while tasks run, so those that take long are seen from here.
void StallWatch::look(double now) {
  note_doings(now);
  for (const Standing::Inside& one : watched_.inside(now)) {
    if (one.seconds >= seconds_ && signals_.is_first(one.kind)) signals_.write(signals_.inside_line(one));
  }
}

void StallWatch::note_doings(double now) {
  if (const std::uint64_t count = watched_.doings(); count != doings_) {
    doings_ = count;
    quiet_since_ = now;
  }
}

Standing StallWatch::own(double now) {
  note_doings(now);
  Standing standing = watched_.standing(now);
  standing.quiet_seconds = now - quiet_since_;
  return standing;
}

void StallWatch::ask(double now) {
  before_ = std::exchange(answers_, Standings(static_cast<std::size_t>(mail_.ranks())));
  is_asking_ = true;
  answers_until_ = now + std::min(patience_for_answers_seconds, seconds_ / 2);
  for (int to = 1; to < mail_.ranks(); ++to) {
    mail_.send_text(to, {.type = MessageType::inquiry}, {});
    watched_.note_standing_sent();
  }
  answers_[0] = own(now);
}

void StallWatch::hear_inquiry() {
  const Standing standing = own(now_seconds());
  signals_.write_to_file(standing.text(signals_.prefix()));
  mail_.send_text(0, {.type = MessageType::standing}, encoded(standing));
  watched_.note_standing_sent();
}

void StallWatch::hear_standing(int from, std::span<const std::byte> text) {
  Reader reader(text);
  Standing standing = Codec<Standing>::read(reader);
  if (is_asking_) {
    answers_.at(static_cast<std::size_t>(from)) = std::move(standing);
  } else {  // too late, but it may say that something was done
    next_question_ = std::max(next_question_, now_seconds() + seconds_ - standing.quiet_seconds);
  }
}

/// Asks again soon if some rank has done something, or to be sure of a deadlock; else ever more rarely.
void StallWatch::conclude(double now) {
  is_asking_ = false;
  double quiet = seconds_;
  for (const auto& one : answers_) {
    if (one) quiet = std::min(quiet, one->quiet_seconds);
  }
  if (quiet < seconds_) {
    next_question_ = now + seconds_ - quiet;
    pause_seconds_ = seconds_;
    before_.clear();
    return;
  }
  const bool may_be_end = watched_.waits_for_good() && is_deadlock(answers_, answers_);
  const bool is_end = may_be_end && is_deadlock(before_, answers_);
  if (may_be_end && !is_end) return;  // once more
  tell_chain(is_end);
  if (is_end) watched_.end_all(deadlock_status);
  next_question_ = now + pause_seconds_;
  pause_seconds_ *= 2;
}

void StallWatch::tell_chain(bool is_end) {
  for (auto& one : answers_) {
    if (!one) continue;
    for (Standing::Awaited& awaited : one->awaited) awaited = watched_.named(awaited);
  }
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.0f", answers_[0]->quiet_seconds);
  std::string lines = signals_.prefix() + "nothing has been done for " + seconds + " s";
  lines += is_end ? ", nothing runs and nothing is on the way: a deadlock, which ends all ranks\n" : "\n";
  const auto waited = watched_.waited_for();
  if (waited.empty()) return;
  for (const std::string& link : blocking_chain(waited.front(), answers_))
    lines += signals_.prefix() + link + "\n";
  signals_.write_to_file(answers_[0]->text(signals_.prefix()));
  signals_.write_everywhere(lines);
}

}  // namespace ramal::detail
