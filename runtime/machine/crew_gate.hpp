// SPDX-License-Identifier: BSD-3-Clause
// CrewGate: lets a task that is parallel inside have the cores of several workers. The others stand aside,
// asleep, until it is done. One task gathers at a time, so that two cannot each hold half of the workers.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace ramal::detail {

class CrewGate {
 public:
  /// Each worker calls it before it takes a task: it stands aside if someone waits for that. Otherwise it
  /// costs one relaxed load.
  void pass() {
    if (!calls()) return;
    std::unique_lock lock(mutex_);
    if (missing_ > 0) stand_aside(lock);
  }
  bool calls() const { return calls_.load(std::memory_order_relaxed); }

  /// Returns once so many others stand aside. A worker calls it, and first stands aside itself for whoever
  /// gathers already.
  void gather(unsigned others) {
    std::unique_lock lock(mutex_);
    while (gathering_ && !open_) {
      if (missing_ > 0) {
        stand_aside(lock);
      } else {
        changed_.wait(lock);
      }
    }
    gathering_ = true;
    missing_ = others;
    calls_.store(others > 0, std::memory_order_relaxed);
    changed_.wait(lock, [this] { return missing_ == 0 || open_; });
    calls_.store(false, std::memory_order_relaxed);
    missing_ = 0;
    gathering_ = false;
    changed_.notify_all();
  }
  /// Lets so many of those who stand aside go on.
  void release(unsigned others) {
    const std::lock_guard lock(mutex_);
    released_ += others;
    changed_.notify_all();
  }
  /// From now on nobody waits here.
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  void stand_aside(std::unique_lock<std::mutex>& lock) {
    if (open_) return;
    --missing_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return released_ > 0 || open_; });
    if (released_ > 0) --released_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> calls_{false};
  bool gathering_ = false;
  bool open_ = false;
  unsigned missing_ = 0;   // how many whoever gathers still waits for
  unsigned released_ = 0;  // how many may go on; any of those who stand aside are as good
};

}  // namespace ramal::detail
