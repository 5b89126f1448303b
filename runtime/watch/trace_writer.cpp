// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/trace_writer.hpp"

#include "runtime/machine/clock.hpp"

#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace ramal::detail {

namespace {

/// All of it. False, with errno, if that is not possible.
bool write_whole(int file, std::array<iovec, 2> pieces) {
  std::size_t left = pieces[0].iov_len + pieces[1].iov_len;
  while (left > 0) {
    const ssize_t written = ::writev(file, pieces.data(), pieces.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    left -= static_cast<std::size_t>(written);
    auto done = static_cast<std::size_t>(written);
    for (iovec& piece : pieces) {
      const std::size_t part = std::min(done, piece.iov_len);
      piece.iov_base = static_cast<char*>(piece.iov_base) + part;
      piece.iov_len -= part;
      done -= part;
    }
  }
  return true;
}

}  // namespace

TraceWriter::TraceWriter(const std::string& path, PartAbout about, const std::string& host)
    : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (!file_.is_open()) error_ = errno;
  about.workers = std::max(1U, about.workers);
  about.began = now_nanoseconds();
  for (std::uint32_t lane = 0; lane <= about.workers; ++lane)
    lanes_.emplace_back(std::make_unique<Lane>())->records.reserve(most_records);
  std::string text(reinterpret_cast<const char*>(&about), sizeof about);
  text += host;
  write({PartBlock::about, 0, text.size()}, text.data());
}

void TraceWriter::add(const std::vector<std::pair<std::string, std::string>>& notes) {
  std::string text;
  for (const auto& [key, value] : notes) (text.append(key) += '\0').append(value) += '\0';
  write({PartBlock::notes, 0, text.size()}, text.data());
}

void TraceWriter::finish() {
  if (!file_.is_open()) return;
  for (const auto& lane : lanes_) flush(*lane);
  if (!file_.close() && error() == 0) error_ = errno;
}

void TraceWriter::write(PartBlockHead head, const void* bytes) {
  if (error() != 0) return;
  const std::lock_guard lock(file_lock_);
  if (!write_whole(file_.number(), {iovec{&head, sizeof head}, iovec{const_cast<void*>(bytes), head.bytes}}))
    error_ = errno;
}

void TraceWriter::flush(Lane& lane) {
  const auto place = std::ranges::find(lanes_, &lane, &std::unique_ptr<Lane>::get) - lanes_.begin();
  if (!lane.records.empty()) {
    write({PartBlock::records, static_cast<std::uint32_t>(place), lane.records.size() * sizeof(TraceRecord)},
          lane.records.data());
  }
  lane.records.clear();
}

void TraceWriter::put(Lane& lane, const TraceRecord& record, Moment now) {
  lane.records.push_back(record);
  if (lane.records.size() < most_records && now - lane.flushed < oldest) return;
  lane.flushed = now;
  flush(lane);
}

std::uint32_t TraceWriter::name_of(Lane& lane, const TaskName& task) {
  const NameKey key(&task.kind, task.site.file, task.site.line);
  if (key == lane.last_key) return lane.last_name;
  auto known = lane.names.find(key);
  if (known == lane.names.end()) known = lane.names.emplace(key, new_name(key)).first;
  lane.last_key = key;
  lane.last_name = known->second;
  return known->second;
}

/// A name's number on this rank. It is in the file before any record that uses it.
std::uint32_t TraceWriter::new_name(const NameKey& key) {
  const std::lock_guard lock(names_lock_);
  const auto [known, is_new] = names_.emplace(key, static_cast<std::uint32_t>(names_.size()));
  if (is_new) {
    const auto& [kind, file, line] = key;
    const PartName name{known->second, line};
    std::string text(reinterpret_cast<const char*>(&name), sizeof name);
    text += kind->name;
    text += '\0';
    text += file;
    text += '\0';
    write({PartBlock::name, 0, text.size()}, text.data());
  }
  return known->second;
}

void TraceWriter::task_ended(const TaskName& task, Moment began, Moment ended, bool failed) {
  Lane& lane = task.worker == participant ? rest() : *lanes_[task.worker];
  put(lane,
      {.at = began,
       .a = static_cast<std::uint64_t>(ended - began),
       .b = task.run,
       .c = task.plan,
       .d = static_cast<std::uint64_t>(task.stolen_from + 1),
       .name = name_of(lane, task),
       .what = TraceRecord::task,
       .flags = static_cast<std::uint8_t>((failed ? TraceRecord::failed : 0) |
                                          (task.is_member ? TraceRecord::member : 0))},
      ended);
}

void TraceWriter::note(TraceRecord::What what, int other, const Header& header) {
  const Moment now = now_nanoseconds();
  put(rest(),
      {.at = now,
       .a = header.bytes,
       .b = header.run,
       .c = header.slot,
       .d = 0,
       .name = static_cast<std::uint32_t>(other),
       .what = what,
       .flags = static_cast<std::uint8_t>(header.type)},
      now);
}

void TraceWriter::run_started(const RunName& run, std::size_t tasks) {
  note(TraceRecord::run_started, run, tasks);
}

void TraceWriter::run_ended(const RunName& run) { note(TraceRecord::run_ended, run, 0); }

void TraceWriter::note(TraceRecord::What what, const RunName& run, std::size_t tasks) {
  const Moment now = now_nanoseconds();
  put(rest(),
      {.at = now,
       .a = run.number,
       .b = run.home,
       .c = static_cast<std::uint64_t>(run.front),
       .d = tasks,
       .name = 0,
       .what = what,
       .flags = 0},
      now);
}

void TraceWriter::stands(const State& state) {
  const std::array now{state.ready, state.bytes_held, state.bytes_landing,
                       kept_bytes_.load(std::memory_order_relaxed)};
  if (std::exchange(stands_, now) == now) return;  // a rank at rest is not to fill disks
  put(rest(),
      {.at = state.now,
       .a = state.ready,
       .b = state.bytes_held,
       .c = state.bytes_landing,
       .d = now[3],
       .name = 0,
       .what = TraceRecord::stands,
       .flags = 0},
      state.now);
}

}  // namespace ramal::detail
