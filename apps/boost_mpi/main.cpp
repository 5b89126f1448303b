// SPDX-License-Identifier: BSD-3-Clause
// Ramal within a program of Boost.MPI: a plate cut into strips conducts heat with messages between
// neighbours, Ramal has it radiate, whose cost differs from tile to tile, and the program goes on.
//
//   mpirun -n 3 boost_mpi [ROWS [COLUMNS]]
#include "plate.hpp"

#include <ramal/boost_mpi.hpp>
#include <ramal/ramal.hpp>

#include <boost/serialization/export.hpp>

#include <iostream>

BOOST_CLASS_EXPORT(plate::Metal)
BOOST_CLASS_EXPORT(plate::Foam)

namespace {

using namespace plate;
namespace mpi = boost::mpi;

// --- with Boost.MPI, as before --------------------------------------------------------------------------

/// Rows of each rank: as even as can be. Ranks beyond the rows have none, and stay out of it.
int first_row_of(int rank, int ranks, int rows) { return static_cast<int>(long{rows} * rank / ranks); }

void conduct(const mpi::communicator& strips, Strip& strip, int steps) {
  const int up = strips.rank() - 1;
  const int down = strips.rank() + 1 == strips.size() ? -1 : strips.rank() + 1;
  for (int step = 0; step < steps; ++step) {
    std::vector<Cell> top = strip.row(0), bottom = strip.row(strip.rows - 1);
    std::vector<Cell> above = top, below = bottom;
    std::vector<mpi::request> requests;
    if (up >= 0) {
      requests.push_back(strips.irecv(up, step, above));
      requests.push_back(strips.isend(up, step, top));
    }
    if (down >= 0) {
      requests.push_back(strips.irecv(down, step, below));
      requests.push_back(strips.isend(down, step, bottom));
    }
    mpi::wait_all(requests.begin(), requests.end());
    plate::conduct(strip, above, below);
  }
}

// --- with Ramal -----------------------------------------------------------------------------------------

constexpr int rows_of_tile = 4;

Strip tile(const Strip& strip, int first) {
  const int rows = std::min(rows_of_tile, strip.rows - first);
  Strip made{strip.first_row + first, rows, strip.columns, strip.material, {}};
  const auto from = strip.cells.begin() + first * strip.columns;
  made.cells.assign(from, from + rows * strip.columns);
  return made;
}
Strip radiated(Strip tile) {
  for (Cell& cell : tile.cells) radiate(cell);
  return tile;
}
Strip joined(const Strip& strip, ramal::Inputs<Strip> tiles) {
  Strip whole{strip.first_row, strip.rows, strip.columns, strip.material, {}};
  for (const Strip& tile : tiles) whole.cells.insert(whole.cells.end(), tile.cells.begin(), tile.cells.end());
  return whole;
}
int rows_of(const Strip& strip) { return strip.rows; }

/// A routine of the program's, which takes the communicator that it always took.
double hottest(const mpi::communicator& communicator, ramal::Inputs<Strip> mine) {
  double most = 0;
  for (const Strip& strip : mine) {
    for (const Cell& cell : strip.cells) most = std::max(most, cell.temperature);
  }
  return mpi::all_reduce(communicator, most, mpi::maximum<double>());
}

int radiate_all(const mpi::communicator& strips, Strip& own) {
  ramal::Locals locals;
  locals.put("strip", std::move(own));
  const int status = ramal::run(strips, locals, [](ramal::Session& session) {
    const auto before = session.from_local<Strip>("strip");
    const auto rows = session.compute(ramal::map<rows_of>(before));
    std::vector<ramal::Delayed<Strip>> after;
    for (std::size_t rank = 0; rank < before.size(); ++rank) {
      std::vector<ramal::Delayed<Strip>> tiles;
      for (int first = 0; first < rows[rank]; first += rows_of_tile)
        tiles.push_back(ramal::delayed<radiated>(ramal::delayed<tile>(before[rank], first)));
      after.push_back(ramal::delayed<joined>(before[rank], tiles));
    }
    session.persist(after);
    const double most = session.compute(ramal::collective<hottest>(after));
    std::cout << "hottest after radiation: " << most << '\n';
    session.to_local("strip", after);
  });
  if (status == 0) own = locals.take<Strip>("strip");
  return status;
}

// --- and without either ---------------------------------------------------------------------------------

/// Of all cells, how many a plain loop over the whole plate finds otherwise.
int differing(const std::vector<Strip>& strips, int rows, int columns, int steps) {
  Strip whole = plate::strip(0, rows, columns, strips[0].material);
  const auto conduct_alone = [&] {
    for (int step = 0; step < steps; ++step) plate::conduct(whole, whole.row(0), whole.row(rows - 1));
  };
  conduct_alone();
  for (Cell& cell : whole.cells) radiate(cell);
  conduct_alone();
  int wrong = 0;
  for (const Strip& strip : strips) {
    for (int row = 0; row < strip.rows; ++row) {
      for (int column = 0; column < columns; ++column)
        wrong += strip.at(row, column).temperature != whole.at(strip.first_row + row, column).temperature;
    }
  }
  return wrong;
}

}  // namespace

int main(int argc, char** argv) {
  mpi::environment environment(argc, argv, mpi::threading::serialized);
  mpi::communicator world;
  const int rows = argc > 1 ? std::atoi(argv[1]) : 61;
  const int columns = argc > 2 ? std::atoi(argv[2]) : 47;
  if (rows < 1 || columns < 1) {
    if (world.rank() == 0) std::cerr << "boost_mpi: expected numbers of rows and columns from 1\n";
    return 2;
  }
  constexpr int steps = 10;

  const int first = first_row_of(world.rank(), world.size(), rows);
  const int own_rows = first_row_of(world.rank() + 1, world.size(), rows) - first;
  const mpi::communicator strips = world.split(own_rows > 0 ? 0 : 1);
  if (own_rows == 0) return 0;

  // One rank decides what the plate is made of.
  std::shared_ptr<Material> material;
  if (strips.rank() == 0) material = std::make_shared<Foam>(0.002);
  mpi::broadcast(strips, material, 0);

  Strip own = plate::strip(first, own_rows, columns, material);
  conduct(strips, own, steps);
  if (const int status = radiate_all(strips, own); status != 0) return status;
  conduct(strips, own, steps);

  std::vector<Strip> all;
  mpi::gather(strips, own, all, 0);
  if (strips.rank() != 0) return 0;
  const int wrong = differing(all, rows, columns, steps);
  std::cout << wrong << " of " << rows * columns << " cells differ from those of a plain loop\n";
  return wrong == 0 ? 0 : 1;
}
