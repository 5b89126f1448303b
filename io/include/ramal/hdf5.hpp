// SPDX-License-Identifier: BSD-3-Clause
// HDF5 and netCDF-4 files as graphs: what a file holds, and its datasets as grids of lazy blocks.
//
//   ramal::Hdf5Grid<double> grid = ramal::read_hdf5<double>("ocean.nc", "/temperature");
//   for (const Delayed<Block<double>>& block : grid.blocks()) …   // nothing is read before they are computed
//
// The functions here are called where the program runs. Each block is an ordinary task: the rank that runs
// it opens the file by itself, so all ranks must see it under the same path. No call is collective.
//
// Damaged files give an Hdf5Error wherever a checksum shows it: everywhere in files of HDF5's newer format
// (libver="latest"), else in data with the fletcher32 filter. A damaged header of the older format can make
// HDF5 1.10 give other elements, or crash in its scale-offset filter.
//
// All of this may be called in any thread. HDF5 itself is one per process and, as distributions build it, not
// safe with threads, so Ramal holds one lock during each of its calls; see hdf5_lock.
#pragma once

#include <ramal/block.hpp>
#include <ramal/delayed.hpp>
#include <ramal/detail/grid_function.hpp>
#include <ramal/hdf5_type.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

namespace ramal {

/// What is wrong with a file: what() names the file and the dataset, what was expected and what was found.
/// Inside a task it becomes the TaskError of that task, with the same text.
class Hdf5Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Hold it during HDF5 calls of your own in a program that reads through Ramal. While one thread
/// has it, Ramal keeps no file of its own open in this process. The same thread may take it again.
///
///   const auto lock = ramal::hdf5_lock();       // waits for a read that is under way
///   H5Fopen(…);                                 // Ramal stays out of HDF5 until the end of the block
[[nodiscard]] std::unique_lock<std::recursive_mutex> hdf5_lock();

// --- what a file holds ------------------------------------------------------------------------------

/// Stands in max_shape for a dimension that may grow without limit; the largest number that there is.
inline constexpr std::uint64_t hdf5_unlimited = ~std::uint64_t{0};

/// Attributes by name: numbers and texts as they are (of long ones the beginning), of others the type. To be
/// printed; read_hdf5_attribute gives their values.
using Hdf5Attributes = std::map<std::string, std::string>;

/// What a file says of one dataset. Shapes are in elements.
struct Hdf5Dataset {
  std::string path = {};                  ///< from the root: `/group/name`
  std::string type = {};                  ///< `float64 big-endian`, `int16`, `compound{x: float64, n: int32}`
  bool null = false;                      ///< has no elements, nor a shape
  std::vector<std::uint64_t> shape = {};  ///< slowest first, up to 32; of a scalar empty
  std::vector<std::uint64_t> max_shape = {};  ///< what it may grow to; hdf5_unlimited
  std::string layout = {};                    ///< `contiguous`, `chunked`, `compact`, `virtual`, `external`
  std::vector<std::uint64_t> chunk = {};      ///< of a chunked one
  /// In the order of writing: `shuffle`, `deflate 4`, `blosc (not installed)`.
  std::vector<std::string> filters = {};
  std::uint64_t stored_bytes = 0;  ///< in the file, after filters
  Hdf5Attributes attributes = {};
};
/// What a file says of one group.
struct Hdf5Group {
  std::string path = {};  ///< from the root, which is `/`
  Hdf5Attributes attributes = {};
};
/// A name that is not the object's own: soft and external links, further hard links.
struct Hdf5Link {
  std::string path = {};    ///< the name itself, from the root
  std::string kind = {};    ///< `soft`, `external`, `hard`
  std::string target = {};  ///< `/a/b`, or `other.h5:/a/b`
  bool dangling = false;    ///< leads to nothing that can be opened
};
/// What `describe` found, in the order in which it was found. A plain value, which needs the file no more.
struct Hdf5File {
  std::string path = {};               ///< as `describe` was given it
  std::vector<Hdf5Group> groups = {};  ///< the root first
  std::vector<Hdf5Dataset> datasets = {};
  std::vector<Hdf5Link> links = {};
  /// The dataset of that path, with or without the leading `/`; null if there is none. O(datasets). It lives
  /// as long as this object does and is not changed.
  const Hdf5Dataset* find(const std::string& dataset) const;
  /// All of it to be printed: a line for each thing.
  std::string text() const;
};

/// All groups, datasets and links below the root, depth first, by name within each group. An object with
/// several names is described once, under the first; soft and external links are not followed. Reads metadata
/// only: O(objects and attributes), however much data there is. Throws Hdf5Error if the file is missing,
/// damaged or no HDF5 file.
///
///   std::cout << ramal::describe("ocean.nc").text();
Hdf5File describe(const std::string& file);

/// An attribute of a dataset or group, nullopt if there is none of that name. T: a number (of an attribute
/// with one element), std::string, or a vector of numbers. Numbers are converted only where nothing is lost.
/// Throws Hdf5Error for any other attribute, and if there is no such file or object. A text without elements
/// is read as an empty one.
///   read_hdf5_attribute<double>("ocean.nc", "/temperature", "_FillValue")
template <class T>
std::optional<T> read_hdf5_attribute(const std::string& file, const std::string& object,
                                     const std::string& name);

// --- reading ----------------------------------------------------------------------------------------

/// How a dataset is divided into blocks. Whole chunks are best; see read_hdf5.
struct Hdf5ReadOptions {
  /// How many elements a block has in each dimension, at least 1; blocks at the end may be smaller. Empty:
  /// whole chunks of the file (or rows, if it has none), as many as block_bytes allows but one at least.
  Extents block_shape = {};
  std::uint64_t block_bytes = std::uint64_t{64} << 20;  ///< in memory, where block_shape is empty
};

namespace detail {

/// Tells whether it is still the file that was planned with. No device number: that differs between hosts.
struct Hdf5Identity {
  std::uint64_t bytes = 0;
  std::uint64_t modified_ns = 0;
  std::uint64_t inode = 0;
  std::uint64_t address = 0;  ///< of the dataset in it
  bool operator==(const Hdf5Identity&) const = default;
};

/// What one look at a dataset tells.
struct Hdf5Plan {
  std::string file = {};     ///< absolute, and the one that holds the dataset, behind external links
  std::string dataset = {};  ///< its path there
  Hdf5Identity identity = {};
  Hdf5Type element = {};   ///< what is read of it
  Extents shape = {};      ///< (0) if it is null
  Extents chunk = {};      ///< ones if it has no chunks
  double chunk_bytes = 0;  ///< of a chunk with filters, before these; 0 without
};

/// Looks at a dataset. `wanted`: the type that its elements are to have in memory; empty: the narrowest
/// number that loses nothing. Throws Hdf5Error.
Hdf5Plan plan_hdf5(const std::string& file, const std::string& dataset,
                   const std::optional<Hdf5Type>& wanted);
/// The shape of all blocks but those at the end. Throws std::invalid_argument for a block_shape of other
/// dimensions, or with a 0.
Extents hdf5_block_shape(const Hdf5Plan& plan, std::size_t element_bytes, const Hdf5ReadOptions& options);
/// Prints a line on standard error, once for each dataset and if warnings are wanted, where chunks with
/// filters will be decoded again and again: where blocks split them, and those that blocks share do not all
/// stay in memory until the last of these blocks has been read, one after the other in the order of the grid.
void warn_of_split_chunks(const Hdf5Plan& plan, const Extents& block_shape);
/// How many bytes of chunks would have to stay in memory for that.
double shared_chunk_bytes(const Hdf5Plan& plan, const Extents& block_shape);
/// How many blocks there are in each dimension. Throws std::invalid_argument for more than 100 million in
/// all.
Extents hdf5_grid(const Hdf5Plan& plan, const Extents& block_shape);
/// Which elements of a dataset are read: along each axis `count` from `start` on, `step` apart; without steps
/// side by side.
struct Hdf5Selection {
  Extents start, step, count;
};
/// Of the elements of an array that lie so in the dataset, those of a box.
Hdf5Selection selected(const std::vector<Steps>& elements, const Extents& offset, const Extents& shape);
/// Reads some elements of a dataset into `memory`, converted to `type`. Throws Hdf5Error, also if the file is
/// another than `identity` says.
void read_hdf5_into(void* memory, const Hdf5Type& type, const std::string& file, const std::string& dataset,
                    const Hdf5Selection& what, const Hdf5Identity& identity);

/// The elements as a block. Members of structures that no field names are zero.
template <class T>
Block<T> read_hdf5_selection(const std::string& file, const std::string& dataset, const Hdf5Selection& what,
                             const Hdf5Identity& identity) {
  Block<T> block(what.count, what.start);
  if constexpr (Hdf5Compound<T>) std::memset(static_cast<void*>(block.data()), 0, block.size() * sizeof(T));
  read_hdf5_into(block.data(), Hdf5TypeOf<T>::make(), file, dataset, what, identity);
  return block;
}
/// The task behind the handle of a block.
template <class T>
Block<T> read_hdf5_block(const std::string& file, const std::string& dataset, const Extents& offset,
                         const Extents& shape, const Hdf5Identity& identity) {
  return read_hdf5_selection<T>(file, dataset, {offset, {}, shape}, identity);
}

/// Fills `memory` with an attribute's numbers, one element of `type` after the other; `one`: there must be
/// one. False if there is no such attribute. Throws Hdf5Error for any other.
bool read_hdf5_numbers(std::vector<std::byte>& memory, const Hdf5Type& type, const std::string& file,
                       const std::string& object, const std::string& name, bool one);
/// The text of an attribute; none if there is no such. Throws Hdf5Error for one that is no single
/// text.
std::optional<std::string> read_hdf5_text(const std::string& file, const std::string& object,
                                          const std::string& name);

}  // namespace detail

/// A dataset as lazy blocks, in a grid that covers it. Copies share their handles. Nothing is read before a
/// session computes a block, or what was made of one.
///
///   shape (5, 4), block_shape (2, 4):   grid (3, 1)    blocks of shape (2, 4), (2, 4), (1, 4)
///
///   auto sums = ramal::map<sum>(grid.blocks());
///   auto field = grid.array();                          // all that arrays offer; include <ramal/array.hpp>
///   auto family = grid.family();                        // what families offer; see <ramal/family.hpp>
///
/// The array and the family cost the same however many blocks there are. The handles of `blocks` are made
/// when they are first asked for.
template <class T>
class Hdf5Grid {
 public:
  /// For Ramal's own use: a handle by the offset and shape of its block, and the families of blocks.
  Hdf5Grid(const Extents& shape, const Extents& block_shape, const Extents& grid,
           std::function<Delayed<Block<T>>(const Extents& offset, const Extents& shape)> task,
           std::shared_ptr<const detail::LeafOrigin> origin, std::vector<detail::Axis> axes,
           std::source_location where)
      : shape_(shape),
        block_shape_(block_shape),
        grid_(grid),
        handles_(std::make_shared<Handles>(std::move(task))),
        family_(origin->family(axes, origin->axes)),
        origin_(std::move(origin)),
        axes_(std::move(axes)),
        where_(where) {}

