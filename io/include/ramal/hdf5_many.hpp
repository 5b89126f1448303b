// SPDX-License-Identifier: BSD-3-Clause
// One dataset of many HDF5 or netCDF-4 files, joined along an axis: runs that write a file a day.
//
//   ramal::Array<float> t = ramal::open_many<float>("run-*.nc", "/t2m");           // by name, along the
//   first axis ramal::Array<double> u = ramal::open_many_decoded({"a.nc", "b.nc"}, "/u10");   // in this
//   order
//
//   a.nc  (31, 90, 180)    b.nc  (28, 90, 180)      gives  (59, 90, 180), cut where a.nc ends
//
// Nothing but metadata is read before a session computes something. A block lies within one file. It is one
// family whatever the number of files: a table of them is sent once to each rank, and a member looks up
// its own.
#pragma once

#include <ramal/array.hpp>
#include <ramal/hdf5_decode.hpp>

#include <filesystem>

namespace ramal {

/// Which files, and in which order: a pattern, or a list.
class Hdf5Files {
 public:
  /// All files whose names match a pattern as a shell has it (`*`, `?`, `[a-z]`; also in folders), sorted by
  /// their bytes. A pattern without these is the path of one file. Throws Hdf5Error if there is no such file.
  Hdf5Files(const std::string& pattern);                               // NOLINT: how arguments are passed
  Hdf5Files(const char* pattern) : Hdf5Files(std::string(pattern)) {}  // NOLINT
  /// These files, as they stand.
  Hdf5Files(std::vector<std::string> paths) : paths_(std::move(paths)) {}  // NOLINT
  Hdf5Files(std::initializer_list<std::string> paths) : paths_(paths) {}   // NOLINT
  Hdf5Files(const std::vector<std::filesystem::path>& paths) {             // NOLINT
    for (const std::filesystem::path& path : paths) paths_.push_back(path.string());
  }
  /// Their paths, in order.
  const std::vector<std::string>& paths() const { return paths_; }

 private:
  std::vector<std::string> paths_;
};

namespace detail {

/// Where the elements of one file lie in the whole, and how they are read.
struct Hdf5TableEntry {
  std::int64_t begin = 0;  ///< along the axis
  std::string file = {};
  std::string dataset = {};
  Hdf5Identity identity = {};
  Hdf5Decoding decoding = {};  ///< heeded where numbers are decoded
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& begin& file& dataset& identity& decoding;
  }
};
/// The files that have elements, by where they begin.
struct Hdf5Table {
  std::int64_t axis = 0;
  std::vector<Hdf5TableEntry> entries = {};
  struct Found {
    const Hdf5TableEntry* entry;
    std::uint64_t left;  ///< how many elements that lie `step` apart are in it from there on
  };
  /// The file of an element along the axis. O(log files).
  Found at(std::int64_t element, std::int64_t step) const;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& axis& entries;
  }
};
struct Hdf5ManyPlan {
  Hdf5Table table;
  std::vector<Axis> axes;
  std::vector<std::int64_t> read_together;  ///< as of the longest file
};
/// Looks at each file. `wanted` as in plan_hdf5; empty: they are to be decoded. Throws Hdf5Error naming the
/// file that cannot be had or differs from the first, std::invalid_argument for a bad axis or block_shape.
Hdf5ManyPlan plan_hdf5_many(const Hdf5Files& files, const std::string& dataset, std::int64_t axis,
                            std::size_t element_bytes, const std::optional<Hdf5Type>& wanted,
                            bool mask_and_scale, const Hdf5ReadOptions& options, std::source_location where);

