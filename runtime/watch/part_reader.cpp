// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/watch/part_reader.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace ramal::detail {

namespace {

TracedRank::Name name_from(std::string_view text) {
  const auto end = text.find('\0');
  if (end == std::string_view::npos) return {std::string(text), {}};
  const auto file = text.substr(end + 1);
  return {std::string(text.substr(0, end)), std::string(file.substr(0, file.find('\0')))};
}

std::vector<std::pair<std::string, std::string>> notes_from(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> notes;
  const auto next = [&text] {
    const std::string_view one = text.substr(0, text.find('\0'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    return std::string(one);
  };
  while (!text.empty()) {
    std::string key = next();
    notes.emplace_back(std::move(key), next());
  }
  return notes;
}

}  // namespace

std::optional<TracedRank> look_at_part(const std::string& path) {
  PartReader part(path);
  if (!part.next() || part.head.what != PartBlock::about) return {};
  const auto about = part.first<PartAbout>();
  constexpr std::int32_t most_ranks = 1 << 20;  // and of workers; there are more only in what is damaged
  if (!about || about->magic != part_magic || about->ranks < 1 || about->ranks > most_ranks ||
      about->rank < 0 || about->rank >= about->ranks || about->workers > most_ranks)
    return {};
  TracedRank rank{.path = path, .about = *about, .host = std::string(part.text(sizeof *about))};
  while (part.next()) {
    if (part.head.what == PartBlock::name) {
      const auto name = part.first<PartName>();
      if (!name || name->number > rank.names.size()) break;  // they come in order
      rank.names.resize(std::max<std::size_t>(rank.names.size(), name->number + std::size_t{1}));
      auto& one = rank.names[name->number] = name_from(part.text(sizeof *name));
      one.site = name->line > 0 ? one.site + ":" + std::to_string(name->line) : std::string();
    } else if (part.head.what == PartBlock::clock) {
      if (const auto measure = part.first<ClockMeasure>()) rank.measures.push_back(*measure);
    } else if (part.head.what == PartBlock::notes) {
      rank.notes = notes_from(part.text(0));
    } else if (part.head.what == PartBlock::records && part.head.lane <= about->workers) {
      part.for_each_record([&rank](const TraceRecord& record) {
        if (record.what == TraceRecord::sent) ++rank.sent[record.name];
        if (record.what == TraceRecord::received) ++rank.received[record.name];
      });
    }
  }
  rank.clock = ClockCorrection(rank.measures);
  return rank;
}

std::vector<int> ranks_with_parts(const std::string& file) {
  const std::filesystem::path path(file);
  const std::string before = path.filename().string() + ".rank-";
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::vector<int> ranks;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    int rank = 0;
    if (!name.starts_with(before)) continue;
    const auto [end, error] = std::from_chars(name.data() + before.size(), name.data() + name.size(), rank);
    if (error == std::errc() && part_path(path.filename().string(), rank) == name) ranks.push_back(rank);
  }
  std::ranges::sort(ranks);
  return ranks;
}

}  // namespace ramal::detail
