// SPDX-License-Identifier: BSD-3-Clause
// Stealing: who asks whom for ready tasks. Events in, words to send out; no messages, no tasks, no clock.
//
// A hungry rank (a thread has nothing to do, and nothing is ready) asks some others. Whoever is asked does
// not say no: it keeps the question until it has ready tasks to spare, and then gives some. So a rank that
// waits sends nothing meanwhile: it asks each other once, and again only when that one has given, or when it
// has taken the question back because it has found work itself. Each time that happens without a reply, it
// waits twice as long before it asks the next time. Many ranks cannot all ask all: each asks `window` others
// picked at random, and after a while one of them is exchanged for another, ever more rarely while nothing
// comes of it.
//
// Words may cross tasks on their way, in both directions; then a rank that has work gets more, or is asked by
// one that is busy again. That costs time, and nothing else: who asks is a set, not a count.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <string_view>
#include <vector>

namespace ramal::detail {

enum class StealMode : std::uint8_t {
  off,
  on,         ///< whatever the tasks take: for tests
  automatic,  ///< tasks that are known to take much longer than their way
};
/// What RAMAL_STEAL says, which is valid.
inline StealMode steal_mode(std::string_view option) {
  return option == "off" ? StealMode::off : option == "on" ? StealMode::on : StealMode::automatic;
}

class Stealing {
 public:
  struct Word {
    int to;
    unsigned wanted;  ///< threads with nothing to do; 0: takes the question back
    bool operator==(const Word&) const = default;
  };
  static constexpr std::size_t window = 8;
  static constexpr double first_exchange_seconds = 2e-3;
  static constexpr double last_exchange_seconds = 1;
  static constexpr double longest_grace_seconds = 16e-3;
  /// Work for so long is more than what comes between two waits.
  static constexpr double busy_seconds = 1e-3;

  /// Asks when hungry for so long without a break; 0: always at once.
  Stealing(StealMode mode, int rank, int ranks, double grace_seconds)
      : mode_(ranks > 1 ? mode : StealMode::off),
        rank_(rank),
        ranks_(ranks),
        first_grace_seconds_(grace_seconds),
        random_(static_cast<std::minstd_rand::result_type>(rank + 1)),
        grace_seconds_(grace_seconds) {}

  StealMode mode() const { return mode_; }
  bool is_on() const { return mode_ != StealMode::off; }
  /// The program is over: no more questions, and none is answered.
  void end();

  // --- asking -------------------------------------------------------------------------------------
  bool is_asking() const { return !asked_.empty(); }
  /// Something was to be had a moment ago, so `look` asks without waiting.
  bool asks_at_once() const { return grace_seconds_ == 0; }
  /// Takes the place of `look` where a rank is not hungry and does not ask; needs no time.
  void go_on() { hungry_ = false; }
  /// What to send now. `hungry`: threads with nothing to do; asks after `least_grace_seconds` without a
  /// break.
  std::vector<Word> look(unsigned hungry, double now_seconds, double least_grace_seconds = 0);
  /// The same when this rank will not look for a while.
  std::vector<Word> withdraw();
  void served(int by);

  // --- being asked --------------------------------------------------------------------------------
  struct Asker {
    int rank;
    unsigned wanted;
  };
  void hear(int from, unsigned wanted);
  std::size_t askers() const { return askers_.size(); }
  /// The one that waits longest.
  Asker first_asker() const { return askers_.front(); }
  void gave() { askers_.pop_front(); }

 private:
  int pick();

  // constant but for the end
  StealMode mode_;
  const int rank_;
  const int ranks_;
  const double first_grace_seconds_;
  std::minstd_rand random_;

  bool hungry_ = false;
  double since_ = 0;  // hungry or not
  double grace_seconds_;
  bool was_served_ = false;   // since it began to ask
  std::deque<int> asked_;     // who holds a question of ours, the oldest first
  std::deque<Asker> askers_;  // whose question we hold
  double exchange_seconds_ = first_exchange_seconds;
  double next_exchange_ = 0;
};

}  // namespace ramal::detail