/// Reads a block out of the files that it lies in: one, but where an array is made again with other chunks.
/// The one source is the table; parameters: which elements of the whole the array has, along each axis.
template <class T, bool decodes>
struct Hdf5ManyThunk {
  static constexpr std::string_view name = "read";
  static constexpr bool is_elementwise = true;

  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    const Extents shape = box_shape(call), offset = box_offset(call);
    if (shape.product() == 0) {  // which the table is not read for
      result.emplace<Block<T>>(shape, offset);
      return;
    }
    const auto& table = frame.input(0).template get<Hdf5Table>();
    const auto axis = static_cast<std::size_t>(table.axis);
    std::vector<Steps> elements(shape.size());
    std::memcpy(elements.data(), call.parameters().data(), elements.size() * sizeof(Steps));
    Extents from = offset, box = shape;
    const auto read_next = [&] {
      Hdf5Selection there = selected(elements, from, box);
      const auto [entry, left] = table.at(static_cast<std::int64_t>(there.start[axis]), elements[axis].step);
      there.count[axis] = box[axis] = std::min(box[axis], left);
      there.start[axis] -= static_cast<std::uint64_t>(entry->begin);
      return read(*entry, there);
    };
    Block<T> first = read_next();
    if (box == shape) {
      result.emplace<Block<T>>(std::move(first).reshaped(shape, offset));
      return;
    }
    Block<T> all(shape, offset);
    std::uint64_t outer = 1, inner = 1, done = 0;
    for (std::size_t d = 0; d < shape.size(); ++d) (d < axis ? outer : inner) *= d == axis ? 1 : shape[d];
    for (Block<T> part = std::move(first);; part = read_next()) {
      const std::uint64_t length = box[axis];
      for (std::uint64_t row = 0; row < outer; ++row)
        std::copy_n(part.data() + row * length * inner, length * inner,
                    all.data() + (row * shape[axis] + done) * inner);
      done += length;
      from[axis] = offset[axis] + done;
      box[axis] = shape[axis] - done;
      if (done == shape[axis]) break;
    }
    result.emplace<Block<T>>(std::move(all));
  }

 private:
  static Block<T> read(const Hdf5TableEntry& entry, const Hdf5Selection& what) {
    if constexpr (decodes) {
      return read_hdf5_decoded_selection(entry.file, entry.dataset, what, entry.identity, entry.decoding);
    } else {
      return read_hdf5_selection<T>(entry.file, entry.dataset, what, entry.identity);
    }
  }
};

template <class T, bool decodes>
Array<T> hdf5_many(Hdf5ManyPlan plan, const std::string& dataset, std::source_location where) {
  const std::vector<FamilySource> sources{single_source(value(std::move(plan.table), where).task_handle())};
  auto origin = std::make_shared<LeafOrigin>();
  origin->axes.resize(plan.axes.size());
  origin->grain = std::move(plan.read_together);
  origin->family = [=](const std::vector<Axis>& cut, const std::vector<Steps>& elements) {
    const FamilyView family = grid_family(grid_kind<Hdf5ManyThunk<T, decodes>, Block<T>>, cut, sizeof(T),
                                          sources, {GridSource{}}, std::as_bytes(std::span(elements)), where);
    Annotation wishes = family.node->traits.wishes;
    wishes.name = "read " + dataset;
    return family.annotated(std::move(wishes), where);
  };
  FamilyView family = origin->family(plan.axes, origin->axes);
  return Array<T>(plain_state(std::move(family), std::move(plan.axes), where, std::move(origin)));
}

}  // namespace detail

/// The datasets of that path of several files, one behind the other along an axis; numbers below 0 count from
/// the last. Looks at each file once, now: O(files). Files may differ in length along the axis, also without
/// elements, in their chunks and in the types that they store: all are converted to T where nothing is lost.
/// Files must not change before the last block has been read.
///
/// How blocks are cut is chosen by the longest of the files, as in read_hdf5, and each file begins a new one:
/// many small files give blocks as small. `rechunk` puts several together.
///
/// Throws Hdf5Error that names the file for what read_hdf5 refuses, and for a shape that differs from the
/// first file's along another axis; std::invalid_argument for no files, an axis that is not there, and
/// options that do not fit.
///
///   auto t = ramal::open_many<float>("era5-19*.nc", "/t2m");
///   session.compute(t.mean(0));
template <class T>
Array<T> open_many(const Hdf5Files& files, const std::string& dataset, std::int64_t axis = 0,
                   const Hdf5ReadOptions& options = {},
                   std::source_location where = std::source_location::current()) {
  return detail::hdf5_many<T, false>(
      detail::plan_hdf5_many(files, dataset, axis, sizeof(T), detail::Hdf5TypeOf<T>::make(), false, options,
                             where),
      dataset, where);
}
/// The same decoded to doubles, as read_hdf5_decoded does: each file by its own _FillValue, scale_factor and
/// so on. So files that were packed each by itself fit together.
inline Array<double> open_many_decoded(const Hdf5Files& files, const std::string& dataset,
                                       std::int64_t axis = 0, const Hdf5DecodeOptions& options = {},
                                       std::source_location where = std::source_location::current()) {
  return detail::hdf5_many<double, true>(
      detail::plan_hdf5_many(files, dataset, axis, sizeof(double), {}, options.mask_and_scale,
                             {.block_shape = options.block_shape, .block_bytes = options.block_bytes}, where),
      dataset, where);
}

}  // namespace ramal
