// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/session/warnings.hpp"

#include <cstdio>

namespace ramal::detail {

void Warnings::of_large_literals(const Cut& cut) {
  for (const auto& [place, large] : cut.large_literals) {
    constexpr std::uint64_t worth_a_word_bytes = 32 << 20;
    if (large.tasks < 8 || large.bytes < worth_a_word_bytes || !is_first(place.first, place.second)) continue;
    std::fprintf(stderr,
                 "ramal: warning: %llu calls of %s at %s:%u carry %.0f MiB of arguments by value; wrap what "
                 "they share in "
                 "ramal::value(x), which is sent once per rank\n",
                 static_cast<unsigned long long>(large.tasks), std::string(large.example->name()).c_str(),
                 large.example->where().file_name(), static_cast<unsigned>(large.example->where().line()),
                 static_cast<double>(large.bytes) / (1 << 20));
  }
}

void Warnings::of_unknown_readers(const PlannedProgram& planned) {
  constexpr std::int64_t worth_a_word = 10'000'000;  // about half a second
  if (!on_ || planned.program.ranks == 1) return;
  for (const auto& family : planned.families) {
    if (family == nullptr || family->kind->sort != Sort::member) continue;
    const Dependence& dependence = *family->kind->dependence;
    const bool is_known = dependence.lag == nullptr || dependence.by_inverse ||
                          dependence.known_lag(family->closure.data()) > 0;
    if (is_known || family->extent.volume() < worth_a_word ||
        !is_first(family->where.file_name(), family->where.line()))
      continue;
    std::fprintf(
        stderr,
        "ramal: warning: each rank looks at all %lld members of %s at %s:%u to find out who reads what; say "
        "how far they reach (FamilyOptions::reach), or give an inverse\n",
        static_cast<long long>(family->extent.volume()), std::string(family->name()).c_str(),
        family->where.file_name(), static_cast<unsigned>(family->where.line()));
  }
}

}  // namespace ramal::detail
