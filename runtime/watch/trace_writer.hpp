// SPDX-License-Identifier: BSD-3-Clause
// TraceWriter: an observer that writes its rank's part of a trace. Memory is bounded: each lane has a buffer,
// which goes to the file when it is full, or when something comes and it is a second old. So a rank that is
// killed loses its last second.
//
// What cannot be written is an error that is kept, and from then on nothing is.
#pragma once

#include "graph/core/descriptor.hpp"
#include "runtime/watch/trace_part.hpp"

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

namespace ramal::detail {

class TraceWriter final : public Observer {
 public:
  /// Replaces the file. `workers`: 0 as 1.
  TraceWriter(const std::string& path, PartAbout about, const std::string& host);
  ~TraceWriter() override { finish(); }
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  /// Of the first thing that went wrong; 0: nothing has.
  int error() const { return error_.load(std::memory_order_relaxed); }
  void add(const ClockMeasure& measure) { write({PartBlock::clock, 0, sizeof measure}, &measure); }
  /// What the trace is to say of the run: keys and values.
  void add(const std::vector<std::pair<std::string, std::string>>& notes);
  /// Writes what is left, and closes the file. When nothing is told any more.
  void finish();

  void run_started(const RunName& run, std::size_t tasks) override;
  void run_ended(const RunName& run) override;
  void task_ended(const TaskName& task, Moment began, Moment ended, bool failed) override;
  void value_kept(ValueId, std::uint64_t bytes) override {
    kept_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void value_released(ValueId, std::uint64_t bytes) override {
    kept_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  void message_sent(int to, const Header& header) override { note(TraceRecord::sent, to, header); }
  void message_begun(int from, const Header& header) override { note(TraceRecord::begun, from, header); }
  void message_received(int from, const Header& header) override {
    note(TraceRecord::received, from, header);
  }
  void stands(const State& state) override;

 private:
  using NameKey = std::tuple<const Kind*, const char*, std::uint32_t>;
  struct alignas(64) Lane {
    std::vector<TraceRecord> records;
    Moment flushed = 0;
    std::map<NameKey, std::uint32_t> names;  // those that it has used
    NameKey last_key = {};
    std::uint32_t last_name = 0;
  };
  static constexpr std::size_t most_records = 1024;  // 48 KiB a lane
  static constexpr Moment oldest = 1'000'000'000;

  Lane& rest() { return *lanes_.back(); }
  void put(Lane& lane, const TraceRecord& record, Moment now);
  void note(TraceRecord::What what, int other, const Header& header);
  void note(TraceRecord::What what, const RunName& run, std::size_t tasks);
  std::uint32_t name_of(Lane& lane, const TaskName& task);
  std::uint32_t new_name(const NameKey& key);
  void flush(Lane& lane);
  void write(PartBlockHead head, const void* bytes);

  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<std::uint64_t> kept_bytes_{0};
  std::array<std::uint64_t, 4> stands_{~std::uint64_t{0}};  // what was said last; under the pump's lock
  std::atomic<int> error_{0};
  std::mutex names_lock_;  // before the file's
  std::map<NameKey, std::uint32_t> names_;
  std::mutex file_lock_;
  Descriptor file_;
};

}  // namespace ramal::detail
