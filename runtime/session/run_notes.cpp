// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/session/run_notes.hpp"

#include "runtime/machine/options.hpp"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace ramal::detail {

namespace {

/// As it was called, words with spaces between.
std::string command_line() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  while (text.ends_with('\0')) text.pop_back();
  std::ranges::replace(text, '\0', ' ');
  return text;
}

std::string now_as_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  char text[32];
  const std::size_t length =
      std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&now, &parts));
  return {text, length};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> run_notes(const Options& options,
                                                           const std::vector<RankInfo>& ranks) {
  std::error_code unknown;
  std::set<std::string> hosts;
  std::set<int> threads, cores;
  for (const RankInfo& rank : ranks) {
    hosts.insert(rank.host);
    threads.insert(rank.threads);
    cores.insert(rank.cores);
  }
  const auto numbers = [](const std::set<int>& all) {
    return all.size() == 1 ? std::to_string(*all.begin())
                           : std::to_string(*all.begin()) + " to " + std::to_string(*all.rbegin());
  };
  std::vector<std::pair<std::string, std::string>> notes{
      {"program", std::filesystem::read_symlink("/proc/self/exe", unknown).filename().string()},
      {"command", command_line()},
      {"folder", std::filesystem::current_path(unknown).string()},
      {"began", now_as_text()},
      {"ranks", std::to_string(ranks.size())},
      {"hosts", std::to_string(hosts.size())},
      {"threads a rank", numbers(threads)},
      {"cores a rank", numbers(cores)}};
  for (auto& [name, text] : option_texts(options)) notes.emplace_back("option " + name, std::move(text));
  for (auto& [name, text] : telling_variables()) notes.emplace_back("environment " + name, std::move(text));
  return notes;
}

}  // namespace ramal::detail
