// SPDX-License-Identifier: BSD-3-Clause
// Datasets of a file that all ranks write together, in one collective task: what it is given.
//
// An array's blocks reach it gathered: a member of a family holds those of a box of the chunk grid, where
// most of them are, without copying any. So rank 0 has a handle for each of at most `most_gathered` boxes,
// however many blocks there are.
//
//   blocks, 6 x 4, of 3 ranks      gathered into 6 x 1      given to the collective task
//   0 0 0 0                        0                        rank 0: two lists of 4 blocks
//   0 0 0 0                        0                        rank 1: two lists of 4 blocks
//   1 1 1 1  …                     1  …                     …
#pragma once

#include <ramal/collective.hpp>
#include <ramal/detail/grid_function.hpp>
#include <ramal/hdf5_type.hpp>
#include <ramal/hdf5_write_options.hpp>

namespace ramal::detail {

/// A block of any type.
struct Hdf5AnyBlock {
  Extents shape = {}, offset = {};
  Block<std::byte> memory = {};
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& shape& offset& memory;
  }
};
/// A box of a dataset: elements that lie side by side, or blocks that make it up.
struct Hdf5Piece {
  const void* memory = nullptr;
  Extents offset = {}, shape = {};
  std::span<const Hdf5AnyBlock> parts = {};
};
/// One of several datasets: what it is, and this rank's pieces of it.
struct Hdf5Job {
  std::string dataset = {};
  Hdf5Type type = {};
  Hdf5WriteOptions options = {};  ///< those of files do not count
  std::vector<Hdf5Piece> mine = {};
  /// All ranks' pieces are an array's blocks: they make up `options.shape`, so that nobody has to look.
  bool is_array = false;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {  // without the pieces, which have addresses
    archive& dataset& type& options& is_array;
  }
};
/// Writes all ranks' pieces of several datasets into one file. Collective over the communicator. Throws on
/// all ranks or none, as Communicator::agree does: Hdf5Error where it failed.
void write_hdf5_jobs(Communicator& communicator, const std::vector<Hdf5Job>& jobs, const std::string& file,
                     const Hdf5FileOptions& options);
/// The same of one.
void write_hdf5_pieces(Communicator& communicator, const std::vector<Hdf5Piece>& mine, const Hdf5Type& type,
                       const std::string& file, const std::string& dataset, const Hdf5WriteOptions& options);

/// Some blocks of one of the datasets that are written together.
struct Hdf5Blocks {
  std::uint64_t entry = 0;
  std::vector<Hdf5AnyBlock> all = {};
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& entry& all;
  }
};
/// The bytes of a block's elements, seen where they are; `owner` keeps them there.
template <class T>
Hdf5AnyBlock any_block(const Block<T>& block, std::shared_ptr<void> owner) {
  auto* bytes = const_cast<std::byte*>(reinterpret_cast<const std::byte*>(block.data()));
  return {block.shape(), block.offset(),
          Block<std::byte>::wrap(bytes, {block.size() * sizeof(T)}, {}, std::move(owner))};
}
/// A block whose last use this is keeps its memory; another is copied.
template <class T>
Hdf5Blocks only_block(Block<T> block, std::uint64_t entry) {
  const auto owner = std::make_shared<Block<T>>(std::move(block));
  return {entry, {any_block(*owner, owner)}};
}
/// The piece that is made up of these blocks, of which there is one at least. Only refers to them.
Hdf5Piece piece_of(std::span<const Hdf5AnyBlock> parts);
/// Copies the elements of a piece's parts to where they lie in it.
void assemble(const Hdf5Piece& piece, std::size_t element_bytes, std::byte* to);
/// Each of these lists becomes a piece of its job, so that there is one call of HDF5 for it. They only refer
/// to it.
void add_pieces(Inputs<Hdf5Blocks> lists, std::vector<Hdf5Job>& jobs);
void write_hdf5_lists(Communicator& communicator, Inputs<Hdf5Blocks> mine, const std::string& file,
                      const std::vector<Hdf5Job>& jobs, const Hdf5FileOptions& options);

/// All blocks that a member is given, in one list that shares them. The one parameter is the entry.
template <class T>
struct Hdf5GatherThunk {
  static constexpr std::string_view name = "gather";
  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    Hdf5Blocks made{.entry = closure_as<std::uint64_t>(call.parameters().data())};
    const GridCall::Source& source = call.sources()[0];
    for (std::size_t k = source.first; k < source.first + source.blocks; ++k) {
      const auto owner = std::make_shared<Value>(frame.input(k));
      made.all.push_back(any_block(owner->template get<Block<T>>(), owner));
    }
    result.emplace<Hdf5Blocks>(std::move(made));
  }
};
/// Axes of at most so many chunks in all, each of neighbouring ones of these. The first axes, along which
/// ranks have most of their neighbours, stay as they are as far as that is possible.
std::vector<Axis> gathering_axes(const std::vector<Axis>& axes, std::int64_t most);

/// Handles to lists of all blocks of an array that is cut so.
template <class T>
std::vector<Delayed<Hdf5Blocks>> gathered_blocks(const Family<Block<T>>& blocks,
                                                 const std::vector<Axis>& axes, std::uint64_t entry,
                                                 std::source_location where) {
  constexpr std::int64_t most_gathered = 4096;
  const ArrayLeaf leaf = leaf_of(blocks.view(), axes);
  FamilyView view =
      grid_family(grid_kind<Hdf5GatherThunk<T>, Hdf5Blocks>, gathering_axes(axes, most_gathered), sizeof(T),
                  {leaf.source}, {leaf.grid}, closure_of(entry), where);
  Annotation wishes = view.node->traits.wishes;
  wishes.result_bytes = 0;  // it takes none beside those of its blocks
  return Family<Hdf5Blocks>(view.annotated(std::move(wishes), where)).members();
}

}  // namespace ramal::detail
