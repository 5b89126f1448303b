// SPDX-License-Identifier: BSD-3-Clause
// The heated plate: -Δu = 1 on the unit square, 0 on its edges, by central differences at size x size inner
// points, in slabs of rows. Solved by conjugate gradients (Hestenes and Stiefel, 1952), one loop of families.
#pragma once

#include <ramal/ramal.hpp>

namespace poisson {

using Field = ramal::Block<double>;  ///< rows x columns of the plate
using ramal::Index;
using ramal::Inputs;

/// u at the centre, from the series of sines.
inline constexpr double at_centre = 0.0736713532814;

struct Plate {
  std::int64_t size;   ///< inner points in each direction
  std::int64_t slabs;  ///< at most as many

  std::int64_t first_row(std::int64_t slab) const { return slab * size / slabs; }
  double source() const { return 1.0 / static_cast<double>((size + 1) * (size + 1)); }
};

inline Field filled(std::int64_t rows, std::int64_t columns, double value) {
  return Field::filled({static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(columns)}, value);
}
inline long number_of(long slab) { return slab; }
inline Field right_side(long slab, const Plate& plate) {
  return filled(plate.first_row(slab + 1) - plate.first_row(slab), plate.size, plate.source());
}
inline Field zero_like(const Field& field) { return Field::filled(field.shape(), 0.0); }
/// What neighbours need of a slab: its first row and its last.
inline Field borders(const Field& field) {
  const auto rows = field.shape()[0], columns = field.shape()[1];
  Field both({2, columns});
  std::copy_n(field.begin(), columns, both.data());
  std::copy_n(field.begin() + static_cast<std::ptrdiff_t>((rows - 1) * columns), columns,
              both.data() + columns);
  return both;
}

/// 4 u - those around it. Null rows are the plate's edge.
inline void apply_rows(const double* u, std::size_t rows, std::size_t columns, const double* above,
                       const double* below, double* out) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double* here = u + i * columns;
    const double* up = i > 0 ? here - columns : above;
    const double* down = i + 1 < rows ? here + columns : below;
    double* to = out + i * columns;
    for (std::size_t j = 0; j < columns; ++j) to[j] = 4 * here[j];
    for (std::size_t j = 1; j < columns; ++j) to[j] -= here[j - 1];
    for (std::size_t j = 0; j + 1 < columns; ++j) to[j] -= here[j + 1];
    if (up != nullptr)
      for (std::size_t j = 0; j < columns; ++j) to[j] -= up[j];
    if (down != nullptr)
      for (std::size_t j = 0; j < columns; ++j) to[j] -= down[j];
  }
}
inline double dot_rows(const double* a, const double* b, std::size_t size) {
  double sums[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8)
    for (std::size_t k = 0; k < 8; ++k) sums[k] += a[i + k] * b[i + k];
  for (; i < size; ++i) sums[0] += a[i] * b[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}
inline void add_scaled_rows(double* a, double factor, const double* b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) a[i] += factor * b[i];
}
inline void scale_and_add_rows(double* a, double factor, const double* b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) a[i] = factor * a[i] + b[i];
}

/// The slab's own, and its neighbours' borders, the upper one's first.
inline Field apply(Index slab, const Field& own, Inputs<Field> neighbours) {
  Field out(own.shape());
  const auto columns = own.shape()[1];
  const bool has_above = slab[0] > 0, has_below = neighbours.size() > (has_above ? 1u : 0u);
  apply_rows(own.data(), own.shape()[0], columns, has_above ? neighbours[0].data() + columns : nullptr,
             has_below ? neighbours[neighbours.size() - 1].data() : nullptr, out.data());
  return out;
}
inline double dot(const Field& a, const Field& b) { return dot_rows(a.data(), b.data(), a.size()); }
inline double square(const Field& a) { return dot(a, a); }
inline Field add_scaled(Field a, double factor, const Field& b) {
  add_scaled_rows(a.data(), factor, b.data(), a.size());
  return a;
}
inline Field subtract_scaled(Field a, double factor, const Field& b) {
  return add_scaled(std::move(a), -factor, b);
}
inline Field scale_and_add(Field a, double factor, const Field& b) {
  scale_and_add_rows(a.data(), factor, b.data(), a.size());
  return a;
}
inline double plus(double a, double b) { return a + b; }
inline double divide(double a, double b) { return a / b; }
inline long one_more(long count) { return count + 1; }
inline bool is_below(double squares, double tolerance, double first) {
  return squares <= tolerance * tolerance * first;
}

/// Reads its own place of the first source, and of the second those above and below.
struct OwnAndNeighbours {
  std::int64_t slabs;
  void operator()(const Index& slab, ramal::Reads& reads) const {
    reads(0, slab);
    if (slab[0] > 0) reads(1, slab[0] - 1);
    if (slab[0] + 1 < slabs) reads(1, slab[0] + 1);
  }
};
inline ramal::Family<Field> applied(const ramal::Family<Field>& field) {
  return ramal::family<apply>.with({.reach = Index(1)})(field.extent(), OwnAndNeighbours{field.size()}, field,
                                                        ramal::map<borders>(field));
}

struct Solution {
  ramal::Family<Field> u;
  ramal::Delayed<double> squares;  ///< of the residual
  ramal::Delayed<double> first_squares;
  ramal::Delayed<long> steps;
};

/// Until the residual is `tolerance` times the first one, or for so many steps.
inline Solution solve(const Plate& plate, double tolerance, std::int64_t most_steps) {
  using Fields = ramal::Family<Field>;
  using Number = ramal::Delayed<double>;
  const auto b = ramal::map<right_side>(ramal::family<number_of>(plate.slabs), plate);
  const Number first = ramal::reduce<plus>(ramal::map<square>(b));
  const auto [u, residual, direction, squares, steps] = ramal::iterate(
      most_steps,
      [&](Fields u, Fields r, Fields p, Number rr, ramal::Delayed<long> steps) {
        const Fields q = applied(p);
        const Number alpha = ramal::delayed<divide>(rr, ramal::reduce<plus>(ramal::map<dot>(p, q)));
        const Fields next_r = ramal::map<subtract_scaled>(r, alpha, q);
        const Number next_rr = ramal::reduce<plus>(ramal::map<square>(next_r));
        return ramal::next(ramal::map<add_scaled>(u, alpha, p), next_r,
                           ramal::map<scale_and_add>(p, ramal::delayed<divide>(next_rr, rr), next_r), next_rr,
                           ramal::delayed<one_more>(steps))
            .until(ramal::delayed<is_below>(next_rr, tolerance, first));
      },
      ramal::map<zero_like>(b), b, b, first, 0L);
  return {u, squares, first, steps};
}

}  // namespace poisson
