// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/array_state.hpp>
#include <ramal/detail/pattern_family.hpp>

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace ramal {

std::vector<detail::Axis> Chunks::axes(const Extents& shape, std::size_t element_bytes,
                                       std::source_location where) const {
  std::vector<detail::Axis> axes;
  for (const std::uint64_t length : shape) {
    if (length >> 62 != 0) detail::refuse_array("an array of shape " + shape.text() + " is too large", where);
  }
  if (axes_.empty()) {
    // The last axes whole, as far as that fits; of the next one as much as does.
    constexpr std::uint64_t target = std::uint64_t{16} << 20;
    std::uint64_t left = std::max<std::uint64_t>(1, target / std::max<std::size_t>(1, element_bytes));
    axes.resize(shape.size());
    for (std::size_t d = shape.size(); d-- > 0;) {
      const auto length = static_cast<std::int64_t>(shape[d]);
      const auto width =
          static_cast<std::int64_t>(std::min<std::uint64_t>(left, std::max<std::uint64_t>(1, shape[d])));
      axes[d] = detail::Axis::regular(length, width);
      left = std::max<std::uint64_t>(1, left / static_cast<std::uint64_t>(width));
    }
    return axes;
  }
  if (axes_.size() != shape.size())
    detail::refuse_array("chunks: expected lengths for the " + std::to_string(shape.size()) +
                             " axes of an array of shape " + shape.text() + ", found " +
                             std::to_string(axes_.size()),
                         where);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const auto length = static_cast<std::int64_t>(shape[d]);
    if (!is_exact_) {
      const std::int64_t width = axes_[d].front();
      if (width == 0 || width < -1)
        detail::refuse_array(
            "chunks: expected lengths of 1 or more, or -1 for all of an axis, found " + std::to_string(width),
            where);
      axes.push_back(width < 0 ? detail::Axis::whole(length) : detail::Axis::regular(length, width));
      continue;
    }
    std::int64_t left = length;  // of which no length takes more
    for (const std::int64_t one : axes_[d]) {
      if (one < 0)
        detail::refuse_array("chunks: expected lengths of 0 or more, found " + std::to_string(one), where);
      if (one > left)
        detail::refuse_array("chunks: expected lengths that are " + std::to_string(length) +
                                 " together, as axis " + std::to_string(d) + " of shape " + shape.text() +
                                 ", found more",
                             where);
      left -= one;
    }
    if (left != 0)
      detail::refuse_array("chunks: expected lengths that are " + std::to_string(length) +
                               " together, as axis " + std::to_string(d) + " of shape " + shape.text() +
                               ", found " + std::to_string(length - left),
                           where);
    axes.push_back(detail::Axis::of(axes_[d]));
  }
  return axes;
}

