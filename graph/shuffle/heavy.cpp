// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/shuffle_rows.hpp>
#include <ramal/detail/warnings.hpp>

#include <cstdio>

namespace ramal::detail {

bool HeavyCheck::is_heavy(std::uint64_t rows, std::uint64_t of_all) const {
  constexpr std::uint64_t times_the_mean = 8;
  if (results < 2 || rows < static_cast<std::uint64_t>(keys.rows)) return false;
  const std::uint64_t mean = of_all / static_cast<std::uint64_t>(results);
  return rows > of_all / 2 || rows > times_the_mean * mean;
}

void HeavyCheck::tell(std::string_view function, const std::string& key, std::uint64_t rows,
                      std::uint64_t of_all, std::int64_t result) const {
  const std::string text = "shuffle by " + std::string(function) + ": the key " + key + " has " +
                           std::to_string(rows) + " of " + std::to_string(of_all) + " rows, so that result " +
                           std::to_string(result) + " of " + std::to_string(results) +
                           " takes that much longer and that much more memory than others";
  if (keys.refuse)
    throw std::runtime_error("ramal: " + text + "; expected fewer than " + std::to_string(keys.rows) +
                             " rows of a key (HeavyKeys)");
  if (!warnings_wanted) return;
  std::fprintf(
      stderr,
      "ramal: warning: %s. Combine rows of a key before they are shuffled (map_shuffle_reduce with a "
      "function of two values), or shuffle by a finer key.\n",
      text.c_str());
}

}  // namespace ramal::detail
