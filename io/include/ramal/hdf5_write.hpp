// SPDX-License-Identifier: BSD-3-Clause
// Writing blocks into an HDF5 file, by all ranks together.
//
//   session.compute(ramal::write_hdf5("out.h5", "/temperature", blocks,
//                                     {.chunk = {64, 64}, .deflate = 4, .attributes = {{"units", "K"}}}));
//
// The file is published when it is complete: it is written under another name beside it, checked, and
// renamed. Whatever goes wrong before leaves what was there.
#pragma once

#include <ramal/detail/hdf5_by_blocks.hpp>
#include <ramal/hdf5.hpp>

#include <functional>

namespace ramal {

namespace detail {

/// Throws std::invalid_argument for options that cannot be meant, before anything is planned.
void check_hdf5_write(const std::string& file, const std::string& dataset, const Hdf5WriteOptions& options);
/// The same for an array's options, whose shape is the array's from then on.
void set_hdf5_shape(const std::string& dataset, const Extents& shape, Hdf5WriteOptions& options);

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
/// removed by hand). The session lives on, and an older file is left as it was. Throws std::invalid_argument,
/// now, for options that cannot be meant: a deflate level out of 0 to 9 or without chunks, chunks of no
/// elements, no file name, or a dataset without a name.
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

/// One of several datasets of a file: its path, an array or a range of Delayed<Block<T>>, and options, of
/// which those of the file do not count. Throws std::invalid_argument for a shape in the options that is not
/// the array's.
class Hdf5Entry {
 public:
  template <class T, class Node>
  Hdf5Entry(std::string dataset, const Array<T, Node>& array, Hdf5WriteOptions options = {},
            std::source_location where = std::source_location::current())
      : job_{std::move(dataset), detail::Hdf5TypeOf<T>::make(), std::move(options), {}} {
    detail::set_hdf5_shape(job_.dataset, array.shape(), job_.options);
    job_.is_array = true;
    const auto evaluated = array.evaluated(where);
    const Family<Block<T>> blocks = evaluated.blocks(where);
    writer_ = detail::block_writer(blocks, job_.dataset, where);
    lists_ = [blocks, axes = evaluated.state().axes, where](std::uint64_t entry) {
      return detail::gathered_blocks(blocks, axes, entry, where);
    };
  }
  template <class T>
  Hdf5Entry(std::string dataset, std::vector<Delayed<Block<T>>> blocks, Hdf5WriteOptions options = {},
            std::source_location where = std::source_location::current())
      : job_{std::move(dataset), detail::Hdf5TypeOf<T>::make(), std::move(options), {}},
        lists_([blocks = std::move(blocks), where](std::uint64_t entry) {
          std::vector<Delayed<detail::Hdf5Blocks>> lists;
          for (const Delayed<Block<T>>& block : blocks)
            lists.push_back(delayed<&detail::only_block<T>>(block, entry, where));
          return lists;
        }) {}
  /// For Ramal's own use.
  const detail::Hdf5Job& job() const { return job_; }
  /// Writes the blocks of an array one by one; empty if there are handles.
  const detail::Hdf5BlockWriter& writer() const { return writer_; }
  /// Handles to lists of all blocks.
  std::vector<Delayed<detail::Hdf5Blocks>> lists(std::uint64_t entry) const { return lists_(entry); }

 private:
  detail::Hdf5Job job_;
  detail::Hdf5BlockWriter writer_;
  std::function<std::vector<Delayed<detail::Hdf5Blocks>>(std::uint64_t entry)> lists_;
};

/// A task that writes several datasets, of any types, into one file, which is there with all of them or not
/// at all. Datasets may share dimension scales, by name: the first one's values count. If all are arrays
/// whose elements lie in one piece each, in a new file without hints, they are written block by block, as one
/// is (below). Else all ranks write together. Blocks of handles that others need, too, or that are persisted,
/// are copied once where they lie.
///
///   session.compute(ramal::write_hdf5("out.nc", {{"/t", t, {.dimension_scales = {time, lat, lon}}},
///                                                {"/mask", mask, {.dimension_scales = {{}, lat, lon}}}},
///                                     {.attributes = {{"Conventions", "CF-1.8"}}}));
Delayed<void> write_hdf5(const std::string& file, const std::vector<Hdf5Entry>& entries,
                         const Hdf5FileOptions& options = {},
                         std::source_location where = std::source_location::current());

/// A task that writes an array (<ramal/array.hpp>) as one dataset, as it is cut. It costs rank 0 the same
/// however many blocks there are.
///
/// Elements of a new file that lie in one piece, without `chunk` and `unlimited_axis`, are written block by
/// block, each where it is made, straight to its place: so an array that is larger than memory is written
/// within RAMAL_MEMORY_BYTES. Until it is complete the file stands as FILE.part.*. A handle writes once,
/// however often it is computed. What one that failed has written is removed when its handle is gone, by the
/// next call of the session.
///
/// In chunks, with `hints`, and into a file that is kept, all ranks write together as with handles, when all
/// blocks are there: each rank then holds its share.
///
/// Fails as with handles. Throws std::invalid_argument, now, as with handles and for a `shape` that is not
/// the array's.
///
///   session.compute(ramal::write_hdf5("a.h5", "/rms", sqrt(a * a + b * b), {.attributes = {{"units",
///   "K"}}}));
template <class T, class Node>
Delayed<void> write_hdf5(const std::string& file, const std::string& dataset, const Array<T, Node>& array,
                         const Hdf5WriteOptions& options = {},
                         std::source_location where = std::source_location::current()) {
  return write_hdf5(
      file, {Hdf5Entry(dataset, array, options, where)},
      {.keep_file = options.keep_file, .alignment_bytes = options.alignment_bytes, .hints = options.hints},
      where);
}

}  // namespace ramal
