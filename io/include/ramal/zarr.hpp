// SPDX-License-Identifier: BSD-3-Clause
// Zarr stores as arrays: a folder with a file for each chunk, of format 2 or 3. No call is collective: each
// chunk is read or written by the task that needs or has it.
//
//   auto t = ramal::read_zarr<float>("ocean.zarr", "temperature");           // nothing but metadata is read
//   session.compute(ramal::write_zarr("out.zarr", "anomaly", t - t.mean(0),
//                                     {.compressor = "zstd", .dimension_names = {"time", "lat", "lon"}}));
//
// All ranks must see the store under the same path. Everything here may be called in any thread.
//
//   read and written                                  refused by name
//   bool, int8 … uint64, float32, float64,            other types
//     complex64, complex128; in either byte order
//   gzip, zlib (format 2), zstd, blosc, crc32c        other codecs, and those that this build is without
//   order C and F, transpose, shards (read)           filters, shards within shards, other chunk grids
#pragma once

#include <ramal/array.hpp>
#include <ramal/detail/array_file.hpp>

#include <map>
#include <optional>
#include <variant>

namespace ramal {

/// An attribute's value.
using ZarrValue = std::variant<std::string, double, std::int64_t, std::vector<double>,
                               std::vector<std::int64_t>, std::vector<std::string>>;

/// How an array is stored.
struct ZarrWriteOptions {
  int format = 2;  ///< 2 or 3
  /// The chunks in the store. All along an axis have one length, the last may be shorter; others are refused.
  /// Empty: as the array is cut, or regularly, as widely as its widest chunk, where that is not so.
  Chunks chunks = {};
  std::string compressor = {};  ///< `gzip`, `zlib` (format 2 only), `zstd`, `blosc`; empty: none
  int level = -1;               ///< of the compressor; below 0: its usual one
  std::map<std::string, ZarrValue> attributes = {};
  /// A name for each axis, which xarray needs; empty: none.
  std::vector<std::string> dimension_names = {};
  std::string separator = {};  ///< between the numbers of a chunk's name: `.` or `/`; empty: as usual
};

namespace detail {

/// A codec of bytes.
struct ZarrCodec {
  std::string name = {};
  int level = 0;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& level;
  }
};
/// How the index of a shard lies in its file.
struct ZarrIndex {
  bool is_first = false;    ///< ahead of the chunks
  bool is_swapped = false;  ///< in the other order of bytes
  bool has_check = false;   ///< with a crc32c behind it
};
/// What all chunks of an array have in common.
struct ZarrPlan {
  std::string folder = {};  ///< absolute; of the array
  ElementType type = {};
  bool is_swapped = false;  ///< in the other order of bytes
  Extents shape = {}, chunk = {};
  Extents order = {};                  ///< which of the array's axes each axis of a stored chunk is
  std::vector<ZarrCodec> codecs = {};  ///< in the order of writing
  std::string fill = {};               ///< an element, in this machine's order of bytes
  std::string key_begin = {};          ///< what chunks' names begin with
  std::string separator = {};
  bool is_sharded = false;  ///< a file holds the chunks of a box of this shape
  Extents shard = {};
  ZarrIndex index = {};

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& is_sharded& shard& index;
    archive& folder& type& is_swapped& shape& chunk& order& codecs& fill& key_begin& separator;
  }
};
/// Reads an array's metadata. Throws FileError.
ZarrPlan plan_zarr(const std::string& store, const std::string& name, const ElementType& wanted);
/// Reads a box of an array from the chunks that it touches. Throws FileError.
void read_zarr_into(void* memory, const ZarrPlan& plan, const Extents& offset, const Extents& shape);
/// The chunks of a store, as axes.
std::vector<Axis> zarr_axes(const ZarrPlan& plan);

/// What is to be written.
struct ZarrTarget {
  std::string store = {};  ///< absolute
  std::string name = {};   ///< of the array in it; empty: it is the array
  int format = 2;
  ZarrPlan plan = {};           ///< its folder is where it is to be in the end
  std::string metadata = {};    ///< the array's: .zarray, or zarr.json
  std::string attributes = {};  ///< .zattrs, of format 2

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& store& name& format& plan& metadata& attributes;
  }
};
/// The axes with the chunks that a store is to have: the array's own are made regular, as wide as the widest.
/// Throws std::invalid_argument for others that are irregular.
std::vector<Axis> zarr_write_axes(const std::vector<Axis>& axes, const Chunks& chunks, const Extents& shape,
                                  std::size_t element_bytes, std::source_location where);
/// Throws std::invalid_argument for options that cannot be meant.
ZarrTarget zarr_target(const std::string& store, const std::string& name, const ElementType& type,
                       const std::vector<Axis>& axes, const ZarrWriteOptions& options,
                       std::source_location where);
/// Makes a folder for the array's chunks beside the store. Throws FileError.
Unfinished prepare_zarr(const ZarrTarget& target);
void write_zarr_chunk(const void* memory, const Unfinished& unfinished, const ZarrTarget& target,
                      const Extents& offset, const Extents& shape);
template <class T>
WrittenBlocks write_zarr_block(const Block<T>& block, const Unfinished& unfinished,
                               const ZarrTarget& target) {
  write_zarr_chunk(block.data(), unfinished, target, block.offset(), block.shape());
  return {block.size(), unfinished.mark};
}
/// Gives the folder its place in the store.
void finish_zarr(const WrittenBlocks& written, const Unfinished& unfinished, const ZarrTarget& target);

