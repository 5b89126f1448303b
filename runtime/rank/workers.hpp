// SPDX-License-Identifier: BSD-3-Clause
// Workers: the threads of one rank, and the lock under which its messages move. Workers run tasks, and
// between them one at a time pumps; a helper that mostly sleeps pumps while all of them are inside long
// tasks. A worker that finds nothing spins, yields, then sleeps until it is woken. The program's own thread
// sleeps until a worker tells it that what it waits for may be there.
//
// With a count of 0 there are no threads, and the lock costs nothing.
#pragma once

#include "runtime/machine/numa.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace ramal::detail {

class Workers {
 public:
  static constexpr double pump_interval_seconds = 10e-6;  // between rounds of messages while tasks run
  static constexpr std::size_t most_tasks_a_look = 16;    // at the clock

  /// What they do. Any thread calls these, several at once but for `pump`.
  class Work {
   public:
    virtual ~Work() = default;
    /// Runs ready tasks, so many at most. Returns how many there were.
    virtual std::size_t run(std::size_t most, unsigned worker) = 0;
    /// With nothing ready: runs one that was put off, if it must be. False if there is none.
    virtual bool run_put_off(unsigned worker) = 0;
    /// `run` would find something.
    virtual bool has_ready() const = 0;
    /// A round of messages, under the lock. `after_pause`: nobody had one for a while. True if it did
    /// anything.
    virtual bool pump(bool after_pause) = 0;
    /// In a handler: one of the above has thrown. Does not return.
    virtual void fail() = 0;
  };

  Workers(unsigned count, Work& work) : work_(work), count_(count), numa_(count) {}
  ~Workers() { end(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  bool exist() const { return count_ > 0; }
  /// The NUMA node of each; all 0 if they are alike.
  const std::vector<std::size_t>& nodes() const { return numa_.node_of_worker(); }
  void start();
  /// They end after their present task. From any thread, as often as one likes.
  void tell_to_end();
  bool have_ended() const { return alive_ == 0; }
  /// Tells them, and waits until they have.
  void end();

  /// The lock under which messages move.
  std::unique_lock<std::mutex> lock() {
    return exist() ? std::unique_lock(pump_mutex_) : std::unique_lock<std::mutex>();
  }
  /// There is work. Costs one load while nobody sleeps.
  void wake();
  /// Under the lock: messages do not wait for want of a thread before that time.
  void note_pump(double now_seconds) { last_pump_.store(now_seconds, std::memory_order_relaxed); }
  /// Under the lock: what the program's thread waits for may be there.
  void note_news() { has_news_ = true; }
  /// The program's thread, which holds the lock: until there may be, or for so long.
  void wait_for_news(std::unique_lock<std::mutex>& held, double seconds);

 private:
  template <class Loop>
  void or_fail(const Loop& loop);
  void work(unsigned worker);
  void help();
  bool try_pump(double now);
  void sleep_until_woken(double seconds);

  Work& work_;
  const unsigned count_;
  const Numa numa_;
  std::mutex pump_mutex_;
  std::condition_variable pumped_;
  bool has_news_ = false;
  std::mutex sleep_mutex_;
  std::condition_variable woken_;
  std::atomic<int> sleepers_{0};
  std::atomic<bool> ending_{false};
  std::atomic<unsigned> alive_{0};
  std::atomic<double> last_pump_{0};
  std::vector<std::thread> threads_;
};

}  // namespace ramal::detail
