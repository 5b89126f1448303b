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

#include <functional>
#include <optional>
#include <variant>

namespace ramal {

/// An attribute's value: text is written as UTF-8 of variable length, a vector as a row, which may be empty.
using Hdf5Value =
    std::variant<std::string, double, std::int64_t, std::vector<double>, std::vector<std::int64_t>>;

/// The coordinate along one dimension, written as a one-dimensional dataset `name` beside the dataset and
/// attached to it as its dimension scale, which netCDF-4, h5py and xarray know.
struct Hdf5Scale {
  std::string name = {};                             ///< empty: this dimension has none
  std::vector<double> values = {};                   ///< one per index; empty: 0, 1, 2, …
  std::string units = {};                            ///< empty: none
  std::map<std::string, Hdf5Value> attributes = {};  ///< further ones, such as `calendar`
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& values& units& attributes;
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
  /// The axis along which elements may be appended later. It needs chunks: without `chunk` such of about a
  /// MiB. The axis' dimension scale may grow, too.
  std::optional<std::int64_t> unlimited_axis = {};

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& chunk& deflate& attributes& dimension_scales& shape& keep_file& alignment_bytes& hints&
        unlimited_axis;
  }
};
/// What of a file with several datasets is wanted; as in Hdf5WriteOptions.
struct Hdf5FileOptions {
  std::map<std::string, Hdf5Value> attributes = {};  ///< of the whole file, that is of its root group
  bool keep_file = false;
  std::uint64_t alignment_bytes = 0;
  std::map<std::string, std::string> hints = {};

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& attributes& keep_file& alignment_bytes& hints;
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
/// One of several datasets: what it is, and this rank's pieces of it.
struct Hdf5Job {
  std::string dataset = {};
  Hdf5Type type = {};
  Hdf5WriteOptions options = {};  ///< those of files do not count
  std::vector<Hdf5Piece> mine = {};
  template <class Archive>
  void serialize(Archive& archive, unsigned) {  // without the pieces, which have addresses
    archive& dataset& type& options;
  }
};
/// The same of several, into one file.
void write_hdf5_jobs(Communicator& communicator, const std::vector<Hdf5Job>& jobs, const std::string& file,
                     const Hdf5FileOptions& options);
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

namespace detail {

/// A block of any type, to be written.
struct Hdf5AnyBlock {
  std::uint32_t entry = 0;
  Extents shape = {}, offset = {};
  Block<std::byte> memory = {};
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& entry& shape& offset& memory;
  }
};
/// A block whose last use this is keeps its memory; another is copied.
template <class T>
Hdf5AnyBlock any_block(Block<T> block, std::uint32_t entry) {
  const auto owner = std::make_shared<Block<T>>(std::move(block));
  return {entry, owner->shape(), owner->offset(),
          Block<std::byte>::wrap(reinterpret_cast<std::byte*>(owner->data()), {owner->size() * sizeof(T)}, {},
                                 owner)};
}
void write_hdf5_entries(Communicator& communicator, Inputs<Hdf5AnyBlock> mine, const std::string& file,
                        const std::vector<Hdf5Job>& jobs, const Hdf5FileOptions& options);

}  // namespace detail

/// One of several datasets of a file: its path, an array or a range of Delayed<Block<T>>, and options, of
/// which those of the file do not count.
class Hdf5Entry {
 public:
  template <class T, class Node>
  Hdf5Entry(std::string dataset, const Array<T, Node>& array, Hdf5WriteOptions options = {},
            std::source_location where = std::source_location::current())
      : Hdf5Entry(std::move(dataset), array.blocks(where).members(), std::move(options), where) {}
  template <class T>
  Hdf5Entry(std::string dataset, std::vector<Delayed<Block<T>>> blocks, Hdf5WriteOptions options = {},
            std::source_location where = std::source_location::current())
      : job_{std::move(dataset), detail::Hdf5TypeOf<T>::make(), std::move(options), {}},
        add_blocks_([blocks = std::move(blocks), where](std::uint32_t entry,
                                                        std::vector<Delayed<detail::Hdf5AnyBlock>>& to) {
          for (const Delayed<Block<T>>& block : blocks)
            to.push_back(delayed<&detail::any_block<T>>(block, entry, where));
        }) {}
  /// For Ramal's own use.
  const detail::Hdf5Job& job() const { return job_; }
  void add_blocks(std::uint32_t entry, std::vector<Delayed<detail::Hdf5AnyBlock>>& to) const {
    add_blocks_(entry, to);
  }

 private:
  detail::Hdf5Job job_;
  std::function<void(std::uint32_t, std::vector<Delayed<detail::Hdf5AnyBlock>>&)> add_blocks_;
};

/// A task that writes several datasets, of any types, into one file, which is there with all of them or not
/// at all. Datasets may share dimension scales, by name: the first one's values count. Otherwise as the
/// write_hdf5 of one dataset; blocks that others need, too, or that are persisted, are copied once where they
/// lie.
///
///   session.compute(ramal::write_hdf5("out.nc", {{"/t", t, {.dimension_scales = {time, lat, lon}}},
///                                                {"/mask", mask, {.dimension_scales = {{}, lat, lon}}}},
///                                     {.attributes = {{"Conventions", "CF-1.8"}}}));
inline Delayed<void> write_hdf5(const std::string& file, const std::vector<Hdf5Entry>& entries,
                                const Hdf5FileOptions& options = {},
                                std::source_location where = std::source_location::current()) {
  std::vector<detail::Hdf5Job> jobs;
  std::vector<Delayed<detail::Hdf5AnyBlock>> parts;
  for (const Hdf5Entry& entry : entries) {
    detail::check_hdf5_write(file, entry.job().dataset, entry.job().options);
    entry.add_blocks(static_cast<std::uint32_t>(jobs.size()), parts);
    jobs.push_back(entry.job());
  }
  if (jobs.empty())
    throw std::invalid_argument("ramal: write_hdf5: " + file + ": expected at least one dataset");
  return collective<&detail::write_hdf5_entries>.annotate({.name = "write " + file})(parts, file, jobs,
                                                                                     options, where);
}

}  // namespace ramal
