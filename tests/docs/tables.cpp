#include <ramal/parquet.hpp>
#include <ramal/ramal.hpp>

#include <iostream>

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    const auto flights = ramal::read_parquet(argv[1]);                   // the footers, nothing else
    const auto late = flights.filter("delay > 60").with_column("hours", "delay / 60e0");
    const auto by_origin = late.groupby({"origin"}).agg({{"n", "count(*)"}, {"mean", "avg(hours)"}});
    std::cout << session.compute(by_origin.top(3, "n DESC"));
  });
}
