// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/transport/inprocess.hpp"

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace ramal::detail {

Network::Network(int ranks, std::size_t small_bytes, std::optional<std::uint64_t> shuffle_seed)
    : small_bytes_(small_bytes), shuffle_(shuffle_seed.has_value()) {
  for (int rank = 0; rank < ranks; ++rank) {
    auto& box = *mailboxes_.emplace_back(std::make_unique<Mailbox>());
    box.from.resize(static_cast<std::size_t>(ranks));
    box.random.seed(static_cast<std::minstd_rand::result_type>(shuffle_seed.value_or(0) * 31 +
                                                               static_cast<unsigned>(rank) + 1));
  }
}

Network::Meeting& Network::meeting(const std::vector<std::uint32_t>& ranks) {
  const std::lock_guard lock(meetings_mutex_);
  return meetings_.try_emplace(ranks, ranks.empty() ? mailboxes_.size() : ranks.size()).first->second;
}

/// One rank's end of a meeting.
class Network::Circle final : public Communicator {
 public:
  Circle(Meeting& meeting, std::size_t rank) : meeting_(meeting), rank_(rank) {}
  int rank() const override { return static_cast<int>(rank_); }
  int size() const override { return static_cast<int>(meeting_.ranks); }
  const void* mpi_communicator() const override { return nullptr; }
  std::vector<std::string> gather(const std::string& mine) override {
    std::unique_lock lock(meeting_.mutex);
    meeting_.texts.resize(meeting_.ranks);
    meeting_.texts[rank_] = mine;
    if (++meeting_.here == meeting_.ranks) {
      meeting_.last = std::exchange(meeting_.texts, {});
      meeting_.here = 0;
      ++meeting_.turn;
      meeting_.all_here.notify_all();
    } else {
      // The next turn cannot end, and replace `last`, before this rank has come to it.
      meeting_.all_here.wait(lock, [this, turn = meeting_.turn] { return meeting_.turn != turn; });
    }
    return meeting_.last;
  }

 private:
  Meeting& meeting_;
  const std::size_t rank_;
};

class InProcessTransport final : public Transport {
 public:
  InProcessTransport(Network& network, int rank) : network_(network), rank_(rank) {}
  ~InProcessTransport() override { flush(); }

  int rank() const override { return rank_; }
  int ranks() const override { return static_cast<int>(network_.mailboxes_.size()); }
  std::size_t small_bytes() const override { return network_.small_bytes_; }

  std::byte* write(int to, const Header& header) override {
    // The room is filled after this call, so the message leaves with the next one.
    flush();
    open_ = {{header, Buffer(header.bytes), {}, false}, to};
    count(header);
    return open_->message.payload.data();
  }
  void lend(int to, const Header& header, std::span<const std::byte> head, Spans payload, Value) override {
    flush();
    open_ = {{header, Buffer(payload.bytes()), {head.begin(), head.end()}, true}, to};
    count(header);
    payload.copy_to(open_->message.payload.data());
    flush();
  }
  void flush() override {
    if (!open_) return;
    auto& box = *network_.mailboxes_[static_cast<std::size_t>(open_->to)];
    const std::lock_guard lock(box.mutex);
    box.from[static_cast<std::size_t>(rank_)].push_back(std::move(open_->message));
    ++box.waiting;
    open_.reset();
  }
  bool poll(Receiver& receiver) override {
    flush();
    bool any = false;
    while (auto arrived = next(receiver)) {
      deliver(receiver, arrived->first, arrived->second);
      any = true;
      if (network_.shuffle_) break;
    }
    return any;
  }
  void close(Receiver& receiver) override {
    while (poll(receiver)) {
    }
  }
  void abort(int status) override { std::_Exit(status); }
  Communicator& communicator(const std::vector<std::uint32_t>& ranks) override {
    const auto here = std::ranges::find(ranks, static_cast<std::uint32_t>(rank_));
    const auto rank =
        ranks.empty() ? static_cast<std::size_t>(rank_) : static_cast<std::size_t>(here - ranks.begin());
    return circles_.try_emplace(ranks, network_.meeting(ranks), rank).first->second;
  }

 private:
  struct Open {
    Network::Message message;
    int to;
  };
  void count(const Header& header) {
    ++counts_.messages;
    counts_.bytes += header.bytes;
  }
  std::optional<std::pair<int, Network::Message>> next(Receiver& receiver) {
    auto& box = *network_.mailboxes_[static_cast<std::size_t>(rank_)];
    const std::lock_guard lock(box.mutex);
    if (box.waiting == 0) return std::nullopt;
    std::size_t from = network_.shuffle_ ? box.random() % box.from.size() : 0;
    const auto has_one = [&] {
      const auto& queue = box.from[from];
      return !queue.empty() &&
             (!queue.front().large || receiver.takes(static_cast<int>(from), queue.front().header));
    };
    for (std::size_t tried = 0; !has_one(); from = (from + 1) % box.from.size()) {
      if (++tried == box.from.size()) return std::nullopt;
    }
    auto message = std::move(box.from[from].front());
    box.from[from].pop_front();
    --box.waiting;
    return std::pair(static_cast<int>(from), std::move(message));
  }
  void deliver(Receiver& receiver, int from, const Network::Message& message) const {
    const auto payload = message.payload.view();
    if (!message.large) {
      receiver.receive(from, message.header, payload);
      return;
    }
    const auto room = receiver.prepare(from, message.header, message.head);
    if (!payload.empty()) std::memcpy(room.data(), payload.data(), payload.size());
    receiver.landed(from, message.header);
  }

  Network& network_;
  int rank_;
  std::optional<Open> open_;
  std::map<std::vector<std::uint32_t>, Network::Circle> circles_;
};

std::unique_ptr<Transport> Network::connect(int rank) {
  return std::make_unique<InProcessTransport>(*this, rank);
}

}  // namespace ramal::detail