  /// The shape of the whole dataset when the grid was made.
  const Extents& shape() const { return shape_; }
  /// The shape of each block but the last ones of a dimension, which may be smaller.
  const Extents& block_shape() const { return block_shape_; }
  /// How many blocks there are in each dimension.
  const Extents& grid() const { return grid_; }
  /// All blocks, row-major in the grid. Each Block knows its offset in the whole. The first call makes the
  /// handles: O(blocks). None, if the dataset has no elements.
  const std::vector<Delayed<Block<T>>>& blocks() const {
    std::call_once(handles_->made, [this] { make_handles(); });
    return handles_->all;
  }
  /// The dataset as an array; needs <ramal/array.hpp>. O(1). Views of it that see at most half of what the
  /// blocks hold which they touch, such as `array()(slice({}, {}, 10))`, have blocks of their own, and what
  /// they do not see is not read: by whole chunks, or where there are none by rows and pages.
  Array<T> array() const { return Array<T>(detail::plain_state(family_, axes_, where_, origin_)); }
  /// All blocks as a family over the grid; of a scalar, or a dataset without elements, one. O(1).
  Family<Block<T>> family() const { return Family<Block<T>>(family_); }
  /// The block at this place in the grid, counted in blocks, not elements. O(dimensions). Throws
  /// std::out_of_range if there is no such place, or it has another number of dimensions.
  const Delayed<Block<T>>& at(const Extents& place) const {
    std::size_t index = 0;
    if (place.size() != grid_.size())
      throw std::out_of_range("ramal: Hdf5Grid::at: wrong number of dimensions");
    for (std::size_t d = 0; d < grid_.size(); ++d) {
      if (place[d] >= grid_[d])
        throw std::out_of_range("ramal: Hdf5Grid::at: " + place.text() + " of " + grid_.text());
      index = index * grid_[d] + place[d];
    }
    return blocks().at(index);
  }

