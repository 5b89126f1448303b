// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/transport/mpi.hpp"

#include "runtime/machine/clock.hpp"
#include "runtime/transport/frame.hpp"

#include <ramal/error.hpp>

#include <mpi.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <deque>
#include <exception>
#include <map>

namespace ramal::detail {

namespace {

constexpr int frame_tag = 1;
constexpr int large_tag = 2;
constexpr int receive_ring = 64;
constexpr std::size_t least_frame_bytes = 2048;  // below every MPI's eager limit we know of
constexpr std::size_t most_spare_frames = 256;
constexpr double pause_at_end_seconds = 10e-6;

struct Lent {
  std::span<const std::byte> payload;
  Value keep;
};
struct Frame {
  std::vector<std::byte> memory;
  std::size_t used = sizeof(FrameHead);
  std::vector<Lent> lent;
  std::vector<MPI_Request> requests = {};  // while it is being sent
};

/// Every rank's text, on all ranks. In rounds of so many bytes of all ranks together, since MPI counts in
/// ints.
std::vector<std::string> gather_texts(MPI_Comm communicator, const std::string& text,
                                      std::size_t round_bytes) {
  int ranks = 0;
  MPI_Comm_size(communicator, &ranks);
  const auto count = static_cast<std::size_t>(ranks);
  const std::uint64_t mine = text.size();
  std::vector<std::uint64_t> sizes(count);
  MPI_Allgather(&mine, 1, MPI_UINT64_T, sizes.data(), 1, MPI_UINT64_T, communicator);
  const std::uint64_t longest = *std::ranges::max_element(sizes);
  const std::uint64_t piece =
      std::max<std::uint64_t>(1, std::min<std::uint64_t>(round_bytes, INT_MAX) / count);
  std::vector<std::string> texts(count);
  std::string round;
  std::vector<int> counts(count), offsets(count);
  for (std::uint64_t at = 0; at < longest; at += piece) {
    int total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      counts[i] = static_cast<int>(std::min(piece, sizes[i] - std::min(at, sizes[i])));
      offsets[i] = std::exchange(total, total + counts[i]);
    }
    round.resize(static_cast<std::size_t>(total));
    MPI_Allgatherv(text.data() + std::min(at, mine),
                   static_cast<int>(std::min(piece, mine - std::min(at, mine))), MPI_CHAR, round.data(),
                   counts.data(), offsets.data(), MPI_CHAR, communicator);
    for (std::size_t i = 0; i < count; ++i)
      texts[i].append(round, static_cast<std::size_t>(offsets[i]), static_cast<std::size_t>(counts[i]));
  }
  return texts;
}

/// Every rank's text, on rank 0; nothing on the others. In records of equal length: MPI_Gather of small ones
/// goes along a tree of ranks, where MPI_Gatherv has rank 0 hear of each.
std::vector<std::string> gather_on_first(MPI_Comm communicator, const std::string& text) {
  int rank = 0;
  int ranks = 0;
  MPI_Comm_rank(communicator, &rank);
  MPI_Comm_size(communicator, &ranks);
  const auto size = static_cast<std::uint32_t>(text.size());
  std::uint32_t longest = 0;
  MPI_Allreduce(&size, &longest, 1, MPI_UINT32_T, MPI_MAX, communicator);
  const std::size_t record = sizeof size + longest;
  std::vector<char> mine(record), all(rank == 0 ? record * static_cast<std::size_t>(ranks) : 0);
  std::memcpy(mine.data(), &size, sizeof size);
  std::memcpy(mine.data() + sizeof size, text.data(), text.size());
  MPI_Gather(mine.data(), static_cast<int>(record), MPI_CHAR, all.data(), static_cast<int>(record), MPI_CHAR,
             0, communicator);
  std::vector<std::string> texts;
  for (std::size_t at = 0; at < all.size(); at += record) {
    std::uint32_t length = 0;
    std::memcpy(&length, all.data() + at, sizeof length);
    texts.emplace_back(all.data() + at + sizeof length, length);
  }
  return texts;
}

/// For collective tasks, with a communicator of its own.
class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator(MPI_Comm parent, std::size_t round_bytes) : round_bytes_(round_bytes) {
    MPI_Comm_dup(parent, &handle_);
  }
  /// Of some of another's ranks. Collective among these.
  MpiCommunicator(const MpiCommunicator& all, const std::vector<std::uint32_t>& ranks)
      : round_bytes_(all.round_bytes_) {
    const std::vector<int> numbers(ranks.begin(), ranks.end());
    MPI_Group group_of_all = MPI_GROUP_NULL;
    MPI_Group group = MPI_GROUP_NULL;
    MPI_Comm_group(all.handle_, &group_of_all);
    MPI_Group_incl(group_of_all, static_cast<int>(numbers.size()), numbers.data(), &group);
    MPI_Comm_create_group(all.handle_, group, 0, &handle_);
    MPI_Group_free(&group);
    MPI_Group_free(&group_of_all);
  }
  ~MpiCommunicator() override { MPI_Comm_free(&handle_); }
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;
  int rank() const override {
    int rank = 0;
    MPI_Comm_rank(handle_, &rank);
    return rank;
  }
  int size() const override {
    int size = 0;
    MPI_Comm_size(handle_, &size);
    return size;
  }
  std::vector<std::string> gather(const std::string& mine) override {
    return gather_texts(handle_, mine, round_bytes_);
  }
  const void* mpi_communicator() const override { return &handle_; }

