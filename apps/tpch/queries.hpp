// SPDX-License-Identifier: BSD-3-Clause
// Queries of TPC-H by Table's methods, with the parameters that the specification validates them with.
#pragma once

#include <ramal/table.hpp>

#include <span>
#include <string>

namespace tpch {

/// The eight tables, as they lie in a folder.
struct Data {
  ramal::Table region, nation, supplier, customer, part, partsupp, orders, lineitem;

  /// Reads the footers. Throws TableError if one is missing.
  static Data of(const std::string& folder, std::uint64_t partition_bytes);
};

struct Query {
  int number;
  const char* name;
  ramal::Table (*of)(const Data&);
};
std::span<const Query> queries();
/// By its number. Throws std::invalid_argument, with those that there are, if there is none.
const Query& query(const std::string& number);

}  // namespace tpch
