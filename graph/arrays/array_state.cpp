// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/array_state.hpp>
#include <ramal/detail/pattern_family.hpp>

#include <algorithm>

namespace ramal::detail {

void refuse_array(const std::string& problem, std::source_location where) { refuse_family(problem, where); }

Extents shape_of(const std::vector<Axis>& axes) {
  Extents shape = Extents::filled(axes.size(), 0);
  for (std::size_t d = 0; d < axes.size(); ++d) shape[d] = static_cast<std::uint64_t>(axes[d].length());
  return shape;
}
Extents ArrayState::shape() const { return shape_of(axes); }
std::int64_t ArrayState::size() const { return static_cast<std::int64_t>(shape().product()); }

std::vector<Axis> broadcast_axes(std::span<const ArrayState* const> arrays, std::string_view what,
                                 std::optional<std::source_location> where) {
  std::size_t dims = 0;
  for (const ArrayState* array : arrays) dims = std::max(dims, array->dims());
  std::vector<Axis> axes;
  for (std::size_t j = 0; j < dims; ++j) {
    const Axis* best = nullptr;
    for (const ArrayState* array : arrays) {
      if (array->dims() + j < dims) continue;
      const Axis& axis = array->axes[array->dims() + j - dims];
      if (best == nullptr || (best->length() == 1 && axis.length() != 1)) {
        best = &axis;
      } else if (axis.length() == best->length()) {
        if (axis.count() > best->count()) best = &axis;  // the smaller blocks
      } else if (axis.length() != 1) {
        std::string shapes;
        for (const ArrayState* one : arrays)
          shapes += (shapes.empty() ? "" : " and ") + one->shape().text() + " (" + one->where.file_name() +
                    ":" + std::to_string(one->where.line()) + ")";
        const std::string problem =
            std::string(what) + ": expected shapes that broadcast to one, found " + shapes;
        if (where) refuse_array(problem, *where);
        throw std::invalid_argument("ramal: " + problem);
      }
    }
    axes.push_back(*best);
  }
  return axes;
}

ArrayLeaf leaf_of(const FamilyView& view, const std::vector<Axis>& axes) {
  ArrayLeaf leaf{{view, {}}, {axes, {}}};
  for (std::size_t d = 0; d < axes.size(); ++d) leaf.grid.maps.push_back(AxisMap::along(static_cast<int>(d)));
  return leaf;
}

SharedLeaves share_leaves(const std::vector<ArrayLeaf>& leaves) {
  SharedLeaves shared;
  for (const ArrayLeaf& leaf : leaves) {
    std::size_t k = 0;
    for (; k < shared.sources.size(); ++k) {
      const FamilySource& known = shared.sources[k];
      if (known.view.node == leaf.source.view.node && known.task.get() == leaf.source.task.get() &&
          known.view.base == leaf.source.view.base && known.view.shape == leaf.source.view.shape &&
          shared.grids[k].maps == leaf.grid.maps)
        break;
    }
    if (k == shared.sources.size()) {
      shared.sources.push_back(leaf.source);
      shared.grids.push_back(leaf.grid);
    }
    shared.of_leaf.push_back(static_cast<std::byte>(k) | (leaf.is_padded ? padded_leaf : std::byte{0}));
  }
  while (shared.of_leaf.size() % 8 != 0) shared.of_leaf.push_back(std::byte{0});
  return shared;
}

int checked_axis(std::int64_t axis, std::size_t dims, std::string_view what, std::source_location where) {
  const auto count = static_cast<std::int64_t>(dims);
  if (axis < -count || axis >= count)
    refuse_array(std::string(what) + ": expected an axis of an array of " + std::to_string(dims) +
                     ", found " + std::to_string(axis),
                 where);
  return static_cast<int>(axis < 0 ? axis + count : axis);
}

std::uint64_t axis_set(std::span<const std::int64_t> axes, std::size_t dims, std::string_view what,
                       std::source_location where) {
  std::uint64_t set = 0;
  for (const std::int64_t axis : axes) {
    const std::uint64_t bit = std::uint64_t{1} << checked_axis(axis, dims, what, where);
    if ((set & bit) != 0)
      refuse_array(std::string(what) + ": axis " + std::to_string(axis) + " was named twice", where);
    set |= bit;
  }
  return axes.empty() ? (std::uint64_t{1} << dims) - 1 : set;
}

std::uint64_t block_bytes(const std::vector<Axis>& axes, std::size_t element_bytes) {
  std::uint64_t bytes = element_bytes;
  for (const Axis& axis : axes) bytes *= static_cast<std::uint64_t>(axis.view().widest());
  return bytes;
}
std::uint64_t stated_bytes(const std::vector<Axis>& axes, std::size_t element_bytes) {
  constexpr std::uint64_t worth_stating = std::uint64_t{64} << 10;
  const std::uint64_t bytes = block_bytes(axes, element_bytes);
  return bytes >= worth_stating ? bytes : 0;
}

FamilyView grid_family(const Kind& kind, const std::vector<Axis>& axes, std::size_t element_bytes,
                       std::vector<FamilySource> sources, const std::vector<GridSource>& grids,
                       std::span<const std::byte> parameters, std::source_location where) {
  return pattern_family(kind, axes, element_bytes, std::move(sources), grid_closure(axes, grids, parameters),
                        where);
}

FamilyView expression_family(const Kind& kind, const ArrayState& state, std::size_t element_bytes,
                             std::span<const std::byte> more, std::source_location where) {
  SharedLeaves shared = share_leaves(state.leaves);
  std::vector<std::byte> parameters = std::move(shared.of_leaf);
  parameters.insert(parameters.end(), state.constants.begin(), state.constants.end());
  parameters.insert(parameters.end(), more.begin(), more.end());
  return grid_family(kind, state.axes, element_bytes, std::move(shared.sources), shared.grids, parameters,
                     where);
}

ArrayState plain_state(FamilyView view, std::vector<Axis> axes, std::source_location where,
                       std::shared_ptr<const LeafOrigin> origin) {
  ArrayLeaf leaf = leaf_of(view, axes);
  leaf.origin = std::move(origin);
  return ArrayState{.axes = std::move(axes), .leaves = {std::move(leaf)}, .where = where};
}

ArrayState reduced_state(FamilyView view, const ArrayState& of, std::uint64_t gone, bool keepdims,
                         std::source_location where) {
  std::vector<Axis> axes = of.axes;
  std::vector<ViewAxis> left;
  for (std::size_t d = 0; d < axes.size(); ++d) {
    if ((gone >> d & 1) != 0) {
      axes[d] = Axis::whole(1);
    } else {
      left.push_back({static_cast<int>(d), 0, 1, axes[d].length()});
    }
  }
  ArrayState made = plain_state(std::move(view), std::move(axes), where);
  return keepdims ? made : made.viewed(left, std::vector<std::int64_t>(of.dims(), 0), where);
}

Axis joined_axis(std::span<const Axis* const> parts) {
  constexpr std::int64_t many = 4096, very_many = std::int64_t{1} << 20;
  std::int64_t chunks = 0, length = 0, width = 1;
  bool is_regular = true;
  for (const Axis* part : parts) {
    chunks += part->count();
    length += part->length();
    is_regular = is_regular && part->view().table == nullptr;
    width = std::max(width, part->view().widest());
  }
  if (chunks > (is_regular ? many : very_many)) return Axis::regular(length, width);
  std::vector<std::int64_t> lengths;
  for (const Axis* part : parts) {
    const AxisView& view = part->view();
    for (std::int64_t chunk = 0; chunk < view.count; ++chunk)
      lengths.push_back(view.end(chunk) - view.begin(chunk));
  }
  return Axis::of(lengths);
}

std::optional<std::vector<Axis>> pieces_between(const std::vector<Axis>& from, const std::vector<Axis>& to) {
  // Along one axis alone, whoever cuts a chunk has its neighbours: what lies in one goes to few ranks.
  bool merges = false, splits = false;
  std::vector<Axis> pieces;
  for (std::size_t d = 0; d < from.size(); ++d) {
    merges = merges || from[d].count() >= 2 * to[d].count();
    splits = splits || to[d].count() >= 2 * from[d].count();
  }
  if (!merges || !splits) return std::nullopt;
  for (std::size_t d = 0; d < from.size(); ++d) pieces.push_back(from[d].refined(to[d]));
  return pieces;
}

void expect_elements(const ArrayState& state, std::uint64_t gone, const char* what,
                     std::source_location where) {
  std::int64_t elements = 1, results = 1;
  for (std::size_t d = 0; d < state.dims(); ++d)
    ((gone >> d & 1) != 0 ? elements : results) *= state.axes[d].length();
  if (elements == 0 && results > 0)
    refuse_array(std::string(what) + ": an array of shape " + state.shape().text() + " has no elements there",
                 where);
}

void expect_size(const Extents& shape, int axis, std::int64_t times, std::uint64_t more,
                 std::string_view what, std::source_location where) {
  __extension__ using Wide = unsigned __int128;
  constexpr Wide most = Wide{1} << 62;
  const auto along = static_cast<std::size_t>(axis);
  const Wide length = Wide{shape[along]} * static_cast<std::uint64_t>(times) + more;
  Wide size = length;
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (d != along) size = std::min(size, most + 1) * shape[d];
  if (length <= most && size <= most) return;
  refuse_array(
      std::string(what) + ": an array of shape " + shape.text() + ' ' +
          (times > 1 ? std::to_string(times) + " times" : "with " + std::to_string(more) + " elements more") +
          " along axis " + std::to_string(axis) + " is too large",
      where);
}

void expect_blocks(const ArrayState& state, int axis, std::int64_t times, std::string_view what,
                   std::source_location where) {
  std::int64_t room = std::int64_t{1} << 48;
  for (const Axis& one : state.axes) room /= one.count();
  if (times > room)
    refuse_array(std::string(what) + ": an array of shape " + state.shape().text() + ' ' +
                     std::to_string(times) + " times along axis " + std::to_string(axis) +
                     " has more than 2^48 blocks",
                 where);
}

void append_padded(std::vector<std::byte>& bytes, const void* value, std::size_t size) {
  const std::size_t at = bytes.size();
  bytes.resize(at + (size + 7) / 8 * 8);
  std::memcpy(bytes.data() + at, value, size);
}

void Operands::add(const ArrayState& array) {
  arrays_.push_back(array);
  constants_.insert(constants_.end(), array.constants.begin(), array.constants.end());
}

ArrayState Operands::applied() {
  std::vector<const ArrayState*> all;
  for (const ArrayState& array : arrays_) all.push_back(&array);
  ArrayState made{
      .axes = broadcast_axes(all, what_), .constants = std::move(constants_), .where = arrays_[0].where};
  for (const ArrayState& array : arrays_) {
    for (ArrayLeaf& leaf : array.broadcast(made.axes).leaves) made.leaves.push_back(std::move(leaf));
  }
  return made;
}

}  // namespace ramal::detail