 private:
  MPI_Comm handle_ = MPI_COMM_NULL;
  const std::size_t round_bytes_;
};

class MpiTransport final : public Transport {
 public:
  MpiTransport(MPI_Comm communicator, const Options& options)
      : communicator_(communicator),
        for_tasks_(communicator, options.piece_bytes),
        small_bytes_(options.small_bytes),
        piece_bytes_(options.piece_bytes),
        credits_(static_cast<std::uint32_t>(options.credits)),
        blocks_(options.idle == "block"),
        frame_bytes_(std::max(least_frame_bytes,
                              sizeof(FrameHead) + sizeof(RecordHead) + padded_record(options.small_bytes))) {
    MPI_Comm_rank(communicator, &rank_);
    MPI_Comm_size(communicator, &ranks_);
    peers_.resize(static_cast<std::size_t>(ranks_));
    if (ranks_ == 1) return;
    for (auto& slot : ring_) slot.memory.resize(frame_bytes_);
    taken_ = ring_.size();
    receive_anew();
  }

  int rank() const override { return rank_; }
  int ranks() const override { return ranks_; }
  std::size_t small_bytes() const override { return small_bytes_; }

  std::byte* write(int to, const Header& header) override {
    auto* room = append(to, header, 0, padded_record(header.bytes));
    count(header);
    return room;
  }

  void lend(int to, const Header& header, std::span<const std::byte> head, std::span<const std::byte> payload,
            Value keep) override {
    const std::uint64_t bytes = payload.size();
    Header record = header;
    record.bytes = head.size();
    auto* room = append(to, record, large_flag, sizeof bytes + padded_record(head.size()));
    std::memcpy(room, &bytes, sizeof bytes);
    if (!head.empty()) std::memcpy(room + sizeof bytes, head.data(), head.size());
    peer(to).open->lent.push_back({payload, std::move(keep)});
    count(header);
    seal(to);
  }

  void flush() override {
    for (std::size_t i = with_open_.size(); i-- > 0;) {
      const int to = with_open_[i];  // sealing takes it off the list
      // Without credit it could not leave, so it may as well fill up.
      if (peer(to).under_way < credits_ && peer(to).waiting.empty()) {
        seal(to);
      } else {
        peer(to).flush_on_credit = true;
      }
    }
  }

