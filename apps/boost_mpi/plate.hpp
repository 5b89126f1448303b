// SPDX-License-Identifier: BSD-3-Clause
// A plate of cells cut into strips of rows, one for each rank, as a program with Boost.MPI has it.
#pragma once

#include <boost/mpi.hpp>
#include <boost/serialization/base_object.hpp>
#include <boost/serialization/shared_ptr.hpp>
#include <boost/serialization/vector.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

namespace plate {

/// What cells are made of. Strips share one, and travel with it.
class Material {
 public:
  virtual ~Material() = default;
  /// Share of a difference in temperature that crosses to a neighbour in one step; below 0.25.
  virtual double conductivity(double temperature) const = 0;

 private:
  friend class boost::serialization::access;
  template <class Archive>
  void serialize(Archive&, unsigned) {}
};
class Metal final : public Material {
 public:
  double conductivity(double) const override { return 0.2; }

 private:
  friend class boost::serialization::access;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& boost::serialization::base_object<Material>(*this);
  }
};
/// Conducts less where it is hot.
class Foam final : public Material {
 public:
  Foam() = default;
  explicit Foam(double decay) : decay_(decay) {}
  double conductivity(double temperature) const override { return 0.1 / (1 + decay_ * temperature); }

 private:
  friend class boost::serialization::access;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& boost::serialization::base_object<Material>(*this) & decay_;
  }
  double decay_ = 0;
};

struct Cell {
  double temperature = 0;
  double emissivity = 0;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& temperature& emissivity;
  }
};

/// Some rows of the plate, without those of the neighbours.
struct Strip {
  int first_row = 0;
  int rows = 0;
  int columns = 0;
  std::shared_ptr<Material> material;
  std::vector<Cell> cells;

  const Cell& at(int row, int column) const {
    return cells[static_cast<std::size_t>(row * columns + column)];
  }
  std::vector<Cell> row(int row) const {
    return {cells.begin() + row * columns, cells.begin() + (row + 1) * columns};
  }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& first_row& rows& columns& material& cells;
  }
};

inline Cell initial(int row, int column) {
  return {300 + 200 * std::sin(0.11 * row) * std::cos(0.07 * column), 0.1 + 0.01 * ((row + 3 * column) % 17)};
}
inline Strip strip(int first_row, int rows, int columns, std::shared_ptr<Material> material) {
  Strip made{first_row, rows, columns, std::move(material), {}};
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) made.cells.push_back(initial(first_row + row, column));
  }
  return made;
}

/// One step of conduction. `above` and `below` are the neighbours' rows; where the plate ends, its own.
inline void conduct(Strip& strip, const std::vector<Cell>& above, const std::vector<Cell>& below) {
  std::vector<Cell> after = strip.cells;
  const auto temperature = [&](int row, int column) {
    const auto c = static_cast<std::size_t>(std::clamp(column, 0, strip.columns - 1));
    if (row < 0) return above[c].temperature;
    if (row == strip.rows) return below[c].temperature;
    return strip.at(row, static_cast<int>(c)).temperature;
  };
  for (int row = 0; row < strip.rows; ++row) {
    for (int column = 0; column < strip.columns; ++column) {
      const double own = temperature(row, column);
      const double around = temperature(row - 1, column) + temperature(row + 1, column) +
                            temperature(row, column - 1) + temperature(row, column + 1);
      after[static_cast<std::size_t>(row * strip.columns + column)].temperature +=
          strip.material->conductivity(own) * (around - 4 * own);
    }
  }
  strip.cells = std::move(after);
}

/// The cell's temperature after it has radiated for a while, in implicit steps t + e t^4 = before, each
/// solved by bisection to the last bit. Hot cells take more and shorter steps.
inline void radiate(Cell& cell) {
  const int steps = 1 + static_cast<int>(std::max(0.0, cell.temperature - 250) / 20);
  const double emitted = cell.emissivity * 1e-8 / steps;
  for (int step = 0; step < steps; ++step) {
    double low = 0, high = cell.temperature;
    for (double middle = 0.5 * high; low < middle && middle < high; middle = 0.5 * (low + high)) {
      const double square = middle * middle;
      (middle + emitted * square * square < cell.temperature ? low : high) = middle;
    }
    cell.temperature = low;
  }
}

}  // namespace plate

BOOST_IS_MPI_DATATYPE(plate::Cell)
BOOST_SERIALIZATION_ASSUME_ABSTRACT(plate::Material)
