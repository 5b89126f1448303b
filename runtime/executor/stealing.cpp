// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/stealing.hpp"

#include <algorithm>

namespace ramal::detail {

void Stealing::end() {
  mode_ = StealMode::off;
  asked_.clear();
  askers_.clear();
}

/// Some other rank that holds no question of ours.
int Stealing::pick() {
  int other = static_cast<int>(random_() % static_cast<unsigned>(ranks_));
  while (other == rank_ || std::ranges::count(asked_, other) > 0) other = (other + 1) % ranks_;
  return other;
}

std::vector<Stealing::Word> Stealing::look(unsigned hungry, double now_seconds, double least_grace_seconds) {
  if ((hungry > 0) != hungry_) {
    hungry_ = hungry > 0;
    since_ = now_seconds;
  }
  if (!hungry_) return now_seconds - since_ >= busy_seconds ? withdraw() : std::vector<Word>();
  std::vector<Word> words;
  if (now_seconds - since_ < std::max(grace_seconds_, least_grace_seconds)) return words;
  const auto others = static_cast<std::size_t>(ranks_ - 1);
  const auto ask = [&] {
    asked_.push_back(pick());
    words.push_back({asked_.back(), hungry});
  };
  if (asked_.empty()) {
    was_served_ = false;
    exchange_seconds_ = first_exchange_seconds;
    next_exchange_ = now_seconds + exchange_seconds_;
  }
  while (asked_.size() < std::min(window, others)) ask();
  if (others > window && now_seconds >= next_exchange_) {
    ask();
    words.push_back({asked_.front(), 0});
    asked_.pop_front();
    exchange_seconds_ = std::min(last_exchange_seconds, 2 * exchange_seconds_);
    next_exchange_ = now_seconds + exchange_seconds_;
  }
  return words;
}

std::vector<Stealing::Word> Stealing::withdraw() {
  if (!asked_.empty() && !was_served_)
    grace_seconds_ = std::min(std::max(2 * grace_seconds_, first_grace_seconds_),
                              first_grace_seconds_ > 0 ? longest_grace_seconds : 0);
  std::vector<Word> words;
  for (const int one : asked_) words.push_back({one, 0});
  asked_.clear();
  hungry_ = false;
  return words;
}

void Stealing::served(int by) {
  std::erase(asked_, by);
  was_served_ = true;
  grace_seconds_ = 0;
  exchange_seconds_ = first_exchange_seconds;
}

void Stealing::hear(int from, unsigned wanted) {
  std::erase_if(askers_, [from](const Asker& asker) { return asker.rank == from; });
  if (wanted > 0 && is_on()) askers_.push_back({from, wanted});
}

}  // namespace ramal::detail
