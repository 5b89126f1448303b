// SPDX-License-Identifier: BSD-3-Clause
#include "apps/tpch/generate.hpp"

#include "apps/tpch/dice.hpp"
#include "apps/tpch/lines.hpp"

#include <ramal/ramal.hpp>
#include <ramal/rows_builder.hpp>

#include <algorithm>
#include <cmath>

namespace tpch {

namespace {

using ramal::Field;
using ramal::Schema;
using ramal::TypeId;

constexpr std::array<std::string_view, 5> regions{"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"};
struct Nation {
  std::string_view name;
  std::int64_t region;
};
constexpr std::array<Nation, 25> nations{
    {{"ALGERIA", 0},      {"ARGENTINA", 1},  {"BRAZIL", 1},  {"CANADA", 1},         {"EGYPT", 4},
     {"ETHIOPIA", 0},     {"FRANCE", 3},     {"GERMANY", 3}, {"INDIA", 2},          {"INDONESIA", 2},
     {"IRAN", 4},         {"IRAQ", 4},       {"JAPAN", 2},   {"JORDAN", 4},         {"KENYA", 0},
     {"MOROCCO", 0},      {"MOZAMBIQUE", 0}, {"PERU", 1},    {"CHINA", 2},          {"ROMANIA", 3},
     {"SAUDI ARABIA", 4}, {"VIETNAM", 2},    {"RUSSIA", 3},  {"UNITED KINGDOM", 3}, {"UNITED STATES", 1}}};
constexpr std::array<std::string_view, 5> segments{"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY",
                                                   "HOUSEHOLD"};
constexpr std::array<std::string_view, 92> colours{
    "almond",    "antique",    "aquamarine", "azure",     "beige",     "bisque",     "black",     "blanched",
    "blue",      "blush",      "brown",      "burlywood", "burnished", "chartreuse", "chiffon",   "chocolate",
    "coral",     "cornflower", "cornsilk",   "cream",     "cyan",      "dark",       "deep",      "dim",
    "dodger",    "drab",       "firebrick",  "floral",    "forest",    "frosted",    "gainsboro", "ghost",
    "goldenrod", "green",      "grey",       "honeydew",  "hot",       "indian",     "ivory",     "khaki",
    "lace",      "lavender",   "lawn",       "lemon",     "light",     "lime",       "linen",     "magenta",
    "maroon",    "medium",     "metallic",   "midnight",  "mint",      "misty",      "moccasin",  "navajo",
    "navy",      "olive",      "orange",     "orchid",    "pale",      "papaya",     "peach",     "peru",
    "pink",      "plum",       "powder",     "puff",      "purple",    "red",        "rose",      "rosy",
    "royal",     "saddle",     "salmon",     "sandy",     "seashell",  "sienna",     "sky",       "slate",
    "smoke",     "snow",       "spring",     "steel",     "tan",       "thistle",    "tomato",    "turquoise",
    "violet",    "wheat",      "white",      "yellow"};
constexpr std::array<std::string_view, 6> sizes_of_types{"STANDARD", "SMALL",   "MEDIUM",
                                                         "LARGE",    "ECONOMY", "PROMO"};
constexpr std::array<std::string_view, 5> finishes{"ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"};
constexpr std::array<std::string_view, 5> metals{"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"};
constexpr std::array<std::string_view, 5> widths{"SM", "LG", "MED", "JUMBO", "WRAP"};
constexpr std::array<std::string_view, 8> boxes{"CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"};

/// One row, value by value.
class Row {
 public:
  explicit Row(ramal::RowsBuilder& rows) : rows_(rows) {}
  Row& key(std::int64_t value) { return add(value); }
  Row& number(std::int64_t value) { return add(static_cast<std::int32_t>(value)); }
  Row& text(std::string_view value) { return add(value); }
  /// Of DECIMAL(15,2).
  Row& hundredths(std::int64_t value) { return add(static_cast<ramal::Int128>(value)); }
  Row& day(std::int32_t value) {
    rows_.column(at_++).append_values(&value, 1);
    return *this;
  }

