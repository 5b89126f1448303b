#include <ramal/rows.hpp>

#include <iostream>

ramal::Rows late(const ramal::Rows& flights) {           // a task's function, or one for map_partitions
  const auto delay = flights.column<double>("delay");
  std::vector<std::int64_t> kept;
  for (std::int64_t i = 0; i < flights.size(); ++i)
    if (!delay.is_null(i) && delay[i] > 60) kept.push_back(i);
  return flights.take(kept);
}

int main() {
  const auto flights = ramal::Rows::of({{"origin", std::vector<std::string>{"ORD", "LAX", "ATL"}},
                                        {"delay", std::vector<std::optional<double>>{75, 3, std::nullopt}}});
  std::cout << late(flights);
}
