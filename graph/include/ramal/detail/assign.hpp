// SPDX-License-Identifier: BSD-3-Clause
// Arrays with a part replaced. Along each axis the part is start, start + step, …, and its j-th element is
// the j-th of what is assigned, so that the blocks that go together are found by division, for any step.
#pragma once

#include <ramal/detail/pattern_family.hpp>
#include <ramal/detail/walk.hpp>

namespace ramal::detail {

/// The elements of an axis that are assigned to, and which axis of what is assigned goes along with them;
/// below 0: none, it is the same for all.
struct AssignTarget {
  std::int64_t start = 0, step = 1, count = 1, from = -1;
};
struct AssignPlan {
  std::vector<AssignTarget> targets;  ///< for each axis of the array
  ArrayState assigned;                ///< without the axes of length 1 ahead that the part has not
};
/// Throws std::invalid_argument or std::out_of_range for parts that do not fit the axes, and if what is
/// assigned does not broadcast to the part's shape.
AssignPlan plan_assign(const std::vector<Axis>& axes, std::span<const IndexPart> parts,
                       const ArrayState& assigned, std::source_location where);
std::vector<std::byte> assign_closure(const std::vector<Axis>& axes, const std::vector<AssignTarget>& targets,
                                      const std::vector<Axis>& assigned);

/// A member reads its own place of source 0, unless all of it is replaced, and the blocks of source 1 that
/// have elements for it.
extern const Dependence assign_dependence;

/// What such a member is told.
class AssignCall {
 public:
  explicit AssignCall(std::span<const std::byte> literals);
  const ElementBox& box() const { return box_; }
  /// Its own block is the first that is given.
  bool reads_own() const { return reads_own_; }
  /// How many blocks of what is assigned are given behind it.
  std::size_t blocks() const { return from_.blocks; }
  /// Writes what is assigned into the block at its place.
  void copy(const BlockMemory& own, std::span<const BlockMemory> blocks, std::int64_t element_bytes) const;

 private:
  LiteralWords words_;
  ElementBox box_, part_;
  bool reads_own_;
  std::vector<AxisMap> to_maps_, from_maps_;
  GridCall::Source from_;
};

template <class T>
struct AssignThunk {
  static constexpr std::string_view name = "assign";
  using Call = AssignCall;
  static constexpr const Dependence* dependence = &assign_dependence;

  static void run(CallFrame& frame, Value& result) {
    const AssignCall call(frame.literals);
    Block<T> block = own_block(frame, call);
    const std::size_t own = call.reads_own() ? 1 : 0;
    std::vector<BlockMemory> blocks;
    for (std::size_t i = own; i < own + call.blocks(); ++i)
      blocks.push_back(BlockMemory::of(frame.input(i).template get<Block<T>>()));
    if (!blocks.empty()) call.copy(BlockMemory::of(block), blocks, sizeof(T));
    result.emplace<Block<T>>(std::move(block));
  }

 private:
  static Block<T> own_block(CallFrame& frame, const AssignCall& call) {
    if (!call.reads_own()) return Block<T>(call.box().shape(), call.box().offset());
    if (frame.is_last_use(0)) return std::move(frame.input(0).template own<Block<T>>());
    return frame.input(0).template get<Block<T>>();
  }
};

}  // namespace ramal::detail
