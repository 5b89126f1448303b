// SPDX-License-Identifier: BSD-3-Clause
// Several ranks in one process: driven by one thread in a shuffled but repeatable order, or each with
// threads of its own.
#pragma once

#include "runtime/session/distributed.hpp"
#include "runtime/session/serial.hpp"
#include "runtime/transport/inprocess.hpp"

#include <ramal/session.hpp>

namespace ramal::test {

using namespace ramal::detail;

inline RankInfo about(int rank, std::uint64_t memory_bytes = std::uint64_t{1} << 40) {
  return {.rank = rank,
          .host = "host" + std::to_string(rank),
          .pid = 0,
          .threads = 1,
          .cores = 1,
          .memory_bytes = memory_bytes};
}

inline std::vector<std::string> host_names(int ranks) {
  std::vector<std::string> names;
  for (int rank = 0; rank < ranks; ++rank) names.push_back("host" + std::to_string(rank));
  return names;
}

/// All ranks on the calling thread. Whenever rank 0 looks for messages, some of the others move first.
class SteppedRanks {
 public:
  SteppedRanks(int ranks, unsigned seed, std::size_t small_bytes = 64,
               std::uint64_t memory_bytes = std::uint64_t{1} << 40, StealMode steal = StealMode::off)
      : network_(ranks, small_bytes, seed), random_(seed + 1), images_(Images::loaded()) {
    for (int rank = 1; rank < ranks; ++rank) {
      others_.push_back(std::make_unique<Rank>(network_.connect(rank), images_, 0, nullptr,
                                               about(rank, memory_bytes), steal));
    }
    engine_ = std::make_unique<DistributedEngine>(std::make_unique<Stepping>(*this, network_.connect(0)),
                                                  images_, 0, host_names(ranks), true, about(0, memory_bytes),
                                                  std::vector<LocalInfos>(), steal);
    session_ = std::make_unique<Session>(*engine_);
  }
  Session& session() { return *session_; }
  DistributedEngine& engine() { return *engine_; }
  Rank& rank(int r) { return r == 0 ? engine_->rank() : *others_[static_cast<std::size_t>(r - 1)]; }
  /// While held, only rank 0 moves.
  bool held = false;

 private:
  class Stepping final : public Transport {
   public:
    Stepping(SteppedRanks& all, std::unique_ptr<Transport> own) : all_(all), own_(std::move(own)) {}
    int rank() const override { return own_->rank(); }
    int ranks() const override { return own_->ranks(); }
    std::size_t small_bytes() const override { return own_->small_bytes(); }
    std::byte* write(int to, const Header& header) override {
      ++counts_.messages;
      return own_->write(to, header);
    }
    void lend(int to, const Header& header, std::span<const std::byte> head, Spans payload,
              Value keep) override {
      ++counts_.messages;
      own_->lend(to, header, head, std::move(payload), std::move(keep));
    }
    void flush() override { own_->flush(); }
    std::uint64_t mark(int to) const override { return own_->mark(to); }
    bool has_left(int to, std::uint64_t mark) const override { return own_->has_left(to, mark); }
    bool poll(Receiver& receiver) override {
      own_->flush();
      all_.step_some();
      return own_->poll(receiver);
    }
    void close(Receiver& receiver) override { own_->close(receiver); }
    Communicator& communicator(const std::vector<std::uint32_t>& ranks) override {
      return own_->communicator(ranks);
    }
    void abort(int status) override { own_->abort(status); }

   private:
    SteppedRanks& all_;
    std::unique_ptr<Transport> own_;
  };

  void step_some() {
    if (others_.empty() || held) return;
    for (auto n = random_() % 4; n > 0; --n) others_[random_() % others_.size()]->progress();
  }

  Network network_;
  std::minstd_rand random_;
  const Images images_;
  std::vector<std::unique_ptr<Rank>> others_;
  std::unique_ptr<DistributedEngine> engine_;
  std::unique_ptr<Session> session_;
};

/// Each rank with threads of its own; `workers` 0: one thread a rank.
class ThreadedRanks {
 public:
  ThreadedRanks(int ranks, unsigned workers, std::optional<unsigned> seed = {}, std::size_t small_bytes = 64,
                std::uint64_t memory_bytes = std::uint64_t{1} << 40, StealMode steal = StealMode::off)
      : network_(ranks, small_bytes, seed), images_(Images::loaded()) {
    for (int rank = 1; rank < ranks; ++rank) {
      threads_.emplace_back([this, rank, workers, memory_bytes, steal] {
        Rank other(network_.connect(rank), images_, workers, nullptr, about(rank, memory_bytes), steal);
        other.serve();
        other.close();
      });
    }
    engine_ =
        std::make_unique<DistributedEngine>(network_.connect(0), images_, workers, host_names(ranks), true,
                                            about(0, memory_bytes), std::vector<LocalInfos>(), steal);
    session_ = std::make_unique<Session>(*engine_);
  }
  ~ThreadedRanks() {
    session_.reset();
    engine_->rank().stop_all(0, 1e9);
    engine_->rank().close();
    for (auto& thread : threads_) thread.join();
  }
  Session& session() { return *session_; }
  DistributedEngine& engine() { return *engine_; }

 private:
  Network network_;
  const Images images_;
  std::vector<std::thread> threads_;
  std::unique_ptr<DistributedEngine> engine_;
  std::unique_ptr<Session> session_;
};

class SerialRanks {
 public:
  Session& session() { return session_; }

 private:
  SerialEngine engine_;
  Session session_{engine_};
};

/// On one rank and on several, with few and many members of a front; serially first.
template <class Check>
void on_all_engines(const Check& check) {
  {
    SerialRanks serial;
    check(serial.session());
  }
  for (const int ranks : {1, 2, 3, 7}) {
    for (const std::int64_t members : {1, 1 << 14}) {
      SteppedRanks stepped(ranks, 7);
      stepped.engine().set_front_members(members);
      check(stepped.session());
    }
  }
  ThreadedRanks threaded(2, 2);
  check(threaded.session());
}

}  // namespace ramal::test
