// SPDX-License-Identifier: BSD-3-Clause
// What of HDF5 files that are written can be chosen; see <ramal/hdf5_write.hpp>.
#pragma once

#include <ramal/block.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

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

}  // namespace ramal