  bool poll(Receiver& receiver) override {
    if (ranks_ == 1) return false;
    bool any = take_next_frame(receiver);
    if (!landings_.empty()) any |= take_landed(receiver);
    if (!put_off_.empty()) any |= take_put_off(receiver);
    if (!owing_.empty() && !closing_) return_credits();
    // What can wait is done when nothing has arrived, while others work.
    if (any && taken_ < ring_.size() / 2 && lent_ == 0) return true;
    any |= collect_sent();
    receive_anew();
    return any;
  }

  bool waits() const override { return blocks_; }
  bool wait() override {
    if (!blocks_ || ranks_ == 1) return false;
    // All that `poll` looks at. What has come to an end is marked as such where it stands.
    receive_anew();
    std::vector<MPI_Request*> places = {&ring_[head_].request};
    for (const auto& frame : sending_) {
      for (MPI_Request& request : frame->requests) places.push_back(&request);
    }
    for (const int from : landings_) {
      for (MPI_Request& request : peer(from).landing->pieces) places.push_back(&request);
    }
    std::vector<MPI_Request> requests;
    for (const MPI_Request* place : places) requests.push_back(*place);
    int ended = 0;
    MPI_Status status;
    MPI_Waitany(static_cast<int>(requests.size()), requests.data(), &ended, &status);
    *places[static_cast<std::size_t>(ended)] = requests[static_cast<std::size_t>(ended)];
    if (ended == 0) {
      ring_[head_].has_arrived = true;
      ring_[head_].arrived = status;
    }
    return true;
  }

  void close(Receiver& receiver) override {
    if (ranks_ == 1) return;
    const auto look = [&] {
      if (!poll(receiver) && blocks_) sleep_seconds(pause_at_end_seconds);
    };
    while (waiting_frames_ > 0 || !sending_.empty() || !with_open_.empty()) {
      flush();
      look();
      collect_sent();
    }
    MPI_Request barrier;
    MPI_Ibarrier(communicator_, &barrier);
    // Others may need our credits for what they still hold back.
    for (int done = 0; done == 0; MPI_Test(&barrier, &done, MPI_STATUS_IGNORE)) look();
    closing_ = true;
    std::vector<unsigned long> to_each, from_each(peers_.size());
    for (const auto& one : peers_) to_each.push_back(one ? one->frames_sent : 0);
    MPI_Alltoall(to_each.data(), 1, MPI_UNSIGNED_LONG, from_each.data(), 1, MPI_UNSIGNED_LONG, communicator_);
    const auto all_here = [&] {
      return std::equal(
          peers_.begin(), peers_.end(), from_each.begin(), [](const auto& one, unsigned long sent) {
            return one ? one->frames_received == sent && !one->landing && one->stalled.empty() : sent == 0;
          });
    };
    while (!all_here() || !sending_.empty()) look();
    receive_anew();
    for (auto& slot : ring_) {
      MPI_Cancel(&slot.request);
      MPI_Wait(&slot.request, MPI_STATUS_IGNORE);
    }
  }

  std::uint64_t mark(int to) const override {
    const auto& other = peers_[static_cast<std::size_t>(to)];
    return other ? other->frames_begun : 0;
  }
  bool has_left(int to, std::uint64_t mark) const override {
    const auto& other = peers_[static_cast<std::size_t>(to)];
    return mark == 0 || other->frames_begun - other->waiting.size() - (other->open ? 1 : 0) >= mark;
  }
  Communicator& communicator(const std::vector<std::uint32_t>& ranks) override {
    if (ranks.empty()) return for_tasks_;
    auto& made = for_some_[ranks];
    if (!made) made = std::make_unique<MpiCommunicator>(for_tasks_, ranks);
    return *made;
  }

  void abort(int status) override {
    MPI_Abort(communicator_, status);
    std::abort();
  }

