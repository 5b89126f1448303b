// SPDX-License-Identifier: BSD-3-Clause
// NumPy's .npy files as arrays. No call is collective: each block is read or written by the task that needs
// or has it.
//
//   auto t = ramal::read_npy<float>("t.npy");                            // only the header is read
//   session.compute(ramal::write_npy("anomaly.npy", t - t.mean(0)));     // np.load reads it
//
// All ranks must see the file under the same path. Everything here may be called in any thread.
#pragma once

#include <ramal/array.hpp>
#include <ramal/detail/array_file.hpp>

namespace ramal {

namespace detail {

/// What one look at a file tells. The shape is that of the elements as they lie, row by row: of a file in
/// Fortran's order the array's, reversed.
struct NpyPlan {
  std::string file = {};    ///< absolute
  std::uint64_t begin = 0;  ///< where the elements begin, in bytes
  ElementType type = {};
  bool is_swapped = false;  ///< in the other order of bytes
  bool is_fortran = false;
  Extents shape = {};
  /// Tells whether it is still the file that was planned with. No device number: that differs between hosts.
  std::uint64_t file_bytes = 0, modified_ns = 0, inode = 0;

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& file& begin& type& is_swapped& is_fortran& shape& file_bytes& modified_ns& inode;
  }
};
/// Reads the header. Throws FileError.
NpyPlan plan_npy(const std::string& file, const ElementType& wanted);
/// Reads a box of the elements. Throws FileError.
void read_npy_into(void* memory, const NpyPlan& plan, const Extents& offset, const Extents& shape);

/// What is to be written.
struct NpyTarget {
  std::string file = {};  ///< absolute
  ElementType type = {};
  Extents shape = {};
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& file& type& shape;
  }
};
/// Throws std::invalid_argument if there is no file name.
NpyTarget npy_target(const std::string& file, const ElementType& type, const Extents& shape,
                     std::source_location where);
/// Makes the file, with its header, as long as it will be. Throws FileError.
Unfinished prepare_npy(const NpyTarget& target);
void write_npy_box(const void* memory, const Unfinished& unfinished, const NpyTarget& target,
                   const Extents& offset, const Extents& shape);
template <class T>
WrittenBlocks write_npy_block(const Block<T>& block, const Unfinished& unfinished, const NpyTarget& target) {
  write_npy_box(block.data(), unfinished, target, block.offset(), block.shape());
  return {block.size(), unfinished.mark};
}
/// Gives the file its name.
void finish_npy(const WrittenBlocks& written, const Unfinished& unfinished, const NpyTarget& target);

}  // namespace detail

/// The array of a .npy file, of format version 1.0, 2.0 or 3.0. Looks at the header, now; each block then is
/// a task that reads the rows that it needs, and a view that sees little of them has blocks of its own. The
/// file must not change before the last block has been read. A file in Fortran's order is the transposed view
/// of the rows that it holds, and is cheapest to read in chunks of whole first axes. Without chunks these are
/// of about 16 MiB. O(1).
///
///   auto x = ramal::read_npy<double>("x.npy", {1000, -1});        // blocks of 1000 rows
///
/// The file's elements must have type T, in either order of bytes; convert with `as`. Throws FileError, now
/// for a file that is missing, damaged, shorter than its shape, or of another type; a task throws it if the
/// file is not the one seen now any more. Throws std::invalid_argument for chunks that do not fit.
template <class T>
Array<T> read_npy(const std::string& file, const Chunks& chunks = {},
                  std::source_location where = std::source_location::current()) {
  const detail::NpyPlan plan = detail::plan_npy(file, detail::element_type_of<T>());
  std::vector<detail::Axis> axes;
  if (chunks.empty() || !plan.is_fortran) {
    axes = chunks.axes(plan.shape, sizeof(T), where);
  } else {
    Extents reversed = plan.shape;
    std::reverse_copy(plan.shape.begin(), plan.shape.end(), &reversed[0]);
    axes = chunks.axes(reversed, sizeof(T), where);
    std::reverse(axes.begin(), axes.end());
  }
  const Array<T> rows = detail::file_array<T, &detail::read_npy_into>(
      plan, std::move(axes), detail::pages_together(plan.shape, sizeof(T)), file.substr(file.rfind('/') + 1),
      where);
  return plan.is_fortran ? rows.transpose({}, where) : rows;
}

/// A task that writes an array as a .npy file, as it is cut: each block is put in its place by a rank that
/// has it. The file is written as FILE.part.* and given its name when it is complete; a run that fails before
/// leaves what was there. The file is brought to the disk as far as rank 0's machine can do so.
///
/// The task fails, naming the file, if it cannot be written. It costs rank 0 the same however many blocks
/// there are. It has no result, but tasks may wait for it: one that takes its handle as an argument starts
/// when the file is there. A handle writes once, however often it is computed. Throws std::invalid_argument,
/// now, for an empty file name and for that of a folder.
///
///   session.compute(ramal::write_npy("rms.npy", sqrt(a * a + b * b)));
template <class T, class Node>
Delayed<void> write_npy(const std::string& file, const Array<T, Node>& array,
                        std::source_location where = std::source_location::current()) {
  const detail::NpyTarget target =
      detail::npy_target(file, detail::element_type_of<T>(), array.shape(), where);
  return detail::written_by_blocks<&detail::prepare_npy, &detail::write_npy_block<T>, &detail::finish_npy, T>(
      array.blocks(where), target, file.substr(file.rfind('/') + 1), where);
}

}  // namespace ramal
