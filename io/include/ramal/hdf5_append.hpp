// SPDX-License-Identifier: BSD-3-Clause
// Appending to datasets of HDF5 files along an axis, by all ranks together: a series that grows.
//
//   for (int year = 1979; year < 2024; ++year)
//     session.compute(ramal::append_hdf5("out.nc", "/t", anomalies(year),
//                                        {.dimension_scales = {{"time", days_of(year), "days since
//                                        1979-01-01"},
//                                                              lat, lon}}));
//
//   /t (365, 90, 180)   and an array (366, 90, 180)   gives   /t (731, 90, 180)
#pragma once

#include <ramal/hdf5_write.hpp>

namespace ramal {

/// See append_hdf5. All but the axis, `whole_or_nothing` and `hints` are as in Hdf5WriteOptions and count
/// where the dataset is made.
struct Hdf5AppendOptions {
  /// Along which the dataset grows; below 0 from the last.
  std::int64_t axis = 0;
  Extents chunk = {};
  int deflate = 0;
  /// The coordinates along each dimension. Where the dataset is there already, only those along the axis
  /// count: values for the new elements, as many, are appended to the scale of that name; without values
  /// nothing is.
  std::vector<Hdf5Scale> dimension_scales = {};
  std::map<std::string, Hdf5Value> attributes = {};
  std::map<std::string, std::string> hints = {};
  /// Append to a copy of the file, which takes its name when it is complete. Costs the copy.
  bool whole_or_nothing = false;

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& axis& chunk& deflate& dimension_scales& attributes& hints& whole_or_nothing;
  }
};

namespace detail {

/// Collective, as write_hdf5_jobs. `dataset`: one job, whose options are those of `options`, but the shape.
void append_hdf5_lists(Communicator& communicator, Inputs<Hdf5Blocks> mine, const std::string& file,
                       const Hdf5Job& dataset, const Hdf5AppendOptions& options);

}  // namespace detail

/// A task that appends an array to a dataset along an axis. If there is no such dataset, or file, it is made:
/// able to grow without limit along the axis, and with chunks, by default of about a MiB. That is done as
/// write_hdf5 with `keep_file` does it. A dataset that is there must have the array's type and its lengths
/// along the other axes, and be able to grow; it and its scale are made longer, and only the new elements are
/// written. So a series of any length costs what is new.
///
/// The file keeps its name, so it is not replaced as a whole: while this runs, others must not read it, and
/// arrays that were opened from it before are refused afterwards, as the file has changed. If it fails, the
/// dataset is cut back to what it was, its scale may stay longer. If the job is killed or the machine stops
/// meanwhile, the file may be damaged, and FILE.part is left, which says so and has to be removed by hand;
/// with `whole_or_nothing` the file is then as it was.
///
/// Fails as write_hdf5, and for an array that does not fit, naming both shapes. Throws std::invalid_argument,
/// now, for an axis that the array does not have, and as write_hdf5.
template <class T, class Node>
Delayed<void> append_hdf5(const std::string& file, const std::string& dataset, const Array<T, Node>& array,
                          const Hdf5AppendOptions& options = {},
                          std::source_location where = std::source_location::current()) {
  detail::check_hdf5_write(
      file, dataset,
      {.chunk = options.chunk.empty() ? Extents{1} : options.chunk, .deflate = options.deflate});
  Hdf5AppendOptions checked = options;
  checked.axis = detail::checked_axis(options.axis, array.dimensions(), "append_hdf5", where);
  const auto evaluated = array.evaluated(where);
  detail::Hdf5Job job{.dataset = dataset, .type = detail::Hdf5TypeOf<T>::make(), .is_array = true};
  job.options.shape = array.shape();
  return collective<&detail::append_hdf5_lists>.annotate({.name = "append " + dataset})(
      detail::gathered_blocks(evaluated.blocks(where), evaluated.state().axes, 0, where), file, job, checked,
      where);
}

}  // namespace ramal
