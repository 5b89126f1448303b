// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/summary.hpp"

#include "runtime/watch/format.hpp"
#include "runtime/watch/json.hpp"

#include <algorithm>
#include <map>

namespace ramal::detail {

namespace {

/// A kind on all ranks.
struct OfKind {
  RankSummary::Kind all;
  std::size_t longest_rank = 0;
};

/// No more than what is known exactly.
double quantile(const RankSummary::Kind& kind, double part) {
  return std::min(kind.durations.quantile(part), kind.longest_seconds);
}

/// Those that took most first.
std::vector<OfKind> kinds_of(const JobSummary& job) {
  std::map<std::string, OfKind> kinds;
  for (std::size_t rank = 0; rank < job.ranks.size(); ++rank) {
    for (const auto& one : job.ranks[rank].summary.kinds) {
      OfKind& kind = kinds[one.name];
      kind.all.name = one.name;
      kind.all.tasks += one.tasks;
      kind.all.failed += one.failed;
      kind.all.stolen += one.stolen;
      kind.all.seconds += one.seconds;
      kind.all.durations.add(one.durations);
      if (one.longest_seconds < kind.all.longest_seconds) continue;
      kind.all.longest_seconds = one.longest_seconds;
      kind.all.longest_site = one.longest_site;
      kind.longest_rank = rank;
    }
  }
  std::vector<OfKind> sorted;
  for (auto& [name, kind] : kinds) sorted.push_back(std::move(kind));
  std::ranges::stable_sort(sorted, std::greater(), [](const OfKind& kind) { return kind.all.seconds; });
  return sorted;
}

double busy_share(const JobSummary& job, const JobSummary::Rank& rank) {
  const double all = job.elapsed_seconds * rank.threads;
  return all > 0 ? rank.busy_seconds() / all : 0;
}

struct Extremes {
  std::size_t least = 0, most = 0;
};
Extremes busiest(const JobSummary& job) {
  Extremes found;
  for (std::size_t rank = 1; rank < job.ranks.size(); ++rank) {
    if (busy_share(job, job.ranks[rank]) < busy_share(job, job.ranks[found.least])) found.least = rank;
    if (busy_share(job, job.ranks[rank]) > busy_share(job, job.ranks[found.most])) found.most = rank;
  }
  return found;
}

/// The rules are tried in turn; the first that applies is what is said.
std::string advice(const JobSummary& job, const std::vector<OfKind>& kinds) {
  constexpr double busy = 0.8, uneven = 1.5, short_seconds = 20e-6;
  if (kinds.empty()) return "no task was run";
  const auto& first = kinds.front().all;
  const double efficiency = job.efficiency();
  double seconds = 0;
  std::uint64_t tasks = 0;
  for (const OfKind& kind : kinds) seconds += kind.all.seconds, tasks += kind.all.tasks;
  if (efficiency >= busy)
    return form("threads were busy: %.0f %% of that with %s; make these faster, or start more ranks",
                100 * first.seconds / seconds, first.name.c_str());
  if (seconds / static_cast<double>(tasks) < short_seconds)
    return form("tasks are short, %s in the mean: let each do more, as larger chunks or rows of a family",
                shown_seconds(seconds / static_cast<double>(tasks)).c_str());
  const auto longest =
      std::ranges::max_element(kinds, {}, [](const OfKind& kind) { return kind.all.longest_seconds; });
  if (longest->all.longest_seconds > job.elapsed_seconds / 3)
    return form(
        "one task of %s took %s, %.0f %% of the whole time (%s, on rank %zu): cut it into smaller ones, or "
        "start it first (annotate({.priority}))",
        longest->all.name.c_str(), shown_seconds(longest->all.longest_seconds).c_str(),
        100 * longest->all.longest_seconds / job.elapsed_seconds, longest->all.longest_site.c_str(),
        longest->longest_rank);
  const auto [least, most] = busiest(job);
  if (busy_share(job, job.ranks[most]) > uneven * efficiency)
    return form(
        "work was uneven: rank %zu was busy %.0f %% of the time and rank %zu %.0f %%; are tasks bound to "
        "ranks, "
        "or fewer than threads?",
        most, 100 * busy_share(job, job.ranks[most]), least, 100 * busy_share(job, job.ranks[least]));
  return form(
      "threads had nothing to run for %.0f %% of the time: RAMAL_TRACE=run.json shows what they waited for",
      100 * (1 - efficiency));
}

}  // namespace

double DurationHistogram::quantile(double part) const {
  std::uint64_t all = 0;
  for (const std::uint32_t count : counts) all += count;
  if (all == 0) return 0;
  const double wanted = part * static_cast<double>(all);
  std::uint64_t below = 0;
  for (std::size_t place = 0; place < counts.size(); ++place) {
    below += counts[place];
    if (counts[place] == 0 || static_cast<double>(below) < wanted) continue;
    if (place < 8) return 1e-9 * static_cast<double>(place);
    const double width = static_cast<double>(std::uint64_t{1} << (place / 4 - 2));
    return 1e-9 * (static_cast<double>(4 + place % 4) + 0.5) * width;
  }
  return 0;
}

double JobSummary::efficiency() const {
  double busy = 0, threads = 0;
  for (const Rank& rank : ranks) busy += rank.busy_seconds(), threads += rank.threads;
  return elapsed_seconds > 0 && threads > 0 ? busy / (threads * elapsed_seconds) : 0;
}

std::string summary_text(const JobSummary& job) {
  constexpr std::size_t most_kinds = 12;
  const auto kinds = kinds_of(job);
  std::uint64_t tasks = 0, failed = 0, stolen = 0, messages = 0, bytes = 0;
  for (const OfKind& kind : kinds)
    tasks += kind.all.tasks, failed += kind.all.failed, stolen += kind.all.stolen;
  int threads = 0;
  for (const auto& rank : job.ranks) threads += rank.threads;
  std::string text = form("ramal: summary: %llu tasks in %s on %zu %s with %d %s, busy %.0f %% of the time\n",
                          static_cast<unsigned long long>(tasks), shown_seconds(job.elapsed_seconds).c_str(),
                          job.ranks.size(), job.ranks.size() == 1 ? "rank" : "ranks", threads,
                          threads == 1 ? "thread" : "threads", 100 * job.efficiency());
  text += "      tasks      total        p50        p99    longest\n";
  for (std::size_t i = 0; i < std::min(kinds.size(), most_kinds); ++i) {
    const auto& kind = kinds[i].all;
    text += form("%11llu %10s %10s %10s %10s  ", static_cast<unsigned long long>(kind.tasks),
                 shown_seconds(kind.seconds).c_str(), shown_seconds(quantile(kind, 0.5)).c_str(),
                 shown_seconds(quantile(kind, 0.99)).c_str(), shown_seconds(kind.longest_seconds).c_str()) +
            kind.name + " (longest on rank " + std::to_string(kinds[i].longest_rank) +
            (kind.longest_site.empty() ? "" : ", " + kind.longest_site) + ")\n";
  }
  if (kinds.size() > most_kinds) text += form("  and %zu other kinds\n", kinds.size() - most_kinds);
  const auto [least, most] = busiest(job);
  text += form("  ranks: busy from %.0f %% (rank %zu) to %.0f %% (rank %zu)",
               100 * busy_share(job, job.ranks[least]), least, 100 * busy_share(job, job.ranks[most]), most);
  std::size_t largest = 0;
  const RankSummary::To* to = nullptr;
  std::size_t from = 0;
  for (std::size_t rank = 0; rank < job.ranks.size(); ++rank) {
    const RankSummary& one = job.ranks[rank].summary;
    if (one.most_memory_bytes > job.ranks[largest].summary.most_memory_bytes) largest = rank;
    for (const auto& sent : one.sent) {
      messages += sent.messages;
      bytes += sent.bytes;
      if (to == nullptr || sent.bytes > to->bytes) to = &sent, from = rank;
    }
  }
  text += form("; most memory %s (rank %zu, of that results %s)\n",
               shown_bytes(job.ranks[largest].summary.most_memory_bytes).c_str(), largest,
               shown_bytes(job.ranks[largest].summary.most_bytes_held).c_str());
  text +=
      form("  messages: %llu with %s", static_cast<unsigned long long>(messages), shown_bytes(bytes).c_str());
  if (to != nullptr)
    text += form(", most of it from rank %zu to %d: %llu with %s", from, to->rank,
                 static_cast<unsigned long long>(to->messages), shown_bytes(to->bytes).c_str());
  text += form("; %llu tasks failed, %llu were stolen\n", static_cast<unsigned long long>(failed),
               static_cast<unsigned long long>(stolen));
  return text + "  " + advice(job, kinds) + "\n";
}

std::string summary_json(const JobSummary& job) {
  const auto kinds = kinds_of(job);
  std::string text = "{\"version\": 1, \"elapsed_seconds\": " + json_number(job.elapsed_seconds) +
                     ", \"efficiency\": " + json_number(job.efficiency()) +
                     ", \"advice\": " + json_text(advice(job, kinds)) + ", \"kinds\": [";
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto& kind = kinds[i].all;
    text += std::string(i == 0 ? "" : ", ") + "{\"name\": " + json_text(kind.name) +
            ", \"tasks\": " + std::to_string(kind.tasks) + ", \"failed\": " + std::to_string(kind.failed) +
            ", \"stolen\": " + std::to_string(kind.stolen) + ", \"seconds\": " + json_number(kind.seconds) +
            ", \"p50_seconds\": " + json_number(quantile(kind, 0.5)) +
            ", \"p99_seconds\": " + json_number(quantile(kind, 0.99)) +
            ", \"longest_seconds\": " + json_number(kind.longest_seconds) +
            ", \"longest_rank\": " + std::to_string(kinds[i].longest_rank) +
            ", \"longest_line\": " + json_text(kind.longest_site) + "}";
  }
  text += "], \"ranks\": [";
  for (std::size_t rank = 0; rank < job.ranks.size(); ++rank) {
    const RankSummary& one = job.ranks[rank].summary;
    text += std::string(rank == 0 ? "" : ", ") + "{\"threads\": " + std::to_string(job.ranks[rank].threads) +
            ", \"busy_seconds\": " + json_number(job.ranks[rank].busy_seconds()) +
            ", \"most_bytes_held\": " + std::to_string(one.most_bytes_held) +
            ", \"most_memory_bytes\": " + std::to_string(one.most_memory_bytes) + ", \"sent\": [";
    for (const auto& to : one.sent) {
      text += std::string(&to == &one.sent.front() ? "" : ", ") + "{\"to\": " + std::to_string(to.rank) +
              ", \"messages\": " + std::to_string(to.messages) + ", \"bytes\": " + std::to_string(to.bytes) +
              "}";
    }
    text += "]}";
  }
  return text + "]}";
}

}  // namespace ramal::detail