namespace detail {

void refuse_array(const std::string& problem, std::source_location where) { refuse_family(problem, where); }

Extents shape_of(const std::vector<Axis>& axes) {
  Extents shape = Extents::filled(axes.size(), 0);
  for (std::size_t d = 0; d < axes.size(); ++d) shape[d] = static_cast<std::uint64_t>(axes[d].length());
  return shape;
}
Extents ArrayState::shape() const { return shape_of(axes); }
std::int64_t ArrayState::size() const { return static_cast<std::int64_t>(shape().product()); }

namespace {

/// Leaves read no more than the array sees of them. Those that are the same stay the same.
void narrow_leaves(ArrayState& state) {
  const std::vector<ArrayLeaf> before = state.leaves;
  for (std::size_t k = 0; k < before.size(); ++k) {
    if (!before[k].origin) continue;
    const auto same = std::find_if(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(k),
                                   [&](const ArrayLeaf& other) {
                                     return other.source.view.node == before[k].source.view.node &&
                                            other.grid.maps == before[k].grid.maps;
                                   });
    const auto first = static_cast<std::size_t>(same - before.begin());
    state.leaves[k] = first < k ? state.leaves[first] : narrowed(before[k], state.axes);
  }
  if (state.leaves.size() != 1 || state.leaves[0].source.view.node == before[0].source.view.node) return;
  // The only leaf's blocks are the array's, as far as they lie alike.
  const GridSource& grid = state.leaves[0].grid;
  for (std::size_t d = 0; d < grid.maps.size(); ++d)
    if (grid.maps[d] == AxisMap::along(static_cast<int>(grid.maps[d].out)) && grid.maps[d].out >= 0)
      state.axes[static_cast<std::size_t>(grid.maps[d].out)] = grid.axes[d];
}

}  // namespace

ArrayState ArrayState::viewed(const std::vector<ViewAxis>& view, const std::vector<std::int64_t>& fixed,
                              std::source_location line) const {
  if (view.size() > Extents::most)
    refuse_array("an array has at most 8 axes, found " + std::to_string(view.size()), line);
  ArrayState made{.constants = constants, .where = line};
  std::vector<int> to(dims(), -1);  // which axis of the view an axis of this is
  for (std::size_t j = 0; j < view.size(); ++j) {
    const ViewAxis& axis = view[j];
    if (axis.of < 0) {
      made.axes.push_back(Axis::whole(axis.length));
      continue;
    }
    const auto of = static_cast<std::size_t>(axis.of);
    to[of] = static_cast<int>(j);
    const bool is_same = axis.start == 0 && axis.step == 1 && axis.length == axes[of].length();
    made.axes.push_back(is_same ? axes[of] : axes[of].sliced(axis.start, axis.step, axis.length));
  }
  for (const ArrayLeaf& leaf : leaves) {
    ArrayLeaf moved = leaf;
    for (AxisMap& map : moved.grid.maps) {
      if (map.out < 0) continue;
      const auto of = static_cast<std::size_t>(map.out);
      if (to[of] < 0) {
        map.start += map.step * fixed[of];
        map.step = 0;
        map.out = -1;
        continue;
      }
      const ViewAxis& axis = view[static_cast<std::size_t>(to[of])];
      map.start += map.step * axis.start;
      map.step *= axis.step;
      map.out = to[of];
      if (map.step == 0) map.out = -1;
    }
    made.leaves.push_back(std::move(moved));
  }
  narrow_leaves(made);
  return made;
}

namespace {

/// The elements of an axis that a slice names, as Python has it.
ViewAxis sliced_axis(const Slice& slice, int of, std::int64_t length, std::source_location line) {
  if (slice.step == 0) refuse_array("slice: expected a step other than 0", line);
  const std::int64_t lowest = slice.step > 0 ? 0 : -1, highest = slice.step > 0 ? length : length - 1;
  const auto bounded = [&](const std::optional<std::int64_t>& given, std::int64_t otherwise) {
    if (!given) return otherwise;
    return std::clamp(*given < 0 ? *given + length : *given, lowest, highest);
  };
  const std::int64_t start = bounded(slice.start, slice.step > 0 ? lowest : highest);
  const std::int64_t stop = bounded(slice.stop, slice.step > 0 ? highest : lowest);
  const std::int64_t apart = slice.step > 0 ? stop - start : start - stop;
  // Also of the least number, which has no opposite.
  const auto stride =
      slice.step > 0 ? static_cast<std::uint64_t>(slice.step) : 0 - static_cast<std::uint64_t>(slice.step);
  const std::int64_t count =
      apart > 0 ? 1 + static_cast<std::int64_t>(static_cast<std::uint64_t>(apart - 1) / stride) : 0;
  return {of, start, count > 1 ? slice.step : 1, count};
}

}  // namespace

ArrayState ArrayState::indexed(std::span<const IndexPart> parts, std::source_location line) const {
  std::size_t named = 0, ellipses = 0;
  for (const IndexPart& part : parts) {
    named += part.kind == IndexPart::number || part.kind == IndexPart::range || part.kind == IndexPart::whole;
    ellipses += part.kind == IndexPart::others;
  }
  if (named > dims())
    refuse_array("index: expected at most " + std::to_string(dims()) +
                     " numbers and slices for an array of shape " + shape().text() + ", found " +
                     std::to_string(named),
                 line);
  if (ellipses > 1)
    refuse_array("index: expected at most one ellipsis, found " + std::to_string(ellipses), line);
  std::vector<ViewAxis> view;
  std::vector<std::int64_t> fixed(dims(), 0);
  int axis = 0;
  const auto length_of = [&](int of) { return axes[static_cast<std::size_t>(of)].length(); };
  const auto take_whole = [&](std::size_t count) {
    for (; count > 0; --count, ++axis) view.push_back({axis, 0, 1, length_of(axis)});
  };
  for (const IndexPart& part : parts) {
    switch (part.kind) {
      case IndexPart::number: {
        const std::int64_t length = length_of(axis), at = part.at < 0 ? part.at + length : part.at;
        if (at < 0 || at >= length)
          throw std::out_of_range("ramal: index: " + std::to_string(part.at) + " is not within axis " +
                                  std::to_string(axis) + " of an array of shape " + shape().text() + " (" +
                                  line.file_name() + ":" + std::to_string(line.line()) + ")");
        fixed[static_cast<std::size_t>(axis++)] = at;
        break;
      }
      case IndexPart::range:
        view.push_back(sliced_axis(part.slice, axis, length_of(axis), line));
        ++axis;
        break;
      case IndexPart::whole:
        take_whole(1);
        break;
      case IndexPart::inserted:
        view.push_back({});
        break;
      case IndexPart::others:
        take_whole(dims() - named);
        break;
    }
  }
  if (ellipses == 0) take_whole(dims() - named);
  return viewed(view, fixed, line);
}

ArrayState ArrayState::transposed(const std::vector<int>& order, std::source_location line) const {
  std::vector<ViewAxis> view;
  for (const int of : order) view.push_back({of, 0, 1, axes[static_cast<std::size_t>(of)].length()});
  return viewed(view, std::vector<std::int64_t>(dims(), 0), line);
}

ArrayState ArrayState::broadcast(const std::vector<Axis>& to) const {
  std::vector<ViewAxis> view;
  const std::size_t more = to.size() - dims();
  bool is_same = more == 0;
  for (std::size_t j = 0; j < to.size(); ++j) {
    if (j < more) {
      view.push_back({-1, 0, 1, to[j].length()});
      continue;
    }
    const auto of = static_cast<int>(j - more);
    const bool repeats = axes[j - more].length() == 1 && to[j].length() != 1;
    view.push_back({of, 0, repeats ? 0 : 1, to[j].length()});
    is_same = is_same && !repeats;
  }
  ArrayState made = is_same ? *this : viewed(view, std::vector<std::int64_t>(dims(), 0), where);
  made.axes = to;
  return made;
}

bool ArrayState::is_as_made() const {
  if (leaves.size() != 1 || leaves[0].source.is_handle() || leaves[0].grid.axes.size() != dims())
    return false;
  const FamilyView& view = leaves[0].source.view;
  if (!view.node || view.base != 0 || view.shape != view.node->extent) return false;
  for (std::size_t d = 0; d < dims(); ++d)
    if (leaves[0].grid.maps[d] != AxisMap::along(static_cast<int>(d)) || !(leaves[0].grid.axes[d] == axes[d]))
      return false;
  return true;
}

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

namespace {

/// How many members there are in all families that these leaves are made of.
std::int64_t count_tasks(const std::vector<ArrayLeaf>& leaves) {
  std::vector<const FamilyNode*> found;
  std::unordered_set<const FamilyNode*> known{nullptr};
  const auto add = [&](const FamilySource& source) {
    const FamilyNode* node = source.view.node.get();
    if (known.insert(node).second) found.push_back(node);
  };
  for (const ArrayLeaf& leaf : leaves) add(leaf.source);
  std::int64_t tasks = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    tasks += found[i]->extent.volume();
    for (const FamilySource& source : found[i]->sources) add(source);
  }
  return tasks;
}

}  // namespace