 private:
  struct Handles {
    explicit Handles(std::function<Delayed<Block<T>>(const Extents& offset, const Extents& shape)> make)
        : task(std::move(make)) {}
    std::function<Delayed<Block<T>>(const Extents& offset, const Extents& shape)> task;
    std::once_flag made;
    std::vector<Delayed<Block<T>>> all;
  };
  void make_handles() const {
    const std::uint64_t count = grid_.product();
    handles_->all.reserve(count);
    Extents offset = Extents::filled(grid_.size(), 0);
    while (handles_->all.size() < count) {
      Extents shape = block_shape_;
      for (std::size_t d = 0; d < grid_.size(); ++d)
        shape[d] = std::min(block_shape_[d], shape_[d] - offset[d]);
      handles_->all.push_back(handles_->task(offset, shape));
      for (std::size_t d = grid_.size(); d-- > 0;) {  // the next place, the last dimension first
        offset[d] += block_shape_[d];
        if (offset[d] < shape_[d]) break;
        offset[d] = 0;
      }
    }
  }

  Extents shape_, block_shape_, grid_;
  std::shared_ptr<Handles> handles_;
  detail::FamilyView family_;
  std::shared_ptr<const detail::LeafOrigin> origin_;
  std::vector<detail::Axis> axes_;
  std::source_location where_;
};

namespace detail {

/// `read` as the function of the blocks of a family of some of a dataset's elements.
template <class T, auto read, class... How>
Block<T> read_box(const std::string& file, const std::string& dataset, const Hdf5Identity& identity,
                  const How&... how, const std::vector<Steps>& elements, const Extents& offset,
                  const Extents& shape) {
  return read(file, dataset, selected(elements, offset, shape), identity, how...).reshaped(shape, offset);
}
/// So many elements are read together along each axis: whole chunks; where there are none, pages.
std::vector<std::int64_t> read_together(const Hdf5Plan& plan);

/// The grid of a dataset, with a task `read(file, dataset, offset, shape, identity, how…)` for each block, or
/// a member of a family, `read_selection(file, dataset, selection, identity, how…)`. They state the bytes of
/// their results. Throws as hdf5_block_shape and hdf5_grid.
template <class T, auto read, auto read_selection, class... How>
Hdf5Grid<T> make_hdf5_grid(const Hdf5Plan& plan, const std::string& dataset, const Hdf5ReadOptions& options,
                           std::source_location where, const How&... how) {
  const Extents block = hdf5_block_shape(plan, sizeof(T), options);
  const Extents grid = hdf5_grid(plan, block);
  warn_of_split_chunks(plan, block);
  const std::string name = "read " + dataset.substr(dataset.find_first_not_of('/') == 1 ? 1 : 0);
  const auto task = delayed<read>.annotate({.name = name, .result_bytes = block.product() * sizeof(T)});
  std::vector<Axis> axes;
  for (std::size_t d = 0; d < plan.shape.size(); ++d)
    axes.push_back(Axis::regular(static_cast<std::int64_t>(plan.shape[d]),
                                 std::max<std::int64_t>(1, static_cast<std::int64_t>(block[d]))));
  auto origin = std::make_shared<LeafOrigin>();
  origin->axes.resize(axes.size());
  origin->grain = read_together(plan);
  origin->family = [=](const std::vector<Axis>& cut, const std::vector<Steps>& elements) {
    return grid_function_family<&read_box<T, read_selection, How...>, T>(
        cut, name, where, plan.file, plan.dataset, plan.identity, how..., elements);
  };
  return Hdf5Grid<T>(
      plan.shape, block, grid,
      [=, file = plan.file, path = plan.dataset, identity = plan.identity](const Extents& offset,
                                                                           const Extents& shape) {
        return task(file, path, offset, shape, identity, how..., where);
      },
      std::move(origin), std::move(axes), where);
}

}  // namespace detail

/// A dataset as a grid of blocks, each a task `read <dataset>`. Looks at the file once, now, and reads
/// nothing but metadata. The file must not change before the last block has been read. A scalar gives one
/// block without dimensions; a dataset without elements none.
///
/// Elements are converted to T where no value can be lost (also integers to floating point, byte order,
/// enumerations to integers), and refused otherwise. Blocks that split chunks, by a block_shape of your own,
/// share them through a cache of 32 MiB on each rank; where that is too small, they read and decode them
/// again each, which a warning says.
///
/// Each block states its bytes (`result_bytes`), so that a dataset larger than memory can be read through.
/// The blocks are placed like other tasks without inputs: contiguous ranges of the grid on each rank. O(1);
/// `blocks` is O(blocks).
///
///   auto particles = ramal::read_hdf5<Particle>("run.h5", "/particles");     // with Hdf5Fields<Particle>
///   auto grid = ramal::read_hdf5<float>("ocean.nc", "/temperature", {.block_shape = {1, 180, 360}});
///   session.compute(grid.at({0, 0, 0}));                      // reads one block
///
/// Throws Hdf5Error, now for all that can be seen now. A task throws it for a damaged chunk, and if the file
/// is not the one seen now any more. Throws std::invalid_argument for options that do not fit.
template <class T>
Hdf5Grid<T> read_hdf5(const std::string& file, const std::string& dataset,
                      const Hdf5ReadOptions& options = {},
                      std::source_location where = std::source_location::current()) {
  return detail::make_hdf5_grid<T, &detail::read_hdf5_block<T>, &detail::read_hdf5_selection<T>>(
      detail::plan_hdf5(file, dataset, detail::Hdf5TypeOf<T>::make()), dataset, options, where);
}

namespace detail {
template <class T>
inline constexpr bool is_number_vector = false;
template <Hdf5Number T>
inline constexpr bool is_number_vector<std::vector<T>> = true;
}  // namespace detail

template <class T>
std::optional<T> read_hdf5_attribute(const std::string& file, const std::string& object,
                                     const std::string& name) {
  static_assert(std::same_as<T, std::string> || detail::Hdf5Number<T> || detail::is_number_vector<T>,
                "ramal: an attribute is read as a number, a std::string, or a std::vector of numbers");
  std::vector<std::byte> memory;
  if constexpr (std::same_as<T, std::string>) {
    return detail::read_hdf5_text(file, object, name);
  } else if constexpr (detail::Hdf5Number<T>) {
    if (!detail::read_hdf5_numbers(memory, detail::Hdf5TypeOf<T>::make(), file, object, name, true))
      return {};
    T value{};
    std::memcpy(&value, memory.data(), sizeof value);
    return value;
  } else {
    using E = typename T::value_type;
    if (!detail::read_hdf5_numbers(memory, detail::Hdf5TypeOf<E>::make(), file, object, name, false))
      return {};
    T values(memory.size() / sizeof(E));
    if (!values.empty()) std::memcpy(values.data(), memory.data(), memory.size());
    return values;
  }
}

}  // namespace ramal
