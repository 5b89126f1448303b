// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/session/history.hpp"

#include "graph/core/atomic_file.hpp"
#include "runtime/machine/machine.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <system_error>

namespace ramal::detail {

namespace {

constexpr std::string_view head = "ramal history 1 ";
constexpr std::uint64_t sessions_kept = 100;
// Older durations count less: so that what changes is followed, also from one session to the next.
constexpr std::uint64_t most_tasks = 4096;
constexpr std::uint64_t most_tasks_of_earlier_sessions = 256;

void bound(DurationSum& sum, std::uint64_t most) {
  if (sum.tasks <= most) return;
  sum.seconds *= static_cast<double>(most) / static_cast<double>(sum.tasks);
  sum.tasks = most;
}

/// A file that is not what it should be may hold anything.
std::string printable(std::string text) {
  constexpr std::size_t most = 60;
  if (text.size() > most) text.resize(most);
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

std::string complaint(const std::string& path, std::size_t line, const std::string& what) {
  return "ramal: warning: RAMAL_HISTORY: '" + path + "', line " + std::to_string(line) + ": " + what;
}

}  // namespace

History::Entry& History::entry(const Kind& kind) {
  if (const auto found = of_kind_.find(&kind); found != of_kind_.end()) return *found->second;
  const std::string name = images_.lasting_name(kind);
  Entry& one = name.empty() ? nameless_[&kind] : entries_[name];
  one.name = kind.name;
  one.session = session_;
  return *of_kind_.emplace(&kind, &one).first->second;
}

double History::seconds(const Kind& kind) { return entry(kind).sum.mean(); }

void History::add(const Kind& kind, const DurationSum& sum) {
  DurationSum& known = entry(kind).sum;
  known.tasks += sum.tasks;
  known.seconds += sum.seconds;
  bound(known, most_tasks);
}

bool History::parse(const std::string& line, std::uint64_t last_session, std::string& kind, Entry& entry) {
  std::istringstream in(line);
  double mean = 0;
  if (!(in >> kind >> entry.sum.tasks >> mean >> entry.session) || in.get() != ' ' ||
      !std::getline(in, entry.name))
    return false;
  if (kind.find('+') == std::string::npos || entry.sum.tasks == 0 || !std::isfinite(mean) || mean < 0 ||
      entry.session > last_session)
    return false;
  bound(entry.sum, most_tasks_of_earlier_sessions);
  entry.sum.seconds = mean * static_cast<double>(entry.sum.tasks);
  return true;
}

std::string History::read(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return {};
  std::ifstream in(path, std::ios::binary);
  std::string found(head.size(), '\0');
  std::uint64_t last_session = 0;
  is_anothers_ = !std::filesystem::is_regular_file(path, error) ||
                 !in.read(found.data(), static_cast<std::streamsize>(found.size())) || found != head ||
                 !(in >> last_session) || in.get() != '\n';
  if (is_anothers_)
    return complaint(path, 1,
                     "expected '" + std::string(head) +
                         "' and a number: this is no history that can be read; it is left as it is");
  session_ = last_session + 1;
  std::string line;
  for (std::size_t number = 2; std::getline(in, line); ++number) {
    std::string kind;
    Entry entry;
    if (in.eof() || !parse(line, last_session, kind, entry)) {
      return complaint(path, number,
                       "expected 'kind tasks seconds session name', found '" + printable(line) +
                           "'; it is ignored from here on");
    }
    entries_.insert_or_assign(kind, std::move(entry));
  }
  return {};
}

std::string History::write(const std::string& path) {
  if (is_anothers_) return {};
  std::ostringstream text;
  text << head << session_ << '\n' << std::setprecision(6);
  for (const auto& [kind, entry] : entries_) {
    if (entry.sum.tasks == 0 || entry.session + sessions_kept < session_) continue;
    text << kind << ' ' << entry.sum.tasks << ' ' << entry.sum.mean() << ' ' << entry.session << ' '
         << entry.name << '\n';
  }
  try {
    // Two programs that end at once must not write into each other's file, so each has its own until it is
    // whole.
    AtomicFile file(path, '-' + host_name() + '-' + std::to_string(process_id()));
    file.write(text.view());
    file.publish();
    return {};
  } catch (const std::system_error& error) {
    return "ramal: warning: RAMAL_HISTORY: '" + path + "' could not be written: " + error.code().message();
  }
}

}  // namespace ramal::detail