std::string array_text(const ArrayState& state, std::string_view type, std::size_t element_bytes,
                       std::string_view made_by) {
  const auto in_units = [](double bytes) {
    const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    int unit = 0;
    for (; bytes >= 1024 && unit < 5; ++unit) bytes /= 1024;
    std::string text = std::to_string(bytes);
    text.resize(text.find('.') + (unit == 0 ? 0 : 2));
    return text + ' ' + units[unit];
  };
  std::int64_t blocks = 1;
  std::string chunk = "(";
  for (const Axis& axis : state.axes) {
    blocks *= axis.count();
    chunk += (chunk.size() > 1 ? ", " : "") + std::to_string(axis.view().widest());
  }
  // A leaf has the name of what makes its blocks.
  const bool is_leaf = state.leaves.size() == 1 && state.constants.empty() && made_by == "copy" &&
                       state.leaves[0].source.view.node != nullptr;
  const std::string name(is_leaf ? state.leaves[0].source.view.node->name() : made_by);
  const std::int64_t tasks = count_tasks(state.leaves) + (state.is_plain() ? 0 : blocks);
  return "Array " + name + ": shape " + state.shape().text() + ", type " + std::string(type) + ", " +
         in_units(static_cast<double>(state.size()) * static_cast<double>(element_bytes)) + " in " +
         std::to_string(blocks) + (blocks == 1 ? " chunk" : " chunks") + " of shape " + chunk + "), " +
         in_units(static_cast<double>(block_bytes(state.axes, element_bytes))) + "; " +
         std::to_string(tasks) + (tasks == 1 ? " task" : " tasks");
}

}  // namespace detail
}  // namespace ramal
