// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/transport/mpi_transport.hpp"

#include "runtime/machine/clock.hpp"
#include "runtime/transport/frame.hpp"
#include "runtime/transport/mpi_communicator.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>

namespace ramal::detail {

namespace {

constexpr int frame_tag = 1;
constexpr int large_tag = 2;
constexpr int receive_ring = 64;
constexpr std::size_t least_frame_bytes = 2048;  // below every MPI's eager limit we know of
static_assert(sizeof(FrameHead) + sizeof(RecordHead) + sizeof(std::uint64_t) +
                  padded_record(Transport::most_head_bytes) <=
              least_frame_bytes);
constexpr std::size_t most_spare_frames = 256;
/// Of what lies in several spans, so that most pieces lie within one: MPI moves what does not in fragments,
/// for each of which both sides must attend.
constexpr std::size_t most_piece_in_spans_bytes = std::size_t{256} << 10;
constexpr double pause_at_end_seconds = 10e-6;

struct Lent {
  Spans payload;
  Value keep;
};
struct MpiFrame {
  std::vector<std::byte> memory;
  std::size_t used = sizeof(FrameHead);
  std::vector<Lent> lent;
  std::vector<MPI_Request> requests = {};  // while it is being sent
};
class MpiTransport final : public Transport {
 public:
  MpiTransport(MPI_Comm communicator, MPI_Errhandler errors_of_tasks, const Options& options)
      : communicator_(communicator),
        for_tasks_(communicator, options.piece_bytes, errors_of_tasks),
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

  void lend(int to, const Header& header, std::span<const std::byte> head, Spans payload,
            Value keep) override {
    const std::uint64_t bytes = payload.bytes();
    Header record = header;
    record.bytes = head.size();
    const std::uint8_t flags = large_flag | (is_in_spans(payload) ? in_spans_flag : 0);
    auto* room = append(to, record, flags, sizeof bytes + padded_record(head.size()));
    std::memcpy(room, &bytes, sizeof bytes);
    if (!head.empty()) std::memcpy(room + sizeof bytes, head.data(), head.size());
    peer(to).open->lent.push_back({std::move(payload), std::move(keep)});
    count(header);
    finish_frame(to);
  }

  void flush() override {
    for (std::size_t i = with_open_.size(); i-- > 0;) {
      const int to = with_open_[i];  // finishing it takes it off the list
      // Without credit it could not leave, so it may as well fill up.
      if (peer(to).under_way < credits_ && peer(to).waiting.empty()) {
        finish_frame(to);
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
    std::unique_ptr<MpiFrame> open;
    std::deque<std::unique_ptr<MpiFrame>> waiting;  // for credit
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
  static bool is_in_spans(const Spans& payload) { return payload.all().size() > 1; }
  /// How large the messages are that a large payload goes in: both sides cut alike.
  std::size_t piece_bytes(bool in_spans) const {
    return in_spans ? std::min(piece_bytes_, most_piece_in_spans_bytes) : piece_bytes_;
  }

  // --- sending --------------------------------------------------------------------------------------
  /// A record in the open frame to that rank, with `room` bytes behind its head.
  std::byte* append(int to, const Header& header, std::uint8_t flags, std::size_t room) {
    Peer& other = peer(to);
    if (other.open && other.open->used + sizeof(RecordHead) + room > frame_bytes_) finish_frame(to);
    if (!other.open) {
      other.open = new_frame();
      ++other.frames_begun;
      with_open_.push_back(to);
    }
    MpiFrame& frame = *other.open;
    auto* behind = write_record_head(frame.memory.data() + frame.used, header, flags);
    frame.used += sizeof(RecordHead) + room;
    return behind;
  }
  std::unique_ptr<MpiFrame> new_frame() {
    if (spare_.empty()) {
      auto frame = std::make_unique<MpiFrame>();
      frame->memory.resize(frame_bytes_);
      return frame;
    }
    auto frame = std::move(spare_.back());
    spare_.pop_back();
    frame->used = sizeof(FrameHead);
    return frame;
  }
  void finish_frame(int to) {
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
      finish_frame(to);
    }
  }
  void send(int to, std::unique_ptr<MpiFrame> frame) {
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
      const std::size_t piece = piece_bytes(is_in_spans(lent.payload));
      for (std::size_t at = 0; at < lent.payload.bytes(); at += piece) {
        const auto size = std::min(piece, lent.payload.bytes() - at);
        send_piece(to, lent.payload.part(at, size), frame->requests.emplace_back());
      }
    }
    sending_.push_back(std::move(frame));
  }
  /// Of a large message, from where it lies: MPI gathers what lies in several spans.
  void send_piece(int to, const Spans& piece, MPI_Request& request) const {
    const auto spans = piece.all();
    const void* const first = spans.front().data();
    if (spans.size() == 1) {
      MPI_Isend(first, static_cast<int>(piece.bytes()), MPI_BYTE, to, large_tag, communicator_, &request);
      return;
    }
    MPI_Aint base = 0;
    MPI_Get_address(first, &base);
    std::vector<int> lengths;
    std::vector<MPI_Aint> places;  // from the first on
    for (const Spans::Span span : spans) {
      lengths.push_back(static_cast<int>(span.size()));
      MPI_Get_address(span.data(), &places.emplace_back());
      places.back() = MPI_Aint_diff(places.back(), base);
    }
    MPI_Datatype type = MPI_DATATYPE_NULL;
    MPI_Type_create_hindexed(static_cast<int>(spans.size()), lengths.data(), places.data(), MPI_BYTE, &type);
    MPI_Type_commit(&type);
    MPI_Isend(first, 1, type, to, large_tag, communicator_, &request);
    MPI_Type_free(&type);  // it is kept until the message has left
  }
  bool collect_sent() {
    if (sending_.empty()) return false;
    const auto before = sending_.size();
    std::erase_if(sending_, [this](std::unique_ptr<MpiFrame>& frame) {
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
  void recycle(std::unique_ptr<MpiFrame> frame) {
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
        begin_landing(receiver, from, record);
        return record.end;
      }
      receiver.receive(from, record.header, record.inside);
      at = record.end;
    }
    return at;
  }
  void begin_landing(Receiver& receiver, int from, const Record& record) {
    const auto room = receiver.prepare(from, record.header, record.inside);
    Landing& landing = peer(from).landing.emplace(Landing{record.header, {}});
    landings_.push_back(from);
    const std::size_t piece = piece_bytes(record.in_spans);
    for (std::size_t at = 0; at < room.size(); at += piece) {
      const auto size = std::min(piece, room.size() - at);
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
  std::vector<std::unique_ptr<MpiFrame>> sending_;
  std::vector<std::unique_ptr<MpiFrame>> spare_;
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

std::unique_ptr<Transport> mpi_transport(MPI_Comm communicator, MPI_Errhandler errors_of_tasks,
                                         const Options& options) {
  return std::make_unique<MpiTransport>(communicator, errors_of_tasks, options);
}

}  // namespace ramal::detail
