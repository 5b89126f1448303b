// SPDX-License-Identifier: BSD-3-Clause
// How these are written. A join of two large tables sends the rows of both to where their keys meet. So what
// a filter leaves few rows of is made first, and `together` has it go to all partitions of the larger table.
// Of each table only the columns are selected that go on, since a join makes all of its columns.
#include "apps/tpch/queries.hpp"

#include <ramal/parquet.hpp>

#include <array>
#include <limits>
#include <stdexcept>

namespace tpch {

namespace {

using ramal::Join;
using ramal::Table;
using Names = std::vector<std::string>;

constexpr auto all_rows = std::numeric_limits<std::int64_t>::max();

/// What is made of a table, in one partition if all of that table is no larger than what a rank has room for.
Table together(const Table& made, const Table& of) {
  constexpr std::uint64_t room_bytes = std::uint64_t{1} << 30;
  return of.bytes() <= room_bytes ? made.gather() : made;
}

/// Two columns, the first of which is a key with another name in the other table.
Table keyed(const Table& table, const std::string& key, const std::string& as, Names others = {}) {
  others.insert(others.begin(), key);
  return table.select(others).rename({{key, as}});
}

/// Suppliers, or customers, with their nations' names: of these nations, or of all.
Table with_nation(const Data& data, const Table& table, const std::string& key, const std::string& as,
                  const std::string& nation_key, const std::string& name, const std::string& which = "true") {
  const Table nations =
      keyed(data.nation.filter(which), "n_nationkey", nation_key, {"n_name"}).rename({{"n_name", name}});
  return keyed(table, key, as, {nation_key}).join(nations, {nation_key}).select({as, name});
}

Table pricing_summary(const Data& data) {
  return data.lineitem.filter("l_shipdate <= DATE '1998-09-02'")
      .groupby({"l_returnflag", "l_linestatus"})
      .agg({{"sum_qty", "sum(l_quantity)"},
            {"sum_base_price", "sum(l_extendedprice)"},
            {"sum_disc_price", "sum(l_extendedprice * (1 - l_discount))"},
            {"sum_charge", "sum(l_extendedprice * (1 - l_discount) * (1 + l_tax))"},
            {"avg_qty", "avg(l_quantity)"},
            {"avg_price", "avg(l_extendedprice)"},
            {"avg_disc", "avg(l_discount)"},
            {"count_order", "count(*)"}});
}

Table shipping_priority(const Data& data) {
  const Table buyers = keyed(data.customer.filter("c_mktsegment = 'BUILDING'"), "c_custkey", "o_custkey");
  const Table open = keyed(data.orders.filter("o_orderdate < DATE '1995-03-15'")
                               .select({"o_orderkey", "o_custkey", "o_orderdate", "o_shippriority"})
                               .join(buyers, {"o_custkey"}, Join::semi),
                           "o_orderkey", "l_orderkey", {"o_orderdate", "o_shippriority"});
  return data.lineitem.filter("l_shipdate > DATE '1995-03-15'")
      .select({"l_orderkey", "l_extendedprice", "l_discount"})
      .join(together(open, data.orders), {"l_orderkey"})
      .groupby({"l_orderkey", "o_orderdate", "o_shippriority"})
      .agg({{"revenue", "sum(l_extendedprice * (1 - l_discount))"}})
      .top(10, "revenue DESC, o_orderdate")
      .select({"l_orderkey", "revenue", "o_orderdate", "o_shippriority"});
}

Table order_priority(const Data& data) {
  const Table placed =
      data.orders.filter("o_orderdate >= DATE '1993-07-01' AND o_orderdate < DATE '1993-10-01'");
  const Table late =
      data.lineitem.filter("l_commitdate < l_receiptdate")
          .select({"l_orderkey"})
          .join(together(keyed(placed, "o_orderkey", "l_orderkey"), data.orders), {"l_orderkey"}, Join::semi)
          .rename({{"l_orderkey", "o_orderkey"}});
  return placed.select({"o_orderkey", "o_orderpriority"})
      .join(together(late, data.orders), {"o_orderkey"}, Join::semi)
      .groupby({"o_orderpriority"})
      .agg({{"order_count", "count(*)"}});
}

Table local_supplier(const Data& data) {
  const Table asia = keyed(data.region.filter("r_name = 'ASIA'"), "r_regionkey", "n_regionkey");
  const Table nations = data.nation.join(asia, {"n_regionkey"}, Join::semi).select({"n_nationkey", "n_name"});
  const Table suppliers = keyed(data.supplier, "s_suppkey", "l_suppkey", {"s_nationkey"})
                              .join(nations.rename({{"n_nationkey", "s_nationkey"}}), {"s_nationkey"});
  const Table customers =
      keyed(data.customer, "c_custkey", "o_custkey", {"c_nationkey"})
          .rename({{"c_nationkey", "s_nationkey"}})
          .join(keyed(nations, "n_nationkey", "s_nationkey"), {"s_nationkey"}, Join::semi);
  const Table orders =
      keyed(data.orders.filter("o_orderdate >= DATE '1994-01-01' AND o_orderdate < DATE '1995-01-01'"),
            "o_orderkey", "l_orderkey", {"o_custkey"})
          .join(customers, {"o_custkey"})
          .select({"l_orderkey", "s_nationkey"});
  return data.lineitem.select({"l_orderkey", "l_suppkey", "l_extendedprice", "l_discount"})
      .join(together(suppliers.select({"l_suppkey"}), data.supplier), {"l_suppkey"}, Join::semi)
      .join(together(orders, data.orders), {"l_orderkey"})
      .join(together(suppliers, data.supplier), {"l_suppkey", "s_nationkey"})
      .groupby({"n_name"})
      .agg({{"revenue", "sum(l_extendedprice * (1 - l_discount))"}})
      .top(all_rows, "revenue DESC");
}

Table forecast_revenue(const Data& data) {
  return data.lineitem
      .filter(
          "l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01' AND "
          "l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24")
      .agg({{"revenue", "sum(l_extendedprice * l_discount)"}});
}

Table volume_shipping(const Data& data) {
  const char* const both = "n_name IN ('FRANCE', 'GERMANY')";
  const Table suppliers =
      with_nation(data, data.supplier, "s_suppkey", "l_suppkey", "s_nationkey", "supp_nation", both);
  const Table customers =
      with_nation(data, data.customer, "c_custkey", "o_custkey", "c_nationkey", "cust_nation", both);
  const Table orders = keyed(data.orders, "o_orderkey", "l_orderkey", {"o_custkey"})
                           .join(customers, {"o_custkey"})
                           .select({"l_orderkey", "cust_nation"});
  return data.lineitem.filter("l_shipdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31'")
      .select({"l_orderkey", "l_suppkey", "l_shipdate", "l_extendedprice", "l_discount"})
      .join(together(suppliers, data.supplier), {"l_suppkey"})
      .join(together(orders, data.orders), {"l_orderkey"})
      .filter("supp_nation <> cust_nation")
      .with_column("l_year", "year(l_shipdate)")
      .groupby({"supp_nation", "cust_nation", "l_year"})
      .agg({{"revenue", "sum(l_extendedprice * (1 - l_discount))"}});
}

Table market_share(const Data& data) {
  const Table parts = keyed(data.part.filter("p_type = 'ECONOMY ANODIZED STEEL'"), "p_partkey", "l_partkey");
  const Table america = keyed(data.region.filter("r_name = 'AMERICA'"), "r_regionkey", "n_regionkey");
  const Table nations =
      keyed(data.nation.join(america, {"n_regionkey"}, Join::semi), "n_nationkey", "c_nationkey");
  const Table customers = keyed(data.customer, "c_custkey", "o_custkey", {"c_nationkey"})
                              .join(nations, {"c_nationkey"}, Join::semi);
  const Table orders =
      keyed(data.orders.filter("o_orderdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31'"), "o_orderkey",
            "l_orderkey", {"o_custkey", "o_orderdate"})
          .join(keyed(customers, "o_custkey", "o_custkey"), {"o_custkey"}, Join::semi)
          .select({"l_orderkey", "o_orderdate"});
  const Table suppliers = with_nation(data, data.supplier, "s_suppkey", "l_suppkey", "s_nationkey", "nation");
  return data.lineitem.select({"l_orderkey", "l_partkey", "l_suppkey", "l_extendedprice", "l_discount"})
      .join(together(parts, data.part), {"l_partkey"}, Join::semi)
      .join(together(orders, data.orders), {"l_orderkey"})
      .join(together(suppliers, data.supplier), {"l_suppkey"})
      .with_column("o_year", "year(o_orderdate)")
      .with_column("volume", "l_extendedprice * (1 - l_discount)")
      .groupby({"o_year"})
      .agg({{"mkt_share", "sum(CASE WHEN nation = 'BRAZIL' THEN volume ELSE 0 END) / sum(volume)"}});
}

Table product_profit(const Data& data) {
  const Table parts = keyed(data.part.filter("p_name LIKE '%green%'"), "p_partkey", "l_partkey");
  const Table costs = data.partsupp.select({"ps_partkey", "ps_suppkey", "ps_supplycost"})
                          .rename({{"ps_partkey", "l_partkey"}, {"ps_suppkey", "l_suppkey"}})
                          .join(together(parts, data.part), {"l_partkey"}, Join::semi);
  const Table suppliers = with_nation(data, data.supplier, "s_suppkey", "l_suppkey", "s_nationkey", "nation");
  const Table lines =
      data.lineitem
          .select({"l_orderkey", "l_partkey", "l_suppkey", "l_quantity", "l_extendedprice", "l_discount"})
          .join(together(parts, data.part), {"l_partkey"}, Join::semi)
          .join(together(costs, data.partsupp), {"l_partkey", "l_suppkey"})
          .join(together(suppliers, data.supplier), {"l_suppkey"})
          .with_column("amount", "l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity")
          .select({"l_orderkey", "nation", "amount"});
  return keyed(data.orders, "o_orderkey", "l_orderkey", {"o_orderdate"})
      .join(together(lines, data.orders), {"l_orderkey"})
      .with_column("o_year", "year(o_orderdate)")
      .groupby({"nation", "o_year"})
      .agg({{"sum_profit", "sum(amount)"}})
      .top(all_rows, "nation, o_year DESC");
}

Table returned_items(const Data& data) {
  const Table orders =
      keyed(data.orders.filter("o_orderdate >= DATE '1993-10-01' AND o_orderdate < DATE '1994-01-01'"),
            "o_orderkey", "l_orderkey", {"o_custkey"});
  const Table losses = data.lineitem.filter("l_returnflag = 'R'")
                           .select({"l_orderkey", "l_extendedprice", "l_discount"})
                           .join(together(orders, data.orders), {"l_orderkey"})
                           .groupby({"o_custkey"})
                           .agg({{"revenue", "sum(l_extendedprice * (1 - l_discount))"}})
                           .rename({{"o_custkey", "c_custkey"}})
                           .top(20, "revenue DESC");
  const Table nations = keyed(data.nation, "n_nationkey", "c_nationkey", {"n_name"});
  return data.customer.join(losses, {"c_custkey"})
      .join(nations, {"c_nationkey"})
      .select({"c_custkey", "c_name", "revenue", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment"})
      .top(20, "revenue DESC");
}

Table shipping_modes(const Data& data) {
  const Table lines = data.lineitem
                          .filter(
                              "l_shipmode IN ('MAIL', 'SHIP') AND l_commitdate < l_receiptdate AND "
                              "l_shipdate < l_commitdate AND l_receiptdate >= DATE '1994-01-01' AND "
                              "l_receiptdate < DATE '1995-01-01'")
                          .select({"l_orderkey", "l_shipmode"})
                          .rename({{"l_orderkey", "o_orderkey"}});
  return data.orders.select({"o_orderkey", "o_orderpriority"})
      .join(together(lines, data.orders), {"o_orderkey"})
      .with_column("is_high", "o_orderpriority IN ('1-URGENT', '2-HIGH')")
      .groupby({"l_shipmode"})
      .agg({{"high_line_count", "sum(CASE WHEN is_high THEN 1 ELSE 0 END)"},
            {"low_line_count", "sum(CASE WHEN is_high THEN 0 ELSE 1 END)"}});
}

Table customer_distribution(const Data& data) {
  const Table counts = data.orders.filter("o_comment NOT LIKE '%special%requests%'")
                           .groupby({"o_custkey"})
                           .agg({{"c_count", "count(*)"}})
                           .rename({{"o_custkey", "c_custkey"}});
  return data.customer.select({"c_custkey"})
      .join(counts, {"c_custkey"}, Join::left)
      .fillna({"c_count"}, "0")
      .groupby({"c_count"})
      .agg({{"custdist", "count(*)"}})
      .top(all_rows, "custdist DESC, c_count DESC");
}

Table promotion_effect(const Data& data) {
  const Table lines =
      data.lineitem.filter("l_shipdate >= DATE '1995-09-01' AND l_shipdate < DATE '1995-10-01'")
          .with_column("revenue", "l_extendedprice * (1 - l_discount)")
          .select({"l_partkey", "revenue"});
  return keyed(data.part, "p_partkey", "l_partkey", {"p_type"})
      .join(together(lines, data.part), {"l_partkey"})
      .agg({{"promo_revenue",
             "100.00 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN revenue ELSE 0 END) / "
             "sum(revenue)"}});
}

Table large_orders(const Data& data) {
  const Table large = data.lineitem.groupby({"l_orderkey"})
                          .agg({{"quantity", "sum(l_quantity)"}})
                          .filter("quantity > 300")
                          .rename({{"l_orderkey", "o_orderkey"}});
  const Table names = keyed(data.customer, "c_custkey", "o_custkey", {"c_name"});
  return data.orders.select({"o_orderkey", "o_custkey", "o_orderdate", "o_totalprice"})
      .join(large, {"o_orderkey"})
      .join(names, {"o_custkey"})
      .rename({{"o_custkey", "c_custkey"}})
      .select({"c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "quantity"})
      .top(100, "o_totalprice DESC, o_orderdate");
}

Table discounted_revenue(const Data& data) {
  const Table parts =
      keyed(data.part, "p_partkey", "l_partkey", {"p_brand", "p_container", "p_size"})
          .filter("p_brand IN ('Brand#12', 'Brand#23', 'Brand#34') AND p_size BETWEEN 1 AND 15");
  return data.lineitem
      .filter(
          "l_shipmode IN ('AIR', 'AIR REG') AND l_shipinstruct = 'DELIVER IN PERSON' AND "
          "l_quantity BETWEEN 1 AND 30")
      .select({"l_partkey", "l_quantity", "l_extendedprice", "l_discount"})
      .join(together(parts, data.part), {"l_partkey"})
      .filter(
          "(p_brand = 'Brand#12' AND p_container IN ('SM CASE', 'SM BOX', 'SM PACK', 'SM PKG') AND "
          "l_quantity BETWEEN 1 AND 11 AND p_size BETWEEN 1 AND 5) OR "
          "(p_brand = 'Brand#23' AND p_container IN ('MED BAG', 'MED BOX', 'MED PKG', 'MED PACK') AND "
          "l_quantity BETWEEN 10 AND 20 AND p_size BETWEEN 1 AND 10) OR "
          "(p_brand = 'Brand#34' AND p_container IN ('LG CASE', 'LG BOX', 'LG PACK', 'LG PKG') AND "
          "l_quantity BETWEEN 20 AND 30 AND p_size BETWEEN 1 AND 15)")
      .agg({{"revenue", "sum(l_extendedprice * (1 - l_discount))"}});
}

constexpr std::array<Query, 14> all_queries{{{1, "pricing summary", pricing_summary},
                                             {3, "shipping priority", shipping_priority},
                                             {4, "order priority", order_priority},
                                             {5, "local supplier volume", local_supplier},
                                             {6, "forecast revenue", forecast_revenue},
                                             {7, "volume shipping", volume_shipping},
                                             {8, "market share", market_share},
                                             {9, "product type profit", product_profit},
                                             {10, "returned items", returned_items},
                                             {12, "shipping modes", shipping_modes},
                                             {13, "customer distribution", customer_distribution},
                                             {14, "promotion effect", promotion_effect},
                                             {18, "large orders", large_orders},
                                             {19, "discounted revenue", discounted_revenue}}};

}  // namespace

Data Data::of(const std::string& folder, std::uint64_t partition_bytes) {
  const auto read = [&](const char* name) {
    return ramal::read_parquet(folder + '/' + name, {.partition_bytes = partition_bytes});
  };
  return {read("region"), read("nation"),   read("supplier"), read("customer"),
          read("part"),   read("partsupp"), read("orders"),   read("lineitem")};
}

std::span<const Query> queries() { return all_queries; }

const Query& query(const std::string& number) {
  std::string known;
  for (const Query& one : all_queries) {
    if (std::to_string(one.number) == number) return one;
    known += (known.empty() ? "" : ", ") + std::to_string(one.number);
  }
  throw std::invalid_argument("expected a query of " + known + ", found " + number);
}

}  // namespace tpch
