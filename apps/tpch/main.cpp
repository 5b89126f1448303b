// SPDX-License-Identifier: BSD-3-Clause
// TPC-H: makes its tables as Parquet files, and runs queries of it, written with Table's methods.
//
//   mpirun -n 2 tpch generate --scale 1 --out tpch-1
//   mpirun -n 2 tpch run --data tpch-1 --query 1,3,6
//
// The tables are the same at any number of ranks. Comments are simpler than the benchmark's (dice.hpp), so
// these are no results of TPC's.
#include "apps/tpch/generate.hpp"
#include "apps/tpch/queries.hpp"

#include <ramal/parquet.hpp>
#include <ramal/ramal.hpp>

#include <boost/program_options.hpp>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <sstream>

namespace {

struct Wishes {
  std::string task, out, data, numbers;
  double scale = 0.01;
  std::uint64_t partition_mib = 256;
  bool replace = false;
};

void generate(ramal::Session& session, const Wishes& wishes) {
  const tpch::Sizes sizes = tpch::Sizes::at(wishes.scale);
  std::filesystem::create_directories(wishes.out);
  for (const std::string_view name : tpch::table_names) {
    const std::string folder = wishes.out + '/' + std::string(name);
    const ramal::Table table = tpch::generated(name, sizes);
    const auto written = ramal::write_parquet(table, folder, {.replace = wishes.replace});
    std::cout << name << ": " << session.compute(written) << " rows" << std::endl;
  }
}

void run(ramal::Session& session, const Wishes& wishes) {
  const tpch::Data data = tpch::Data::of(wishes.data, wishes.partition_mib << 20);
  std::vector<tpch::Query> wanted;
  std::istringstream list(wishes.numbers);
  for (std::string number; std::getline(list, number, ',');) wanted.push_back(tpch::query(number));
  if (wanted.empty()) wanted.assign(tpch::queries().begin(), tpch::queries().end());
  for (const tpch::Query& query : wanted) {
    const auto start = std::chrono::steady_clock::now();
    const ramal::Rows rows = session.compute(query.of(data));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::cout << "query " << query.number << ", " << query.name << '\n' << rows;
    std::printf("%.3f s\n", seconds.count());
  }
}

}  // namespace

int main(int argc, char** argv) {
  return ramal::run(argc, argv, [&](ramal::Session& session) {
    namespace po = boost::program_options;
    Wishes wishes;
    po::options_description options("tpch generate --out FOLDER, or tpch run --data FOLDER\n\noptions");
    options.add_options()("help", "show this text")("task", po::value(&wishes.task), "generate or run")(
        "scale", po::value(&wishes.scale)->default_value(wishes.scale), "1 is about a gigabyte")(
        "out", po::value(&wishes.out), "the folder that the tables are made in, a folder for each")(
        "replace", po::bool_switch(&wishes.replace), "tables that are there already")(
        "data", po::value(&wishes.data), "the folder with the tables")(
        "query", po::value(&wishes.numbers), "numbers of queries, with commas; all, if none are said")(
        "partition-mib", po::value(&wishes.partition_mib)->default_value(wishes.partition_mib),
        "how much a partition is to take in memory");
    po::positional_options_description first;
    first.add("task", 1);
    try {
      po::variables_map given;
      po::store(po::command_line_parser(argc, argv).options(options).positional(first).run(), given);
      po::notify(given);
      if (given.contains("help")) {
        std::cout << options;
        return 0;
      }
      const bool is_run = wishes.task == "run";
      if (!is_run && wishes.task != "generate") throw po::error("expected generate or run");
      if ((is_run ? wishes.data : wishes.out).empty())
        throw po::error(is_run ? "expected --data FOLDER" : "expected --out FOLDER");
      is_run ? run(session, wishes) : generate(session, wishes);
    } catch (const std::logic_error& error) {
      std::cerr << "tpch: " << error.what() << "\ntry --help\n";
      return 2;
    }
    return 0;
  });
}