 private:
  struct Landing {
    Header header;
    std::vector<MPI_Request> pieces;
  };
  /// A frame that has arrived and waits for a large message, before it or in it.
  struct Arrived {
    std::vector<std::byte> memory;
    std::size_t at;
    std::size_t end;
  };
  struct Peer {
    std::unique_ptr<Frame> open;
    std::deque<std::unique_ptr<Frame>> waiting;  // for credit
    bool flush_on_credit = false;
    std::uint32_t under_way = 0;
    std::uint32_t to_return = 0;
    std::uint64_t frames_begun = 0;  // of those with records
    unsigned long frames_sent = 0;
    unsigned long frames_received = 0;
    std::optional<Landing> landing;
    std::optional<Header> put_off;  // the large message that the receiver does not take yet
    std::deque<Arrived> stalled;
  };
  struct RingSlot {
    std::vector<std::byte> memory;
    MPI_Request request = MPI_REQUEST_NULL;
    bool has_arrived = false;  // as `wait` has seen
    MPI_Status arrived = {};
  };

  Peer& peer(int rank) {
    auto& one = peers_[static_cast<std::size_t>(rank)];
    if (!one) one = std::make_unique<Peer>();
    return *one;
  }
  void count(const Header& header) {
    ++counts_.messages;
    counts_.bytes += header.bytes;
  }

  // --- sending --------------------------------------------------------------------------------------
  /// A record in the open frame to that rank, with `room` bytes behind its head.
  std::byte* append(int to, const Header& header, std::uint8_t flags, std::size_t room) {
    Peer& other = peer(to);
    if (other.open && other.open->used + sizeof(RecordHead) + room > frame_bytes_) seal(to);
    if (!other.open) {
      other.open = new_frame();
      ++other.frames_begun;
      with_open_.push_back(to);
    }
    Frame& frame = *other.open;
    auto* behind = write_record_head(frame.memory.data() + frame.used, header, flags);
    frame.used += sizeof(RecordHead) + room;
    return behind;
  }
  std::unique_ptr<Frame> new_frame() {
    if (spare_.empty()) {
      auto frame = std::make_unique<Frame>();
      frame->memory.resize(frame_bytes_);
      return frame;
    }
    auto frame = std::move(spare_.back());
    spare_.pop_back();
    frame->used = sizeof(FrameHead);
    return frame;
  }
  void seal(int to) {
    Peer& other = peer(to);
    if (with_open_.size() == 1) {
      with_open_.clear();
    } else {
      std::erase(with_open_, to);
    }
    if (other.waiting.empty() && other.under_way < credits_) {
      ++other.under_way;
      send(to, std::move(other.open));
      return;
    }
    other.waiting.push_back(std::move(other.open));
    ++waiting_frames_;
    send_waiting(to);
  }
  void send_waiting(int to) {
    Peer& other = peer(to);
    while (!other.waiting.empty() && other.under_way < credits_) {
      ++other.under_way;
      --waiting_frames_;
      send(to, std::move(other.waiting.front()));
      other.waiting.pop_front();
    }
    if (other.flush_on_credit && other.waiting.empty() && other.under_way < credits_ && other.open) {
      other.flush_on_credit = false;
      seal(to);
    }
  }
  void send(int to, std::unique_ptr<Frame> frame) {
    Peer& other = peer(to);
    const FrameHead head{std::exchange(other.to_return, 0),
                         static_cast<std::uint32_t>(frame->used - sizeof(FrameHead))};
    std::memcpy(frame->memory.data(), &head, sizeof head);
    ++other.frames_sent;
    frame->requests.clear();
    MPI_Isend(frame->memory.data(), static_cast<int>(frame->used), MPI_BYTE, to, frame_tag, communicator_,
              &frame->requests.emplace_back());
    if (frame->lent.empty()) {
      // Most have left by the time they are handed over, and their memory is still in the cache.
      int done = 0;
      MPI_Test(&frame->requests.front(), &done, MPI_STATUS_IGNORE);
      if (done != 0) {
        recycle(std::move(frame));
        return;
      }
    }
    lent_ += frame->lent.size();
    for (const Lent& lent : frame->lent) {
      for (std::size_t at = 0; at < lent.payload.size(); at += piece_bytes_) {
        const auto size = std::min(piece_bytes_, lent.payload.size() - at);
        MPI_Isend(lent.payload.data() + at, static_cast<int>(size), MPI_BYTE, to, large_tag, communicator_,
                  &frame->requests.emplace_back());
      }
    }
    sending_.push_back(std::move(frame));
  }
  bool collect_sent() {
    if (sending_.empty()) return false;
    const auto before = sending_.size();
    std::erase_if(sending_, [this](std::unique_ptr<Frame>& frame) {
      int done = 0;
      MPI_Testall(static_cast<int>(frame->requests.size()), frame->requests.data(), &done,
                  MPI_STATUSES_IGNORE);
      if (done == 0) return false;
      lent_ -= frame->lent.size();
      frame->lent.clear();
      recycle(std::move(frame));
      return true;
    });
    return sending_.size() != before;
  }
  void recycle(std::unique_ptr<Frame> frame) {
    if (spare_.size() < most_spare_frames) spare_.push_back(std::move(frame));
  }
  void return_credits() {
    for (const int to : owing_) {
      if (peer(to).to_return >= std::max(1u, credits_ / 2)) send(to, new_frame());
    }
    owing_.clear();
  }

