// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/machine/options.hpp"

#include <ramal/error.hpp>
#include <ramal/options.hpp>

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <functional>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

namespace ramal {

namespace {

using Set = std::function<void(std::string_view name, std::string_view text)>;

[[noreturn]] void refuse(std::string_view name, std::string_view text, const std::string& allowed) {
  throw OptionError("ramal: " + std::string(name) + ": expected " + allowed + ", found '" +
                    std::string(text) + "'");
}

template <class Number>
Set number(Number& option, Number least, Number most) {
  return [&option, least, most](std::string_view name, std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
      refuse(name, text, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    option = value;
  };
}

/// Bytes, as a number or with K, M, G or T behind it (powers of 1024).
template <class Number>
Set bytes(Number& option, Number least, Number most) {
  return [&option, least, most](std::string_view name, std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const auto power = unit.empty() ? 0 : std::string_view("KMGT").find(unit) + 1;
    const Number scale = Number{1} << 10 * (power % 5);
    if (error != std::errc{} || unit.size() > 1 || (!unit.empty() && power == 0) || value > most / scale ||
        value * scale < least) {
      refuse(name, text,
             "bytes from " + std::to_string(least) + " to " + std::to_string(most) +
                 ", as a number or such as 64K, 512M, 4G");
    }
    option = value * scale;
  };
}

Set choice(std::string& option, std::vector<std::string> allowed) {
  return [&option, allowed = std::move(allowed)](std::string_view name, std::string_view text) {
    std::string list;
    for (const auto& one : allowed) {
      if (one == text) {
        option = one;
        return;
      }
      list += (list.empty() ? "" : ", ") + one;
    }
    refuse(name, text, "one of " + list);
  };
}

Set text(std::string& option) {
  return [&option](std::string_view, std::string_view text) { option = text; };
}

/// Every option, under the name of its environment variable.
std::map<std::string, Set, std::less<>> table(Options& options) {
  constexpr std::size_t gib = std::size_t{1} << 30;
  return {{"RAMAL_SCHEDULER", choice(options.scheduler, {"mpi", "inprocess", "serial"})},
          {"RAMAL_RANKS", number(options.ranks, 1, 4096)},
          {"RAMAL_THREADS", number(options.threads, 0, 4096)},
          {"RAMAL_PROGRESS", choice(options.progress, {"auto", "thread"})},
          {"RAMAL_IDLE", choice(options.idle, {"poll", "block"})},
          {"RAMAL_SMALL_BYTES", bytes<std::size_t>(options.small_bytes, 64, 60000)},
          {"RAMAL_PIECE_BYTES", bytes<std::size_t>(options.piece_bytes, 4096, gib)},
          {"RAMAL_CREDITS", number(options.credits, 2, 1 << 20)},
          {"RAMAL_MEMORY_BYTES", bytes<std::uint64_t>(options.memory_bytes, 0, std::uint64_t{1} << 62)},
          {"RAMAL_FRONT_MEMBERS", number(options.front_members, std::int64_t{1}, std::int64_t{1} << 24)},
          {"RAMAL_STEAL", choice(options.steal, {"auto", "on", "off"})},
          {"RAMAL_WARNINGS", choice(options.warnings, {"on", "off"})},
          {"RAMAL_SIGNALS", choice(options.signals, {"on", "off"})},
          {"RAMAL_STALL_SECONDS", number(options.stall_seconds, 0, 1 << 20)},
          {"RAMAL_DUMP_DIR", text(options.dump_dir)},
          {"RAMAL_KEEP_FAILED", text(options.keep_failed)},
          {"RAMAL_RECORD", text(options.record)},
          {"RAMAL_HISTORY", text(options.history)},
          {"RAMAL_TRACE", text(options.trace)},
          {"RAMAL_PROGRESS_BAR", choice(options.progress_bar, {"auto", "on", "off"})},
          {"RAMAL_STATUS", text(options.status)},
          {"RAMAL_SUMMARY", choice(options.summary, {"auto", "on", "off"})},
          {"RAMAL_REPORT", text(options.report)}};
}

void check(Options& options) {
  const auto setters = table(options);
  for (const auto& [name, text] : detail::option_texts(options)) setters.find(name)->second(name, text);
}

constexpr std::string_view prefix = "RAMAL_";

/// Calls `use(name, text)` for each variable of the environment that begins with one of these.
template <class Use>
void for_each_variable(std::initializer_list<std::string_view> beginnings, Use&& use) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    const auto begins = [text](std::string_view one) { return text.starts_with(one); };
    if (equals == std::string_view::npos || std::ranges::none_of(beginnings, begins)) continue;
    use(text.substr(0, equals), text.substr(equals + 1));
  }
}

/// Letters to insert, remove or replace until `a` is `b` (Levenshtein's distance). Time is the product of
/// lengths.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);  // from what of `a` was looked at to each beginning of `b`
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// The option whose name is nearest to that of a variable that is none; empty where none looks meant.
std::string_view probably_meant(std::string_view variable,
                                const std::map<std::string, Set, std::less<>>& options) {
  std::string own(variable.substr(prefix.size()));
  std::transform(own.begin(), own.end(), own.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string_view nearest;
  std::size_t least = std::string_view::npos;
  for (const auto& [option, set] : options) {
    const std::string_view name = std::string_view(option).substr(prefix.size());
    // One letter in three may be wrong; or something was left out, as in RAMAL_MEMORY, or added.
    const bool within =
        own.size() >= 4 && (name.find(own) != std::string_view::npos || own.find(name) != std::string::npos);
    const std::size_t distance = edits(own, name);
    if ((distance <= name.size() / 3 || within) && distance < least) {
      nearest = option;
      least = distance;
    }
  }
  return nearest;
}

}  // namespace

Options Options::from_environment(Options options) {
  check(options);
  const auto setters = table(options);
  for_each_variable({prefix}, [&](std::string_view name, std::string_view text) {
    if (const auto found = setters.find(name); found != setters.end()) found->second(name, text);
  });
  return options;
}

std::vector<std::pair<std::string, std::string>> detail::option_texts(const Options& options) {
  return {{"RAMAL_SCHEDULER", options.scheduler},
          {"RAMAL_RANKS", std::to_string(options.ranks)},
          {"RAMAL_THREADS", std::to_string(options.threads)},
          {"RAMAL_PROGRESS", options.progress},
          {"RAMAL_IDLE", options.idle},
          {"RAMAL_SMALL_BYTES", std::to_string(options.small_bytes)},
          {"RAMAL_PIECE_BYTES", std::to_string(options.piece_bytes)},
          {"RAMAL_CREDITS", std::to_string(options.credits)},
          {"RAMAL_MEMORY_BYTES", std::to_string(options.memory_bytes)},
          {"RAMAL_FRONT_MEMBERS", std::to_string(options.front_members)},
          {"RAMAL_STEAL", options.steal},
          {"RAMAL_WARNINGS", options.warnings},
          {"RAMAL_SIGNALS", options.signals},
          {"RAMAL_RECORD", options.record},
          {"RAMAL_HISTORY", options.history},
          {"RAMAL_TRACE", options.trace},
          {"RAMAL_REPORT", options.report},
          {"RAMAL_STALL_SECONDS", std::to_string(options.stall_seconds)},
          {"RAMAL_DUMP_DIR", options.dump_dir},
          {"RAMAL_KEEP_FAILED", options.keep_failed},
          {"RAMAL_PROGRESS_BAR", options.progress_bar},
          {"RAMAL_STATUS", options.status},
          {"RAMAL_SUMMARY", options.summary}};
}

std::vector<std::pair<std::string, std::string>> detail::telling_variables() {
  std::vector<std::pair<std::string, std::string>> variables;
  for_each_variable(
      {prefix, "OMP_", "SLURM_JOB_ID=", "SLURM_JOB_NAME=", "SLURM_JOB_NUM_NODES="},
      [&](std::string_view name, std::string_view text) { variables.emplace_back(name, text); });
  return variables;
}

std::string detail::unknown_variables() {
  // The scripts of slurm/ read the first; CMake's find_package(ramal) reads the second, and tables the third.
  constexpr std::string_view others[] = {"RAMAL_PROGRAM", "RAMAL_ROOT", "RAMAL_DUCKDB"};
  Options options;
  const auto setters = table(options);
  std::string unknown;
  for_each_variable({prefix}, [&](std::string_view name, std::string_view) {
    if (setters.contains(name) || std::find(std::begin(others), std::end(others), name) != std::end(others))
      return;
    unknown += (unknown.empty() ? "" : ", ") + std::string(name);
    if (const auto meant = probably_meant(name, setters); !meant.empty())
      unknown += " (did you mean " + std::string(meant) + "?)";
  });
  return unknown;
}

}  // namespace ramal
