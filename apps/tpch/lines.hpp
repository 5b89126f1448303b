// SPDX-License-Identifier: BSD-3-Clause
// An order with its lines, which two tables are made of.
#pragma once

#include "apps/tpch/generate.hpp"

#include <vector>

namespace tpch {

/// Days since 1970; cents; hundredths.
struct Line {
  std::int64_t part = 0, supplier = 0, quantity = 0, price = 0;
  std::int64_t discount = 0, tax = 0;
  std::int32_t shipped = 0, committed = 0, received = 0;
  std::string_view flag, status, instruction, mode;
  std::string comment;
};
struct Order {
  std::int64_t key = 0, customer = 0, price = 0;
  std::int32_t day = 0;
  std::string_view status, priority;
  std::string clerk, comment;
  std::vector<Line> lines;
};

/// Order `number`, from 0 on.
Order order_of(std::int64_t number, const Sizes& sizes);
/// Which supplier is the `i`th, of 4, of a part.
std::int64_t supplier_of(std::int64_t part, std::int64_t i, const Sizes& sizes);
/// In cents.
std::int64_t retail_price(std::int64_t part);

}  // namespace tpch