  // --- receiving ------------------------------------------------------------------------------------
  /// Into the slots of frames that were taken.
  void receive_anew() {
    for (; taken_ > 0; --taken_) {
      RingSlot& slot = ring_[(head_ + ring_.size() - taken_) % ring_.size()];
      MPI_Irecv(slot.memory.data(), static_cast<int>(frame_bytes_), MPI_BYTE, MPI_ANY_SOURCE, frame_tag,
                communicator_, &slot.request);
    }
  }
  bool take_next_frame(Receiver& receiver) {
    // Receives match in the order they were posted, so the head of the ring completes first. What the first
    // brings may be waited for by many: others are looked for when it has been used.
    if (taken_ == ring_.size()) receive_anew();
    RingSlot& slot = ring_[head_];
    int done = slot.has_arrived ? 1 : 0;
    MPI_Status status = slot.arrived;
    if (done == 0) MPI_Test(&slot.request, &done, &status);
    if (done == 0) return false;
    slot.has_arrived = false;
    head_ = (head_ + 1) % ring_.size();
    ++taken_;
    int bytes = 0;
    MPI_Get_count(&status, MPI_BYTE, &bytes);
    take_frame(receiver, status.MPI_SOURCE, slot, static_cast<std::size_t>(std::max(0, bytes)));
    return true;
  }
  void take_frame(Receiver& receiver, int from, RingSlot& slot, std::size_t bytes) {
    Peer& other = peer(from);
    const FrameHead head = read_frame_head(std::span(slot.memory).first(bytes));
    ++other.frames_received;
    if (head.credits > other.under_way) throw DecodeError("a frame returns more credits than there are");
    if (head.credits > 0) {
      other.under_way -= head.credits;
      if (!other.waiting.empty() || other.flush_on_credit) send_waiting(from);
    }
    if (head.length == 0) return;
    const std::size_t end = sizeof head + head.length;
    if (!other.landing && other.stalled.empty()) {
      const auto at = take_records(receiver, from, slot.memory, sizeof head, end);
      if (at == end && !other.landing) {
        took_in(from);
        return;
      }
      other.stalled.push_back({std::move(slot.memory), at, end});
    } else {
      other.stalled.push_back({std::move(slot.memory), sizeof head, end});
    }
    slot.memory = std::vector<std::byte>(frame_bytes_);
  }
  void took_in(int from) {
    if (++peer(from).to_return >= std::max(1u, credits_ / 2)) owing_.push_back(from);
  }
  /// Delivers records up to the end, or past a large one whose payload is still to come, or up to one that
  /// is put off. Returns where it stopped.
  std::size_t take_records(Receiver& receiver, int from, const std::vector<std::byte>& memory, std::size_t at,
                           std::size_t end) {
    while (at < end) {
      const Record record = read_record(std::span(memory).first(end), at);
      if (record.large) {
        if (!receiver.takes(from, record.header)) {
          peer(from).put_off = record.header;
          put_off_.push_back(from);
          return at;
        }
        begin_landing(receiver, from, record.header, record.inside);
        return record.end;
      }
      receiver.receive(from, record.header, record.inside);
      at = record.end;
    }
    return at;
  }
  void begin_landing(Receiver& receiver, int from, const Header& header, std::span<const std::byte> head) {
    const auto room = receiver.prepare(from, header, head);
    Landing& landing = peer(from).landing.emplace(Landing{header, {}});
    landings_.push_back(from);
    for (std::size_t at = 0; at < room.size(); at += piece_bytes_) {
      const auto size = std::min(piece_bytes_, room.size() - at);
      MPI_Irecv(room.data() + at, static_cast<int>(size), MPI_BYTE, from, large_tag, communicator_,
                &landing.pieces.emplace_back());
    }
  }
  bool take_landed(Receiver& receiver) {
    bool any = false;
    for (const int from : std::vector<int>(landings_)) {
      Peer& other = peer(from);
      int done = 0;
      auto& pieces = other.landing->pieces;
      MPI_Testall(static_cast<int>(pieces.size()), pieces.data(), &done, MPI_STATUSES_IGNORE);
      if (done == 0) continue;
      any = true;
      std::erase(landings_, from);
      const Header header = other.landing->header;
      other.landing.reset();
      receiver.landed(from, header);
      take_stalled(receiver, from);
    }
    return any;
  }
  bool take_put_off(Receiver& receiver) {
    bool any = false;
    for (const int from : std::vector<int>(put_off_)) {
      if (!receiver.takes(from, *peer(from).put_off)) continue;
      any = true;
      std::erase(put_off_, from);
      peer(from).put_off.reset();
      take_stalled(receiver, from);
    }
    return any;
  }
  void take_stalled(Receiver& receiver, int from) {
    Peer& other = peer(from);
    while (!other.landing && !other.put_off && !other.stalled.empty()) {
      Arrived& next = other.stalled.front();
      next.at = take_records(receiver, from, next.memory, next.at, next.end);
      if (next.at < next.end || other.landing) break;
      other.stalled.pop_front();
      took_in(from);
    }
  }