 private:
  template <class T>
  Row& add(T value) {
    rows_.column(at_++).append(value);
    return *this;
  }
  ramal::RowsBuilder& rows_;
  std::size_t at_ = 0;
};

Field money(const char* name) { return {name, ramal::ColumnType::decimal(15, 2)}; }

/// A table: how many of its things there are, which a row or several are made of, each by its number.
struct Recipe {
  std::string_view name;
  Schema schema;
  std::int64_t count;
  void (*add)(ramal::RowsBuilder&, std::int64_t number, const Sizes&);
};

void add_region(ramal::RowsBuilder& rows, std::int64_t number, const Sizes&) {
  Row(rows).key(number).text(regions[static_cast<std::size_t>(number)]).text(Dice(0, number).words(31, 115));
}
void add_nation(ramal::RowsBuilder& rows, std::int64_t number, const Sizes&) {
  const auto& [name, region] = nations[static_cast<std::size_t>(number)];
  Row(rows).key(number).text(name).key(region).text(Dice(1, number).words(31, 114));
}

void add_supplier(ramal::RowsBuilder& rows, std::int64_t number, const Sizes&) {
  Dice dice(2, number);
  const std::int64_t nation = dice.between(0, 24);
  const std::string address = dice.letters(10, 40), phone = dice.phone(nation);
  const std::int64_t balance = dice.between(-99999, 999999);
  std::string comment = dice.words(25, 100);
  // Of 10,000 there are 5 with complaints, and 5 with praise.
  const std::int64_t mood = number % 2000;
  if (mood == 7) comment.replace(2, 20, "Customer  Complaints");
  if (mood == 13) comment.replace(2, 20, "Customer  Recommends");
  Row(rows)
      .key(number + 1)
      .text(numbered("Supplier", number + 1))
      .text(address)
      .key(nation)
      .text(phone)
      .hundredths(balance)
      .text(comment);
}

void add_customer(ramal::RowsBuilder& rows, std::int64_t number, const Sizes&) {
  Dice dice(3, number);
  const std::int64_t nation = dice.between(0, 24);
  const std::string address = dice.letters(10, 40), phone = dice.phone(nation);
  const std::int64_t balance = dice.between(-99999, 999999);
  const std::string_view segment = dice.any_of(segments);
  Row(rows)
      .key(number + 1)
      .text(numbered("Customer", number + 1))
      .text(address)
      .key(nation)
      .text(phone)
      .hundredths(balance)
      .text(segment)
      .text(dice.words(29, 116));
}

/// Five colours, none twice.
std::string part_name(Dice& dice) {
  std::array<std::string_view, 5> chosen;
  std::string name;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    do chosen[i] = dice.any_of(colours);
    while (std::find(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(i), chosen[i]) !=
           chosen.begin() + static_cast<std::ptrdiff_t>(i));
    name.append(i > 0 ? " " : "").append(chosen[i]);
  }
  return name;
}

void add_part(ramal::RowsBuilder& rows, std::int64_t number, const Sizes&) {
  Dice dice(4, number);
  const std::string name = part_name(dice);
  const std::string maker = std::to_string(dice.between(1, 5)), brand = std::to_string(dice.between(1, 5));
  std::string type(dice.any_of(sizes_of_types)), container(dice.any_of(widths));
  type.append(" ").append(dice.any_of(finishes)).append(" ").append(dice.any_of(metals));
  container.append(" ").append(dice.any_of(boxes));
  const std::int64_t size = dice.between(1, 50);
  Row(rows)
      .key(number + 1)
      .text(name)
      .text("Manufacturer#" + maker)
      .text("Brand#" + maker + brand)
      .text(type)
      .number(size)
      .text(container)
      .hundredths(retail_price(number + 1))
      .text(dice.words(5, 22));
}

void add_partsupp(ramal::RowsBuilder& rows, std::int64_t number, const Sizes& sizes) {
  Dice dice(5, number);
  for (std::int64_t i = 0; i < 4; ++i) {
    const std::int64_t count = dice.between(1, 9999), cost = dice.between(100, 100000);
    Row(rows)
        .key(number + 1)
        .key(supplier_of(number + 1, i, sizes))
        .number(count)
        .hundredths(cost)
        .text(dice.words(49, 198));
  }
}

void add_order(ramal::RowsBuilder& rows, std::int64_t number, const Sizes& sizes) {
  const Order order = order_of(number, sizes);
  Row(rows)
      .key(order.key)
      .key(order.customer)
      .text(order.status)
      .hundredths(order.price)
      .day(order.day)
      .text(order.priority)
      .text(order.clerk)
      .number(0)
      .text(order.comment);
}

void add_lines(ramal::RowsBuilder& rows, std::int64_t number, const Sizes& sizes) {
  const Order order = order_of(number, sizes);
  for (std::size_t i = 0; i < order.lines.size(); ++i) {
    const Line& line = order.lines[i];
    Row(rows)
        .key(order.key)
        .key(line.part)
        .key(line.supplier)
        .number(static_cast<std::int64_t>(i) + 1)
        .hundredths(100 * line.quantity)
        .hundredths(line.price)
        .hundredths(line.discount)
        .hundredths(line.tax)
        .text(line.flag)
        .text(line.status)
        .day(line.shipped)
        .day(line.committed)
        .day(line.received)
        .text(line.instruction)
        .text(line.mode)
        .text(line.comment);
  }
}

Recipe recipe_of(std::string_view name, const Sizes& sizes) {
  const auto key = TypeId::int64, number = TypeId::int32, text = TypeId::text, date = TypeId::date;
  const std::array<Recipe, 8> all{
      {{"region", Schema({{"r_regionkey", key}, {"r_name", text}, {"r_comment", text}}), 5, add_region},
       {"nation", Schema({{"n_nationkey", key}, {"n_name", text}, {"n_regionkey", key}, {"n_comment", text}}),
        25, add_nation},
       {"supplier",
        Schema({{"s_suppkey", key},
                {"s_name", text},
                {"s_address", text},
                {"s_nationkey", key},
                {"s_phone", text},
                money("s_acctbal"),
                {"s_comment", text}}),
        sizes.suppliers, add_supplier},
       {"customer",
        Schema({{"c_custkey", key},
                {"c_name", text},
                {"c_address", text},
                {"c_nationkey", key},
                {"c_phone", text},
                money("c_acctbal"),
                {"c_mktsegment", text},
                {"c_comment", text}}),
        sizes.customers, add_customer},
       {"part",
        Schema({{"p_partkey", key},
                {"p_name", text},
                {"p_mfgr", text},
                {"p_brand", text},
                {"p_type", text},
                {"p_size", number},
                {"p_container", text},
                money("p_retailprice"),
                {"p_comment", text}}),
        sizes.parts, add_part},
       {"partsupp",
        Schema({{"ps_partkey", key},
                {"ps_suppkey", key},
                {"ps_availqty", number},
                money("ps_supplycost"),
                {"ps_comment", text}}),
        sizes.parts, add_partsupp},
       {"orders",
        Schema({{"o_orderkey", key},
                {"o_custkey", key},
                {"o_orderstatus", text},
                money("o_totalprice"),
                {"o_orderdate", date},
                {"o_orderpriority", text},
                {"o_clerk", text},
                {"o_shippriority", number},
                {"o_comment", text}}),
        sizes.orders, add_order},
       {"lineitem",
        Schema({{"l_orderkey", key},
                {"l_partkey", key},
                {"l_suppkey", key},
                {"l_linenumber", number},
                money("l_quantity"),
                money("l_extendedprice"),
                money("l_discount"),
                money("l_tax"),
                {"l_returnflag", text},
                {"l_linestatus", text},
                {"l_shipdate", date},
                {"l_commitdate", date},
                {"l_receiptdate", date},
                {"l_shipinstruct", text},
                {"l_shipmode", text},
                {"l_comment", text}}),
        sizes.orders, add_lines}}};
  const auto found = std::ranges::find(all, name, &Recipe::name);
  if (found == all.end())
    throw std::invalid_argument("expected a table of TPC-H, found '" + std::string(name) + "'");
  return *found;
}

std::int64_t own_number(std::int64_t number) { return number; }

ramal::Rows rows_of(std::int64_t part, std::int64_t parts, const std::string& name, const Sizes& sizes) {
  const Recipe recipe = recipe_of(name, sizes);
  ramal::RowsBuilder rows(recipe.schema);
  for (std::int64_t i = recipe.count * part / parts; i < recipe.count * (part + 1) / parts; ++i)
    recipe.add(rows, i, sizes);
  return rows.finish();
}

}  // namespace

Sizes Sizes::at(double scale) {
  if (!(scale >= 0.001 && scale <= 1e5))
    throw std::invalid_argument("expected a scale from 0.001 to 100000, found " + std::to_string(scale));
  const auto of = [scale](double rows) { return static_cast<std::int64_t>(std::llround(scale * rows)); };
  return {of(10'000), of(150'000), of(200'000), of(1'500'000), of(1'000)};
}

ramal::Table generated(std::string_view name, const Sizes& sizes) {
  // Files of which some make a partition each, so that no part of one has to be looked for.
  const Recipe recipe = recipe_of(name, sizes);
  const std::int64_t most = name == "lineitem" ? 50'000 : 200'000;
  const std::int64_t parts = (recipe.count + most - 1) / most;
  const auto rows = ramal::map<rows_of>(ramal::family<own_number>(parts), parts, std::string(name), sizes);
  return ramal::from_parts(rows, recipe.schema);
}

}  // namespace tpch