/// An attribute of an array or group, as one of the variants; nothing if there is none. Throws FileError for
/// any other.
std::optional<ZarrValue> zarr_attribute(const std::string& store, const std::string& name,
                                        const std::string& attribute);
[[noreturn]] void refuse_zarr_attribute(const std::string& store, const std::string& name,
                                        const std::string& attribute);

}  // namespace detail

/// An array of a store: the store itself, or the one of that path within its groups. Looks at its metadata,
/// now; each block then is a task that reads and decodes the chunks that it touches. Without chunks the array
/// is cut as the store, where chunks lie in shards as these; others are decoded by each block that touches
/// them. Views that see little of the array have blocks of their own. Chunks that are not there have the fill
/// value. Chunks must not change before the last block has been read. O(1).
///
///   auto x = ramal::read_zarr<double>("x.zarr");
///   auto t = ramal::read_zarr<float>("ocean.zarr", "surface/temperature", {10, -1, -1});
///
/// The elements must have type T, in either order of bytes; convert with `as`. Throws FileError, now for an
/// array that is missing, damaged, of another type, or stored in a way that Ramal does not read; a task
/// throws it for a damaged chunk. Throws std::invalid_argument for chunks that do not fit.
template <class T>
Array<T> read_zarr(const std::string& store, const std::string& name = {}, const Chunks& chunks = {},
                   std::source_location where = std::source_location::current()) {
  const detail::ZarrPlan plan = detail::plan_zarr(store, name, detail::element_type_of<T>());
  return detail::file_array<T, &detail::read_zarr_into>(
      plan, chunks.empty() ? detail::zarr_axes(plan) : chunks.axes(plan.shape, sizeof(T), where),
      {plan.chunk.begin(), plan.chunk.end()}, name.empty() ? store.substr(store.rfind('/') + 1) : name,
      where);
}

/// An attribute of an array or a group of a store, nullopt if there is none of that name. T: std::string,
/// double, std::int64_t, or a vector of one of them. Whole numbers are read as double, too. Throws FileError
/// for an attribute of another type, and if there is no such array or group.
///
///   ramal::read_zarr_attribute<std::string>("ocean.zarr", "temperature", "units")
template <class T>
std::optional<T> read_zarr_attribute(const std::string& store, const std::string& name,
                                     const std::string& attribute) {
  const std::optional<ZarrValue> found = detail::zarr_attribute(store, name, attribute);
  if (!found) return std::nullopt;
  if (const T* value = std::get_if<T>(&*found)) return *value;
  if constexpr (std::same_as<T, double>) {
    if (const auto* whole = std::get_if<std::int64_t>(&*found)) return static_cast<double>(*whole);
  }
  if constexpr (std::same_as<T, std::vector<double>>) {
    if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&*found))
      return T(whole->begin(), whole->end());
  }
  detail::refuse_zarr_attribute(store, name, attribute);
}

/// A task that writes an array as a store of its own, or with a name as an array in the groups of one: chunks
/// as the array is cut, or as the options say; an array that is cut irregularly is cut anew, as widely as its
/// widest chunk. Each chunk is encoded and written by a rank that has it. All of the array is written as
/// STORE.part.* beside the store and given its place when it is complete. An array that was there is replaced
/// then; a run that fails before leaves it. Groups on the way are made, and other arrays of the store stay.
/// Format 2 has consolidated metadata, which xarray reads first. Files are not brought to the disk one by
/// one.
///
/// The task fails, naming the file, if the store cannot be written, or something else than an array is there.
/// It costs rank 0 the same however many blocks there are. It has no result, but tasks may wait for it.
/// Throws std::invalid_argument, now, for options that cannot be meant, such as irregular `chunks`, and for a
/// compressor that Ramal was built without.
///
///   session.compute(ramal::write_zarr("out.zarr", "t", t, {.dimension_names = {"time", "x"}}));
template <class T, class Node>
Delayed<void> write_zarr(const std::string& store, const std::string& name, const Array<T, Node>& array,
                         const ZarrWriteOptions& options = {},
                         std::source_location where = std::source_location::current()) {
  detail::ArrayState state = array.state();
  state.axes = detail::zarr_write_axes(state.axes, options.chunks, array.shape(), sizeof(T), where);
  const detail::ZarrTarget target =
      detail::zarr_target(store, name, detail::element_type_of<T>(), state.axes, options, where);
  return detail::written_by_blocks<&detail::prepare_zarr, &detail::write_zarr_block<T>, &detail::finish_zarr,
                                   T>(Array<T, Node>(std::move(state)).blocks(where), target,
                                      name.empty() ? store.substr(store.rfind('/') + 1) : name, where);
}
/// The same as a store of its own.
///
///   session.compute(ramal::write_zarr("rms.zarr", sqrt(a * a + b * b), {.compressor = "zstd"}));
template <class T, class Node>
Delayed<void> write_zarr(const std::string& store, const Array<T, Node>& array,
                         const ZarrWriteOptions& options = {},
                         std::source_location where = std::source_location::current()) {
  return write_zarr(store, {}, array, options, where);
}

}  // namespace ramal
