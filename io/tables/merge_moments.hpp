// SPDX-License-Identifier: BSD-3-Clause
// Which rows of two partial results belong together, and their means and differences from these.
#pragma once

#include <ramal/rows.hpp>

namespace ramal::detail {

constexpr std::int64_t nowhere = -1;

/// A row of a merged result: where it comes from on either side.
struct Match {
  std::int64_t left, right;
  bool is_both() const { return left != nowhere && right != nowhere; }
};

/// Appends the columns of a group named count, mean, m2, … that begins at column `at`. See merge.hpp.
void merge_moments(const Rows& left, const Rows& right, std::size_t at, const std::vector<Match>& matches,
                   std::vector<Column>& out);

}  // namespace ramal::detail
