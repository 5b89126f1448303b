// SPDX-License-Identifier: BSD-3-Clause
// Functions of blocks whose results hang on where in the array they are. make_corpus.py's side of each is a
// loop over the whole array; see corpus_blocks.py.
#include "corpus.hpp"

#include <ramal/array_along.hpp>
#include <ramal/array_overlap.hpp>

namespace corpus {

namespace {

/// What sums of T are made in: whole numbers wrap around.
template <class T>
using Wrapping = std::conditional_t<std::integral<T>, std::uint64_t, T>;

/// A sum of the elements around each, of which each has a weight of its own; what is not there counts
/// nothing.
template <class T>
struct AroundLine {
  std::int64_t depth;
  void operator()(ramal::View<const T, 1> in, ramal::View<T, 1> out) const {
    for (std::int64_t i = 0; i < out.length(0); ++i) {
      Wrapping<T> sum = 0;
      for (std::int64_t k = -depth; k <= depth; ++k)
        if (i + k >= in.low(0) && i + k < in.high(0))
          sum += static_cast<Wrapping<T>>(k + depth + 1) * static_cast<Wrapping<T>>(in(i + k));
      out(i) = static_cast<T>(sum);
    }
  }
};
/// The same of a matrix, with another depth along each axis.
template <class T>
struct AroundMatrix {
  std::int64_t rows, columns;
  void operator()(ramal::View<const T, 2> in, ramal::View<T, 2> out) const {
    for (std::int64_t i = 0; i < out.length(0); ++i)
      for (std::int64_t j = 0; j < out.length(1); ++j) out(i, j) = static_cast<T>(sum(in, i, j));
  }
  Wrapping<T> sum(const ramal::View<const T, 2>& in, std::int64_t i, std::int64_t j) const {
    Wrapping<T> sum = 0, weight = 0;
    for (std::int64_t r = i - rows; r <= i + rows; ++r) {
      for (std::int64_t c = j - columns; c <= j + columns; ++c) {
        weight += 1;
        if (r >= in.low(0) && r < in.high(0) && c >= in.low(1) && c < in.high(1))
          sum += weight * static_cast<Wrapping<T>>(in(r, c));
      }
    }
    return sum;
  }
};
/// What lies `depth` ahead in one array, less what lies as far behind in another.
template <class T>
struct Apart {
  std::int64_t depth;
  void operator()(ramal::View<const T, 1> ahead, ramal::View<const T, 1> behind,
                  ramal::View<T, 1> out) const {
    for (std::int64_t i = 0; i < out.length(0); ++i)
      out(i) = static_cast<T>(static_cast<Wrapping<T>>(ahead(i + depth)) -
                              static_cast<Wrapping<T>>(behind(i - depth)));
  }
};
ramal::OverlapOptions overlap_of(const Call& c, std::size_t axes) {
  std::vector<std::int64_t> depths;
  std::vector<ramal::Boundary> boundaries;
  for (std::size_t d = 0; d < axes; ++d) {
    depths.push_back(c.number(d));
    boundaries.push_back(static_cast<ramal::Boundary>(c.number(axes + d)));
  }
  return {.depth = ramal::PerAxis<std::int64_t>(depths),
          .boundary = ramal::PerAxis<ramal::Boundary>(boundaries),
          .value = c.fractions.at(0)};
}

/// Each element and the sum of its indices in the whole array, of which each has a weight.
template <class T>
ramal::Block<T> with_place(ramal::Block<T> block) {
  for (std::size_t number = 0; number < block.size(); ++number) {
    std::size_t left = number;
    std::uint64_t sum = 0;
    for (std::size_t d = block.dimensions(); d-- > 0; left /= block.shape()[d])
      sum += (block.offset()[d] + left % block.shape()[d]) * (d + 1);
    T& element = block.data()[number];
    element = static_cast<T>(static_cast<Wrapping<T>>(element) + static_cast<Wrapping<T>>(sum));
  }
  return block;
}
template <class T>
ramal::Block<T> first_less_second(const ramal::Block<T>& one, ramal::Block<T> other) {
  for (std::size_t i = 0; i < one.size(); ++i)
    other.data()[i] =
        static_cast<T>(static_cast<Wrapping<T>>(one.data()[i]) - static_cast<Wrapping<T>>(other.data()[i]));
  return other;
}
template <class T>
T weighted_sum(std::span<const T> line) {
  Wrapping<T> sum = 0, weight = 0;
  for (const T& one : line) sum += (weight += 1) * static_cast<Wrapping<T>>(one);
  return static_cast<T>(sum);
}
/// The line over and over, backwards.
template <class T>
void backwards(std::span<const T> line, std::span<T> to) {
  for (std::size_t i = 0; i < to.size() && !line.empty(); ++i)
    to[i] = line[line.size() - 1 - i % line.size()];
}

}  // namespace

void add_blocks(Operations& all) {
  auto& to = all.functions;
#define ADD(name, expression)                                                  \
  to[name] = of_types<std::int64_t, double>([](const auto& a, const Call& c) { \
    using T = typename std::remove_cvref_t<decltype(a)>::value_type;           \
    static_cast<void>(c);                                                      \
    return expression;                                                         \
  })
  ADD("around_line", ramal::map_overlap(AroundLine<T>{c.number(0)}, overlap_of(c, 1), a));
  ADD("around_matrix", ramal::map_overlap(AroundMatrix<T>{c.number(0), c.number(1)}, overlap_of(c, 2), a));
  ADD("apart", ramal::map_overlap(Apart<T>{c.number(0)}, overlap_of(c, 1), a, c.array<T>(1)));
  ADD("with_place", ramal::map_blocks<with_place<T>>(a));
  ADD("first_less_second", ramal::map_blocks<first_less_second<T>>(a, c.array<T>(1)));
  ADD("weighted_sum", ramal::apply_along_axis<weighted_sum<T>>(a, c.number(0)));
  ADD("backwards", ramal::apply_along_axis<backwards<T>>(a, c.number(0), c.number(1)));
#undef ADD
}

}  // namespace corpus
