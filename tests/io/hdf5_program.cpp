// SPDX-License-Identifier: BSD-3-Clause
// Run as `mpirun -n N hdf5_program`: reads every listed dataset through the ranks, in all ways.
#include "tests/io/files.hpp"

#include <ramal/ramal.hpp>

#include <iostream>

using namespace ramal;

int main(int argc, char** argv) {
  return run(argc, argv, [](Session& session) {
    const auto all = test::manifest();
    for (const test::Listed& one : all) {
      test::with_type(one.type, [&]<class T>() {
        for (const auto& options : test::ways_to_read(one.shape)) {
          if (!test::reads_the_same<T>(session, one, options))
            throw std::runtime_error(one.file + one.dataset + " differs from what h5py reads");
        }
      });
    }
    const auto damaged = read_hdf5<std::int32_t>(test::file("bad_chunk.h5"), "all", {.block_bytes = 1});
    try {
      session.compute(damaged.blocks());
      throw std::runtime_error("a damaged chunk was read");
    } catch (const TaskError& error) {
      std::cout << error.what() << '\n';
    }
    std::cout << all.size() << " datasets: ok on " << session.ranks() << " ranks\n";
  });
}
