// SPDX-License-Identifier: BSD-3-Clause
// Writing blocks into an HDF5 file, by all ranks together.
//
//   session.compute(ramal::write_hdf5("out.h5", "/temperature", blocks,
//                                     {.chunk = {64, 64}, .deflate = 4, .attributes = {{"units", "K"}}}));
//
// The file is published when it is complete: it is written under another name beside it, checked, and
// renamed. Whatever goes wrong before leaves what was there.
#pragma once

#include <ramal/collective.hpp>
#include <ramal/detail/array_state.hpp>
#include <ramal/hdf5.hpp>

#include <variant>

namespace ramal {

/// An attribute's value: text is written as UTF-8 of variable length, a vector as a row, which may be empty.
using Hdf5Value =
    std::variant<std::string, double, std::int64_t, std::vector<double>, std::vector<std::int64_t>>;

/// The coordinate along one dimension, written as a one-dimensional dataset `name` beside the dataset and
/// attached to it as its dimension scale, which netCDF-4, h5py and xarray know.
struct Hdf5Scale {
  std::string name = {};            ///< empty: this dimension has none
  std::vector<double> values = {};  ///< one per index; empty: 0, 1, 2, …
  std::string units = {};           ///< empty: none
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& values& units;
  }
};

/// What of a dataset and its file is wanted. Sizes are in elements but where a name says bytes.
struct Hdf5WriteOptions {
  /// The shape of chunks in the file; empty: none, the elements lie in one piece. Needed for deflate.
  Extents chunk = {};
  /// Compression level, 1 to 9; 0: none. Bytes are shuffled first.
  int deflate = 0;
  /// The dataset's attributes, by name.
  std::map<std::string, Hdf5Value> attributes = {};
  /// The coordinates along each dimension, the slowest first; there may be fewer than dimensions.
  std::vector<Hdf5Scale> dimension_scales = {};
  /// The shape of the whole dataset; empty: what the blocks cover. They must cover it exactly, without
  /// overlaps.
  Extents shape = {};
  /// Add to the file of that name, if there is one, and keep what it holds. Costs a copy of it. Otherwise
  /// the file is replaced.
  bool keep_file = false;
  /// Objects of at least 64 KiB begin at multiples of so many bytes: a file system's stripe. 0: anywhere.
  std::uint64_t alignment_bytes = 0;
  /// Hints for MPI-IO, such as {"striping_factor", "8"} and {"cb_nodes", "4"}. MPI ignores those it does not
  /// know.
  std::map<std::string, std::string> hints = {};

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& chunk& deflate& attributes& dimension_scales& shape& keep_file& alignment_bytes& hints;
  }
};

namespace detail {

/// A block without its type.
struct Hdf5Piece {
  const void* memory;
  Extents offset;
  Extents shape;
};
/// Writes all ranks' pieces as one dataset. Collective over the communicator. Throws on all ranks or none, as
/// Communicator::agree does: Hdf5Error where it failed.
void write_hdf5_pieces(Communicator& communicator, const std::vector<Hdf5Piece>& mine, const Hdf5Type& type,
                       const std::string& file, const std::string& dataset, const Hdf5WriteOptions& options);
/// Throws std::invalid_argument for options that cannot be meant, before anything is planned.
void check_hdf5_write(const std::string& file, const std::string& dataset, const Hdf5WriteOptions& options);

template <class T>
void write_hdf5_blocks(Communicator& communicator, Inputs<Block<T>> mine, const std::string& file,
                       const std::string& dataset, const Hdf5WriteOptions& options) {
  std::vector<Hdf5Piece> pieces;
  for (const Block<T>& block : mine) pieces.push_back({block.data(), block.offset(), block.shape()});
  write_hdf5_pieces(communicator, pieces, Hdf5TypeOf<T>::make(), file, dataset, options);
}

}  // namespace detail

/// A task that writes these blocks, a range of Delayed<Block<T>>, as one dataset of one file that all ranks
/// see under this path. It is a collective task (see `collective`): each rank writes the blocks that lie on
/// it, through MPI-IO, or in turn where ranks are not processes of MPI. Groups on the dataset's path are
/// made.
///
/// The task fails on all ranks, naming file and dataset, if the blocks do not cover a rectangle exactly, if
/// the file cannot be written, the disk is full, a file that is kept has such a dataset already, or another
/// job writes it at this moment (its unfinished copy, FILE.part, is there; after a killed job it has to be
/// removed by hand). The session lives on, and an
/// older file is left as it was. Throws std::invalid_argument, now, for options that cannot be meant: a
/// deflate level out of 0 to 9 or without chunks, chunks of no elements, no file name, or a dataset without a
/// name.
///
/// Like any task it runs when it is computed or persisted: once for each `compute` that needs it. It has no
/// result, but tasks may wait for it: one that takes its handle as an argument starts when the file is there.
///
///   session.compute(ramal::write_hdf5("a.h5", "/t", blocks));                            // a new file
///   session.compute(ramal::write_hdf5("a.h5", "/u", others, {.keep_file = true}));       // a second dataset
template <class Blocks>
Delayed<void> write_hdf5(const std::string& file, const std::string& dataset, const Blocks& blocks,
                         const Hdf5WriteOptions& options = {},
                         std::source_location where = std::source_location::current()) {
  using T = typename std::decay_t<decltype(*std::begin(blocks))>::value_type::value_type;
  detail::check_hdf5_write(file, dataset, options);
  return collective<&detail::write_hdf5_blocks<T>>.annotate({.name = "write " + dataset})(
      blocks, file, dataset, options, where);
}

/// The same of an array (<ramal/array.hpp>), as it is cut.
///
///   session.compute(ramal::write_hdf5("a.h5", "/rms", sqrt(a * a + b * b), {.attributes = {{"units",
///   "K"}}}));
template <class T, class Node>
Delayed<void> write_hdf5(const std::string& file, const std::string& dataset, const Array<T, Node>& array,
                         const Hdf5WriteOptions& options = {},
                         std::source_location where = std::source_location::current()) {
  return write_hdf5(file, dataset, array.blocks(where).members(), options, where);
}

}  // namespace ramal
