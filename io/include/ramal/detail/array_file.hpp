// SPDX-License-Identifier: BSD-3-Clause
// What array files of all formats share: what an element is in them, their errors, and what becomes of a file
// whose blocks are written by many tasks.
//
//   prepare                   one task on rank 0: makes the file under another name
//   write [0] … write [n-1]   a family: each puts its block in its place
//   a tree of sums            how many elements were written
//   finish                    a member on rank 0: gives the file its name
#pragma once

#include <ramal/array.hpp>
#include <ramal/detail/compiler.hpp>
#include <ramal/detail/grid_function.hpp>
#include <ramal/map.hpp>

#include <complex>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>

namespace ramal {

/// What is wrong with a file of an array: what() names the file, what was expected and what was found. Inside
/// a task it becomes the TaskError of that task, with the same text.
class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

/// An element in a file, as NumPy names it.
struct ElementType {
  enum class Kind : std::uint8_t { boolean, integer, natural, floating, complex };
  Kind kind = Kind::boolean;
  std::uint8_t bytes = 1;

  bool operator==(const ElementType&) const = default;
  /// What changes places when the order of bytes does.
  std::size_t word_bytes() const { return kind == Kind::complex ? bytes / 2u : bytes; }
  /// Such as `float64`.
  std::string text() const;
  /// NumPy's letter for the kind.
  char letter() const;
  /// Such as `<f8`, in this machine's order of bytes.
  std::string numpy_text() const;
};

template <class T>
inline constexpr bool is_file_complex =
    std::same_as<T, std::complex<float>> || std::same_as<T, std::complex<double>>;
/// What an element of such files can be: bool, whole numbers of up to 8 bytes, float, double, and complex
/// numbers of these.
template <class T>
concept FileElement = (std::integral<T> && sizeof(T) <= 8 && !std::same_as<T, wchar_t> &&
                       !std::same_as<T, char8_t> && !std::same_as<T, char16_t> &&
                       !std::same_as<T, char32_t>) ||
                      std::same_as<T, float> || std::same_as<T, double> || is_file_complex<T>;

template <class T>
constexpr ElementType element_type_of() {
  static_assert(
      FileElement<T>,
      "ramal: elements of .npy and Zarr files are bool, whole numbers of up to 8 bytes, float, double, "
      "and std::complex of float or double");
  using Kind = ElementType::Kind;
  constexpr auto bytes = static_cast<std::uint8_t>(sizeof(T));
  if constexpr (std::same_as<T, bool>) return {Kind::boolean, bytes};
  if constexpr (std::floating_point<T>) return {Kind::floating, bytes};
  if constexpr (is_file_complex<T>) return {Kind::complex, bytes};
  return {std::is_signed_v<T> ? Kind::integer : Kind::natural, bytes};
}

/// Reads a box of elements that lie side by side in a file, into memory in which they do too.
using ReadBox = std::function<void(void* memory, const Extents& offset, const Extents& shape)>;
/// Fills the memory of a block with some of a file's elements by boxes of those that lie side by side.
void read_elements(void* memory, std::size_t element_bytes, const std::vector<Steps>& elements,
                   const Extents& offset, const Extents& shape, const ReadBox& read);

/// A block of some of a file's elements. `read(memory, plan, offset, shape)` reads a box of the file.
template <class T, auto read, class Plan>
Block<T> read_file_block(const Plan& plan, const std::vector<Steps>& elements, const Extents& offset,
                         const Extents& shape) {
  Block<T> block(shape, offset);
  read_elements(
      block.data(), sizeof(T), elements, offset, shape,
      [&plan](void* memory, const Extents& from, const Extents& box) { read(memory, plan, from, box); });
  return block;
}
/// The array of all of a file's elements, of which views read what they see. `together`: so many elements are
/// read at a time along each axis.
template <class T, auto read, class Plan>
Array<T> file_array(const Plan& plan, std::vector<Axis> axes, std::vector<std::int64_t> together,
                    const std::string& name, std::source_location where) {
  auto origin = std::make_shared<LeafOrigin>();
  origin->axes.resize(axes.size());
  origin->grain = std::move(together);
  origin->family = [=](const std::vector<Axis>& cut, const std::vector<Steps>& elements) {
    return grid_function_family<&read_file_block<T, read, Plan>, T>(cut, "read " + name, where, plan,
                                                                    elements);
  };
  FamilyView family = origin->family(axes, origin->axes);
  return Array<T>(plain_state(std::move(family), std::move(axes), where, std::move(origin)));
}

/// A file or folder that is written under another name until it is complete. Where it was made, the last copy
/// removes it, unless it has been given its name by then; copies on other ranks only know where it is.
struct Unfinished {
  std::string part = {};   ///< where to write
  std::uint64_t mark = 0;  ///< a number that no other has
  std::shared_ptr<void> owner = {};

  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& part& mark;
  }
};

/// What some of the tasks have written, and the mark of where.
struct WrittenBlocks {
  std::uint64_t elements = 0;
  std::uint64_t mark = 0;  ///< 0: in several places
};
inline WrittenBlocks together(const WrittenBlocks& a, const WrittenBlocks& b) {
  return {a.elements + b.elements, a.mark == b.mark ? a.mark : 0};
}

/// All that was written, in the one member of a family.
inline Family<WrittenBlocks> all_written(const Family<WrittenBlocks>& written, std::source_location where) {
  constexpr std::int64_t arity = 16;
  FamilyView level = written.view();
  for (int axis = level.shape.dims; axis-- > 0;)
    level = reduce_levels<&together, WrittenBlocks>(level, axis, arity, where);
  return Family<WrittenBlocks>(level);
}

/// The tasks at the top of this file: `make(how)` prepares, `write(block, unfinished, how)` tells what it has
/// written, `finish(written, unfinished, how)` ends. `how` is stored once for all of them.
template <auto make, auto write, auto finish, class T, class How>
Delayed<void> written_by_blocks(const Family<Block<T>>& blocks, const How& how, const std::string& name,
                                std::source_location where) {
  const auto stored = value(how, where);
  const Delayed<Unfinished> made =
      delayed<make>.annotate({.name = "prepare " + name, .rank = 0})(stored, where);
  const Family<WrittenBlocks> written =
      map<write>({blocks, where}, made, stored).annotate({.name = "write " + name}, where);
  // On the rank where it was prepared, so that its owner is there until the end. A member too, since a task
  // would have what it reads of members kept, and run again without them.
  const Family<void> finished = map<finish>({all_written(written, where), where}, made, stored)
                                    .annotate({.name = "finish " + name, .rank = 0}, where);
  Index first;
  first.dims = finished.extent().dims;
  return finished[first];
}

}  // namespace detail
}  // namespace ramal
