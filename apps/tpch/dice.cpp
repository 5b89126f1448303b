// SPDX-License-Identifier: BSD-3-Clause
#include "apps/tpch/dice.hpp"

namespace tpch {

namespace {

// The benchmark makes comments by a grammar out of a pool of 300 MB. Here they are words one behind the
// other; what its queries look for ("special … requests") is as rare in them.
constexpr std::array<std::string_view, 48> some_words{
    "account", "agree",    "across",   "asleep",   "blithely", "bold",     "bright",  "carefully",
    "cajole",  "deposit",  "detect",   "even",     "express",  "final",    "foxes",   "furious",
    "gift",    "grow",     "haggle",   "idea",     "instruct", "ironic",   "kindle",  "lazy",
    "nag",     "orbit",    "package",  "pending",  "pinto",    "platelet", "quick",   "quiet",
    "realm",   "regular",  "requests", "ruthless", "sauter",   "silent",   "sleep",   "slyly",
    "special", "stealthy", "theory",   "thin",     "unusual",  "wake",     "warthog", "winter"};

}  // namespace

std::string Dice::letters(std::int64_t least, std::int64_t most) {
  constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ, ";
  std::string text(static_cast<std::size_t>(between(least, most)), ' ');
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bits = i % 10 == 0 ? next() : bits >> 6;
    text[i] = alphabet[bits % alphabet.size()];
  }
  return text;
}

std::string Dice::words(std::int64_t least, std::int64_t most) {
  const auto length = static_cast<std::size_t>(between(least, most));
  std::string text;
  while (text.size() < length) text.append(any_of(some_words)) += ' ';
  text.resize(length);
  return text;
}

std::string Dice::phone(std::int64_t nation) {
  std::string text = std::to_string(nation + 10);
  text += '-' + std::to_string(between(100, 999));
  text += '-' + std::to_string(between(100, 999));
  return text + '-' + std::to_string(between(1000, 9999));
}

std::string numbered(std::string_view what, std::int64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(what) + '#' + std::string(digits.size() < 9 ? 9 - digits.size() : 0, '0') + digits;
}

}  // namespace tpch