  // constant
  MPI_Comm communicator_;
  MpiCommunicator for_tasks_;
  // By their ranks: freed in the same order everywhere, should freeing wait for others.
  std::map<std::vector<std::uint32_t>, std::unique_ptr<MpiCommunicator>> for_some_;
  std::size_t small_bytes_;
  std::size_t piece_bytes_;
  std::uint32_t credits_;
  bool blocks_;
  std::size_t frame_bytes_;
  int rank_ = 0;
  int ranks_ = 1;

  // By rank, made when first needed: of thousands of ranks, most talk to few.
  std::vector<std::unique_ptr<Peer>> peers_;
  // sending
  std::vector<int> with_open_;
  std::vector<std::unique_ptr<Frame>> sending_;
  std::vector<std::unique_ptr<Frame>> spare_;
  std::size_t waiting_frames_ = 0;
  std::size_t lent_ = 0;  // in frames that are being sent
  // receiving
  std::array<RingSlot, receive_ring> ring_;
  std::size_t head_ = 0;   // of the ring: the next to complete
  std::size_t taken_ = 0;  // before it: received, and not yet posted anew
  std::vector<int> landings_;
  std::vector<int> put_off_;
  std::vector<int> owing_;
  bool closing_ = false;
};

}  // namespace

/// Of this world alone; freed with it, also where its constructor throws.
struct MpiWorld::Communicator {
  explicit Communicator(MPI_Comm parent) { MPI_Comm_dup(parent, &handle); }
  ~Communicator() { MPI_Comm_free(&handle); }
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  MPI_Comm handle = MPI_COMM_NULL;
};

