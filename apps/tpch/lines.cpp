// SPDX-License-Identifier: BSD-3-Clause
#include "apps/tpch/lines.hpp"

#include "apps/tpch/dice.hpp"

namespace tpch {

namespace {

constexpr std::array<std::string_view, 5> priorities{"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED",
                                                     "5-LOW"};
constexpr std::array<std::string_view, 4> instructions{"DELIVER IN PERSON", "COLLECT COD", "NONE",
                                                       "TAKE BACK RETURN"};
constexpr std::array<std::string_view, 7> modes{"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};

constexpr std::int32_t first_day = 8035;    // 1992-01-01
constexpr std::int32_t last_day = 10440;    // 151 days before the end of 1998
constexpr std::int32_t current_day = 9298;  // 1995-06-17

/// In cents, of hundredths of cents of hundredths.
std::int64_t rounded_price(const Line& line) {
  return (line.price * (100 - line.discount) * (100 + line.tax) + 5000) / 10000;
}

Line line_of(Dice& dice, std::int32_t day, const Sizes& sizes) {
  Line line;
  line.part = dice.between(1, sizes.parts);
  line.supplier = supplier_of(line.part, dice.between(0, 3), sizes);
  line.quantity = dice.between(1, 50);
  line.price = line.quantity * retail_price(line.part);
  line.discount = dice.between(0, 10);
  line.tax = dice.between(0, 8);
  line.shipped = day + static_cast<std::int32_t>(dice.between(1, 121));
  line.committed = day + static_cast<std::int32_t>(dice.between(30, 90));
  line.received = line.shipped + static_cast<std::int32_t>(dice.between(1, 30));
  const bool is_back = dice.between(0, 1) == 1;
  line.flag = line.received > current_day ? "N" : is_back ? "R" : "A";
  line.status = line.shipped > current_day ? "O" : "F";
  line.instruction = dice.any_of(instructions);
  line.mode = dice.any_of(modes);
  line.comment = dice.words(10, 43);
  return line;
}

}  // namespace

std::int64_t retail_price(std::int64_t part) { return 90000 + part / 10 % 20001 + 100 * (part % 1000); }

std::int64_t supplier_of(std::int64_t part, std::int64_t i, const Sizes& sizes) {
  const std::int64_t all = sizes.suppliers;
  return (part + i * (all / 4 + (part - 1) / all)) % all + 1;
}

Order order_of(std::int64_t number, const Sizes& sizes) {
  Dice dice(10, number);  // by which also at scale 0.01 each query finds something
  Order order;
  order.key = number / 8 * 32 + number % 8 + 1;  // of 32 keys the first 8 are in use
  // A third of all customers orders nothing.
  order.customer = dice.between(0, sizes.customers / 3 * 2 - 1);
  order.customer = order.customer / 2 * 3 + order.customer % 2 + 1;
  order.day = static_cast<std::int32_t>(dice.between(first_day, last_day));
  order.priority = dice.any_of(priorities);
  order.clerk = numbered("Clerk", dice.between(1, sizes.clerks));
  order.comment = dice.words(19, 78);
  order.lines.resize(static_cast<std::size_t>(dice.between(1, 7)));
  std::size_t open = 0;
  for (Line& line : order.lines) {
    line = line_of(dice, order.day, sizes);
    order.price += rounded_price(line);
    open += line.status == "O" ? 1 : 0;
  }
  order.status = open == 0 ? "F" : open == order.lines.size() ? "O" : "P";
  return order;
}

}  // namespace tpch
