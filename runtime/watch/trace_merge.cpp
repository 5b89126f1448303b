// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/trace_merge.hpp"

#include "graph/core/atomic_file.hpp"
#include "runtime/watch/json.hpp"
#include "runtime/watch/message_names.hpp"
#include "runtime/watch/part_reader.hpp"
#include "runtime/watch/trace_output.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>

namespace ramal::detail {

namespace {

/// What is damaged may be any number.
Moment difference(Moment a, Moment b) {
  return static_cast<Moment>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

class Merger {
 public:
  Merger(std::vector<TracedRank> ranks, int of, TraceOutput& out)
      : ranks_(std::move(ranks)), of_(static_cast<std::uint64_t>(of)), out_(out) {
    origin_ = ranks_.front().clock.corrected(ranks_.front().about.began);
    for (const TracedRank& rank : ranks_) origin_ = std::min(origin_, rank.clock.corrected(rank.about.began));
  }

  /// Returns how many tasks there are.
  std::uint64_t write() {
    out_ << "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"ramal_trace\":1,\"version\":\"" RAMAL_VERSION
            "\",\"ranks\":"
         << of_ << ",\"run\":{";
    for (const auto& note : ranks_.front().notes) {
      out_ << (&note == &ranks_.front().notes.front() ? "\n" : ",\n") << json_text(note.first) << ':'
           << json_text(note.second);
    }
    out_ << "},\"clocks\":[";
    for (const TracedRank& rank : ranks_) write_clock(rank);
    out_ << "\n]},\"traceEvents\":[";
    for (const TracedRank& rank : ranks_) name_threads(rank);
    for (const TracedRank& rank : ranks_) write(rank);
    out_ << "\n]}\n";
    return tasks_;
  }

 private:
  /// What is known so far of one rank's records.
  struct Reading {
    std::map<std::uint32_t, std::uint64_t> sent, received;
    std::set<std::uint32_t> begun;       // from whom a large one is coming
    std::optional<TraceRecord> message;  // lasts until the next one of its lane
    std::uint64_t number = 0;            // of that message, among those with the same other rank
  };

  void write_clock(const TracedRank& rank) {
    out_ << (&rank == &ranks_.front() ? "\n" : ",\n") << "{\"rank\":" << rank.about.rank << ",\"host\":";
    out_ << json_text(rank.host) << ",\"pid\":" << rank.about.pid << ",\"corrected\":\""
         << (rank.clock.is_one() ? "not: it agrees with rank 0's as far as can be told"
                                 : "by offset and drift against rank 0's")
         << "\",\"drift_ppm\":" << json_number(1e6 * rank.clock.drift()) << ",\"measured\":[";
    for (const ClockMeasure& one : rank.measures) {
      out_ << (&one == &rank.measures.front() ? "" : ",") << "{\"offset_ns\":" << one.offset
           << ",\"round_trip_ns\":" << one.round_trip << "}";
    }
    out_ << "]}";
  }

  void begin(const char* phase, const TracedRank& rank, std::uint32_t lane) {
    out_ << (is_first_ ? "\n" : ",\n") << "{\"ph\":\"" << phase << "\",\"pid\":" << rank.about.rank
         << ",\"tid\":" << lane;
    is_first_ = false;
  }
  void at(const TracedRank& rank, Moment own) {
    out_ << ",\"ts\":";
    out_.microseconds(difference(rank.clock.corrected(own), origin_));
  }

  void name_threads(const TracedRank& rank) {
    begin("M", rank, 0);
    out_ << ",\"name\":\"process_name\",\"args\":{\"name\":"
         << json_text("rank " + std::to_string(rank.about.rank) + " (" + rank.host + ")") << "}}";
    begin("M", rank, 0);
    out_ << ",\"name\":\"process_sort_index\",\"args\":{\"sort_index\":" << rank.about.rank << "}}";
    for (std::uint32_t lane = 0; lane <= rank.about.workers; ++lane) {
      begin("M", rank, lane);
      out_ << ",\"name\":\"thread_name\",\"args\":{\"name\":\"";
      if (lane < rank.about.workers) {
        out_ << "worker " << lane;
      } else {
        out_ << "messages";
      }
      out_ << "\"}}";
    }
  }

  void write(const TracedRank& rank) {
    Reading reading;
    PartReader part(rank.path);
    while (part.next()) {
      if (part.head.what != PartBlock::records || part.head.lane > rank.about.workers) continue;
      part.for_each_record([&](const TraceRecord& record) { write(rank, part.head.lane, record, reading); });
    }
    end_message(rank, reading, {});
  }

  void write(const TracedRank& rank, std::uint32_t lane, const TraceRecord& record, Reading& reading) {
    switch (record.what) {
      case TraceRecord::task:
        // Participants stand between messages.
        if (lane == rank.about.workers) end_message(rank, reading, record.at);
        write_task(rank, lane, record);
        break;
      case TraceRecord::sent:
        begin_message(rank, record, reading, reading.sent);
        break;
      case TraceRecord::received:
        if (reading.begun.erase(record.name) > 0) write_transfer("e", rank, lane, record, reading);
        begin_message(rank, record, reading, reading.received);
        break;
      case TraceRecord::begun:
        reading.begun.insert(record.name);
        write_transfer("b", rank, lane, record, reading);
        break;
      case TraceRecord::run_started:
      case TraceRecord::run_ended:
        write_run(rank, lane, record);
        break;
      case TraceRecord::stands:
        write_counters(rank, lane, record);
        break;
    }
  }

  void write_task(const TracedRank& rank, std::uint32_t lane, const TraceRecord& record) {
    static const TracedRank::Name unknown{"?", {}};
    const auto& name = record.name < rank.names.size() ? rank.names[record.name] : unknown;
    begin("X", rank, lane);
    at(rank, record.at);
    out_ << ",\"dur\":";
    const auto ended = static_cast<Moment>(static_cast<std::uint64_t>(record.at) + record.a);
    out_.microseconds(difference(rank.clock.corrected(ended), rank.clock.corrected(record.at)));
    out_ << ",\"cat\":\"task\",\"name\":" << json_text(name.kind) << ",\"args\":{\"run\":" << record.b;
    if ((record.flags & TraceRecord::member) != 0) {
      constexpr int bits = 48;  // of a member's number within its name
      out_ << ",\"family\":" << (record.c >> bits) << ",\"member\":" << (record.c & ((1ULL << bits) - 1));
    } else {
      out_ << ",\"task\":" << record.c;
    }
    if (!name.site.empty()) out_ << ",\"line\":" << json_text(name.site);
    if (record.d > 0) out_ << ",\"stolen_from\":" << record.d - 1;
    if ((record.flags & TraceRecord::failed) != 0) out_ << ",\"failed\":true";
    out_ << "}";
    if ((record.flags & TraceRecord::failed) != 0) out_ << ",\"cname\":\"terrible\"";
    out_ << "}";
    ++tasks_;
  }

  void begin_message(const TracedRank& rank, const TraceRecord& record, Reading& reading,
                     std::map<std::uint32_t, std::uint64_t>& numbers) {
    end_message(rank, reading, record.at);
    reading.message = record;
    reading.number = numbers[record.name]++;
  }

  /// A message is seen for a microsecond, but not beyond what comes next.
  void end_message(const TracedRank& rank, Reading& reading, std::optional<Moment> next) {
    if (!reading.message) return;
    const TraceRecord record = *reading.message;
    reading.message.reset();
    constexpr Moment longest = 1000;
    const Moment took = next ? std::clamp<Moment>(difference(*next, record.at), 0, longest) : longest;
    const bool is_sent = record.what == TraceRecord::sent;
    const std::uint32_t lane = rank.about.workers;
    begin("X", rank, lane);
    at(rank, record.at);
    out_ << ",\"dur\":";
    out_.microseconds(took);
    out_ << ",\"cat\":\"message\",\"name\":\"" << (is_sent ? "send " : "receive ")
         << message_name(static_cast<MessageType>(record.flags)) << "\",\"args\":{\""
         << (is_sent ? "to" : "from") << "\":" << record.name << ",\"bytes\":" << record.a
         << ",\"run\":" << record.b << "}}";
    const auto from = is_sent ? static_cast<std::uint32_t>(rank.about.rank) : record.name;
    const auto to = is_sent ? record.name : static_cast<std::uint32_t>(rank.about.rank);
    if (reading.number >= messages_between(from, to)) return;
    begin(is_sent ? "s" : "f", rank, lane);
    at(rank, record.at);
    out_ << ",\"cat\":\"message\",\"name\":\"message\"" << (is_sent ? "" : ",\"bp\":\"e\"")
         << ",\"id\":" << (reading.number * of_ + from) * of_ + to << "}";
  }

  /// So many have left and are known to have come: messages between two ranks come in the order in which they
  /// were sent.
  std::uint64_t messages_between(std::uint32_t from, std::uint32_t to) const {
    const auto count = [](const TracedRank* rank, auto member, std::uint32_t other) -> std::uint64_t {
      if (rank == nullptr) return 0;
      const auto found = (rank->*member).find(other);
      return found == (rank->*member).end() ? 0 : found->second;
    };
    return std::min(count(find(from), &TracedRank::sent, to), count(find(to), &TracedRank::received, from));
  }
  const TracedRank* find(std::uint32_t rank) const {
    const auto found = std::ranges::lower_bound(ranks_, static_cast<std::int32_t>(rank), {},
                                                [](const TracedRank& one) { return one.about.rank; });
    return found != ranks_.end() && found->about.rank == static_cast<std::int32_t>(rank) ? &*found : nullptr;
  }

  void write_transfer(const char* phase, const TracedRank& rank, std::uint32_t lane,
                      const TraceRecord& record, Reading& reading) {
    begin(phase, rank, lane);
    at(rank, record.at);
    out_ << ",\"cat\":\"transfer\",\"name\":\"from rank " << record.name << "\",\"id\":\"" << rank.about.rank
         << '.' << record.name << '.' << reading.received[record.name] << "\"";
    if (*phase == 'b') out_ << ",\"args\":{\"bytes\":" << record.a << "}";
    out_ << "}";
  }

  void write_run(const TracedRank& rank, std::uint32_t lane, const TraceRecord& record) {
    const bool begins = record.what == TraceRecord::run_started;
    begin(begins ? "b" : "e", rank, lane);
    at(rank, record.at);
    out_ << ",\"cat\":\"run\",\"name\":\"";
    if (static_cast<std::int64_t>(record.c) >= 0) {
      out_ << "front " << record.c << " of run " << record.b;
    } else {
      out_ << (record.a == record.b ? "run " : "stolen of run ") << record.b;
    }
    out_ << "\",\"id\":\"" << rank.about.rank << '.' << record.a << "\"";
    if (begins) out_ << ",\"args\":{\"tasks\":" << record.d << "}";
    out_ << "}";
  }

  void write_counters(const TracedRank& rank, std::uint32_t lane, const TraceRecord& record) {
    const auto counter = [&](const char* name, auto&&... values) {
      begin("C", rank, lane);
      at(rank, record.at);
      out_ << ",\"name\":\"" << name << "\",\"args\":{";
      ((out_ << values), ...);
      out_ << "}}";
    };
    counter("bytes", "\"held\":", record.b, ",\"kept\":", record.d);
    counter("ready tasks", "\"ready\":", record.a);
    counter("bytes being received", "\"bytes\":", record.c);
  }

  const std::vector<TracedRank> ranks_;
  const std::uint64_t of_;
  TraceOutput& out_;
  Moment origin_ = 0;
  bool is_first_ = true;
  std::uint64_t tasks_ = 0;
};

}  // namespace

MergedTrace merge_trace(const std::string& file, std::uint64_t mark) {
  MergedTrace merged{.file = file};
  std::vector<TracedRank> ranks;
  for (const int rank : ranks_with_parts(file)) {
    auto found = look_at_part(part_path(file, rank));
    if (!found || found->about.rank != rank || (mark != 0 && found->about.mark != mark)) continue;
    if (!ranks.empty() && found->about.ranks != ranks.front().about.ranks) continue;
    mark = found->about.mark;
    ranks.push_back(std::move(*found));
  }
  if (ranks.empty())
    throw std::runtime_error("no part of a trace is there: expected " + part_path(file, 0) + " and the like");
  const int of = ranks.front().about.ranks;
  std::vector<std::string> paths;
  for (int rank = 0; rank < of; ++rank) {
    if (paths.size() < ranks.size() && ranks[paths.size()].about.rank == rank) {
      paths.push_back(ranks[paths.size()].path);
    } else {
      merged.missing.push_back(rank);
    }
  }
  AtomicFile whole(file);
  whole.make();
  TraceOutput out(whole.part(), file.ends_with(".gz"));
  merged.tasks = Merger(std::move(ranks), of, out).write();
  out.close();
  whole.publish();
  for (const std::string& path : paths) ::unlink(path.c_str());
  return merged;
}

}  // namespace ramal::detail