namespace {

bool was_started_here = false;

void end_mpi() {
  int finalised = 0;
  MPI_Finalized(&finalised);
  if (finalised == 0) MPI_Finalize();
}

/// If nobody has. It ends when the process does, since it cannot be started a second time.
void start_mpi(int* argc, char*** argv, bool threads) {
  int initialised = 0;
  int finalised = 0;
  MPI_Initialized(&initialised);
  MPI_Finalized(&finalised);
  if (finalised != 0) throw OptionError("ramal: run was called after MPI_Finalize");
  if (initialised != 0) return;
  int provided = MPI_THREAD_SINGLE;
  MPI_Init_thread(argc, argv, threads ? MPI_THREAD_SERIALIZED : MPI_THREAD_SINGLE, &provided);
  was_started_here = true;
  // Libraries that end their use of MPI at exit, such as HDF5, are loaded or started later, hence end
  // earlier.
  std::atexit(end_mpi);
}

}  // namespace

MpiWorld::MpiWorld(int* argc, char*** argv, bool threads) {
  start_mpi(argc, argv, threads);
  is_ours_ = was_started_here;
  communicator_ = std::make_unique<Communicator>(MPI_COMM_WORLD);
  // A program that started MPI itself, without threads, and asked for none, gets one.
  look_around(threads && is_ours_);
}

MpiWorld::MpiWorld(const void* communicator, bool threads) {
  int initialised = 0;
  int finalised = 0;
  MPI_Initialized(&initialised);
  MPI_Finalized(&finalised);
  if (initialised == 0 || finalised != 0)
    throw OptionError("ramal: run(communicator, …) is for use between MPI_Init and MPI_Finalize");
  communicator_ = std::make_unique<Communicator>(*static_cast<const MPI_Comm*>(communicator));
  look_around(threads);
}

void MpiWorld::look_around(bool threads) {
  int provided = MPI_THREAD_SINGLE;
  MPI_Query_thread(&provided);
  allows_threads_ = provided >= MPI_THREAD_SERIALIZED;
  if (threads && !allows_threads_) {
    throw OptionError(
        "ramal: this MPI was started without support for threads; set RAMAL_THREADS=1 and "
        "RAMAL_PROGRESS=auto, or start it with MPI_THREAD_SERIALIZED");
  }
  MPI_Comm_rank(communicator_->handle, &rank_);
  MPI_Comm_size(communicator_->handle, &ranks_);
  MPI_Comm local = MPI_COMM_NULL;
  MPI_Comm_split_type(communicator_->handle, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &local);
  MPI_Comm_size(local, &local_ranks_);
  MPI_Comm_free(&local);
}

MpiWorld::~MpiWorld() = default;

void MpiWorld::abort(int status) const {
  MPI_Abort(communicator_->handle, status);
  std::abort();
}

std::string MpiWorld::library() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string_view whole(text, static_cast<std::size_t>(length));
  return std::string(whole.substr(0, whole.find_first_of(",\n")));
}

std::vector<std::string> MpiWorld::gather(const std::string& text) const {
  return gather_on_first(communicator_->handle, text);
}

std::string MpiWorld::broadcast(std::string text) const {
  std::uint64_t size = text.size();
  MPI_Bcast(&size, 1, MPI_UINT64_T, 0, communicator_->handle);
  text.resize(size);
  MPI_Bcast(text.data(), static_cast<int>(size), MPI_CHAR, 0, communicator_->handle);
  return text;
}

std::unique_ptr<Transport> MpiWorld::connect(const Options& options) const {
  return std::make_unique<MpiTransport>(communicator_->handle, options);
}

int local_ranks_from_launcher() {
  // Open MPI's mpirun; MPICH's and Intel's Hydra; MVAPICH.
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "MV2_COMM_WORLD_LOCAL_SIZE"}) {
    if (const char* text = std::getenv(name)) return std::max(0, std::atoi(text));
  }
  return 0;
}

}  // namespace ramal::detail
