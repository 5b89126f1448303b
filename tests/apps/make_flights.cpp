// SPDX-License-Identifier: BSD-3-Clause
// make_flights FILE: 20,000 made-up flights with the columns of flights-3m.parquet, in row groups by three partitions.
#include <ramal/parquet.hpp>
#include <ramal/ramal.hpp>
#include <ramal/rows_builder.hpp>

#include <iostream>

namespace {

constexpr std::int64_t flights = 20'000, parts = 3;

ramal::Rows some_flights(std::int64_t part) {
  constexpr const char* origins[] = {"ABE", "ORD", "DFW", "ATL"};
  constexpr const char* destinations[] = {"LAX", "SFO", "JFK"};
  constexpr std::int64_t first_day_us = 978'307'200'000'000, minute_us = 60'000'000;  // 2001-01-01
  ramal::RowsBuilder rows({{"date", ramal::TypeId::timestamp_us},
                           {"delay", ramal::TypeId::int64},
                           {"distance", ramal::TypeId::int64},
                           {"origin", ramal::TypeId::text},
                           {"destination", ramal::TypeId::text}});
  for (std::int64_t i = flights * part / parts; i < flights * (part + 1) / parts; ++i) {
    const std::int64_t time = first_day_us + i * minute_us;
    rows.column(0).append_values(&time, 1);
    rows.column(1).append(i * 7919 % 181 - 30);
    rows.column(2).append(100 + i * 104729 % 2400);
    rows.column(3).append(origins[i % 4]);
    rows.column(4).append(destinations[i % 3]);
  }
  return rows.finish();
}

}  // namespace

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    const auto parts_of_it = ramal::family<some_flights>(parts);
    const ramal::Table table = ramal::from_parts(parts_of_it, session.compute(parts_of_it[0]).schema());
    std::cout << session.compute(ramal::write_parquet(table, argv[1], {.replace = true})) << " flights\n";
  });
}
