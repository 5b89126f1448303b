// SPDX-License-Identifier: BSD-3-Clause
// ReadyWatch: tells which of some persisted results is there next, for `as_completed`. Each is entered in the
// engine's list of watches, which are told of all results that come.
//
// Locks the pump by itself, except for `told`, which is called under it.
#pragma once

#include "runtime/rank/rank.hpp"
#include "runtime/session/failure_names.hpp"
#include "runtime/session/kept_results.hpp"

#include <algorithm>
#include <deque>

namespace ramal::detail {

class ReadyWatch final : public Watch {
 public:
  /// All of these outlive it.
  ReadyWatch(Rank& rank, const KeptResults& kept, std::vector<ReadyWatch*>& list,
             const Engine::Tasks& targets)
      : rank_(rank), kept_(kept), list_(list), size_(targets.size()), left_(targets.size()) {
    const auto held = rank_.lock();
    for (std::size_t i = 0; i < targets.size(); ++i) note(*targets[i], i);
    list_.push_back(this);
  }
  ~ReadyWatch() override {
    const auto held = rank_.lock();
    std::erase(list_, this);
  }
  /// So many results from that id on are there.
  void told(ValueId first_id, std::uint64_t count) {
    const auto first = places_.lower_bound(first_id);
    const auto last = places_.lower_bound(first_id + count);
    for (auto place = first; place != last; ++place) ready_.push_back(place->second);
    places_.erase(first, last);
  }
  std::optional<std::size_t> next() override {
    if (left_ == 0) return std::nullopt;
    --left_;
    rank_.work_until([this] { return !ready_.empty(); });
    const auto held = rank_.lock();
    const auto place = ready_.front();
    ready_.pop_front();
    return place;
  }
  void add(const Task& target) override {
    const auto held = rank_.lock();
    note(target, size_);
    ++size_;
    ++left_;
  }

 private:
  void note(const Task& target, std::size_t place) {
    const bool is_there = target.constant() != nullptr || was_given_up(target);
    const KeptResult kept = is_there ? KeptResult() : kept_.get(target);
    if (is_there || kept.is_ready()) {
      ready_.push_back(place);
    } else {
      places_.emplace_hint(places_.end(), kept.id(), place);  // they mostly come in the order of their ids
    }
  }

  Rank& rank_;
  const KeptResults& kept_;
  std::vector<ReadyWatch*>& list_;
  std::size_t size_;
  std::size_t left_;
  std::multimap<ValueId, std::size_t> places_;  // those that are not there
  std::deque<std::size_t> ready_;
};

}  // namespace ramal::detail
