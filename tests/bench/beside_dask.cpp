// SPDX-License-Identifier: BSD-3-Clause
// What tests/bench/beside_dask measures of Ramal: a line "name seconds value" for each.
//
//   beside_dask_program FILE ROUNDS
#include <ramal/array.hpp>
#include <ramal/hdf5.hpp>
#include <ramal/ramal.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace {

using namespace ramal;

void measure(const char* name, int rounds, const std::function<double()>& call) {
  std::vector<double> seconds;
  double value = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    value = call();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::nth_element(seconds, seconds.begin() + rounds / 2);
  std::printf("%s %.6f %.9g\n", name, seconds[static_cast<std::size_t>(rounds / 2)], value);
}

void measure_all(Session& session, const std::string& file, int rounds) {
  measure("mean_of_file", rounds,
          [&] { return session.compute(read_hdf5<float>(file, "/t").array().mean()); });
  measure("anomaly_of_file", rounds, [&] {
    const auto t = read_hdf5<float>(file, "/t").array();
    const auto anomaly = t - t.mean(0);
    return static_cast<double>(session.compute(sqrt((anomaly * anomaly).mean())));
  });
  const auto a = session.persist(linspace(0, 1, 1 << 24, true, {1 << 18}));
  const auto b = session.persist(linspace(1, 2, 1 << 24, true, {1 << 18}));
  session.wait(a.blocks(), b.blocks());
  measure("expression_in_memory", rounds, [&] { return session.compute(sqrt(a * a + b * b).sum()); });
  measure("shifted_in_memory", rounds,
          [&] { return session.compute((a(slice(1, {})) - a(slice(-1))).max()); });
  measure("ten_thousand_chunks", rounds, [&] {
    const auto x = ones<double>({10'000'000}, {1'000});
    return session.compute((x + 1).sum());
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: beside_dask_program FILE ROUNDS\n");
    return 2;
  }
  return ramal::run(argc, argv, [&](Session& session) { measure_all(session, argv[1], std::atoi(argv[2])); });
}
