// SPDX-License-Identifier: BSD-3-Clause
// Ranks inside one process: queues in place of a network.
#pragma once

#include "runtime/transport/transport.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>

namespace ramal::detail {

/// What connects the ranks of one process. Outlives its transports.
class Network {
 public:
  /// With a seed, `poll` delivers messages one by one from senders picked at random, for tests of what
  /// must not depend on order. Payloads above `small_bytes` take the large path.
  explicit Network(int ranks, std::size_t small_bytes = 1024, std::optional<std::uint64_t> shuffle_seed = {});

  /// The transport of that rank. Each may belong to another thread.
  std::unique_ptr<Transport> connect(int rank);

 private:
  friend class InProcessTransport;
  struct Message {
    Header header;
    Buffer payload;
    std::vector<std::byte> head;
    bool large;
  };
  /// Where the ranks of one communicator meet to exchange texts.
  struct Meeting {
    const std::size_t ranks;
    std::mutex mutex;
    std::condition_variable all_here;
    std::vector<std::string> texts, last;
    std::size_t here = 0;
    std::uint64_t turn = 0;
  };
  struct Mailbox {
    std::mutex mutex;
    std::vector<std::deque<Message>> from;  // one queue per sender
    std::size_t waiting = 0;
    std::minstd_rand random;
  };
  class Circle;
  Meeting& meeting(const std::vector<std::uint32_t>& ranks);

  std::size_t small_bytes_;
  bool shuffle_;
  std::mutex meetings_mutex_;
  std::map<std::vector<std::uint32_t>, Meeting> meetings_;  // by their ranks; none: all
  std::vector<std::unique_ptr<Mailbox>> mailboxes_;
};

}  // namespace ramal::detail
