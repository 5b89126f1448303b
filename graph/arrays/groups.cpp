// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/group_reduction.hpp>
#include <ramal/value.hpp>

#include <algorithm>

namespace ramal::detail {

std::vector<std::int64_t> GroupTable::present(std::int64_t low, std::int64_t high) const {
  std::vector<std::int64_t> all;
  for (std::int64_t i = low; i < high; ++i) {
    const std::int64_t group = groups[static_cast<std::size_t>(i)];
    if (group >= 0 && (all.empty() || all.back() != group)) all.push_back(group);
  }
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all;
}

Extents shape_with_rows(const GridCall& call, std::size_t axis, std::size_t rows) {
  Extents shape = box_shape(call);
  shape[axis] = rows;
  return shape;
}

std::vector<std::int64_t> slots_of(const GroupTable& table, std::int64_t low, std::int64_t high,
                                   const std::vector<std::int64_t>& present) {
  std::vector<std::int64_t> slots;
  for (std::int64_t i = low; i < high; ++i) {
    const std::int64_t group = table.groups[static_cast<std::size_t>(i)];
    slots.push_back(group < 0 ? -1 : std::ranges::lower_bound(present, group) - present.begin());
  }
  return slots;
}

MergedGroups::MergedGroups(const GridCall& call, const GroupTable& table, std::size_t axis,
                           const std::vector<std::int64_t>& begins)
    : all(table.present(call.low()[axis], call.high()[axis])) {
  for (std::size_t k = 0; k < begins.size(); ++k)
    of_input.push_back(table.present(begins[k], k + 1 < begins.size() ? begins[k + 1] : call.high()[axis]));
}

namespace {

/// The table's family, which has one member and is cut along no axis.
void add_table(std::vector<FamilySource>& sources, std::vector<GridSource>& grids,
               const FamilySource& table) {
  sources.push_back(table);
  grids.emplace_back();
}

FamilySource checked_table(const std::vector<std::int64_t>& groups, std::int64_t length, std::int64_t count,
                           int axis, std::string_view what, std::source_location where) {
  const std::string name = std::string(what) + ": ";
  if (std::ssize(groups) != length && length >= 0)
    refuse_array(name + "expected a group for each of the " + std::to_string(length) +
                     " elements along axis " + std::to_string(axis) + ", found " +
                     std::to_string(groups.size()),
                 where);
  for (std::size_t i = 0; i < groups.size(); ++i)
    if (groups[i] < -1 || groups[i] >= count)
      refuse_array(name + "expected groups from -1 to " + std::to_string(count - 1) + ", found " +
                       std::to_string(groups[i]) + " for element " + std::to_string(i),
                   where);
  return single_source(value(GroupTable{groups}, where).task_handle());
}

/// Chunks put together in pairs. Empty ones, which nobody reads, go.
Axis paired(const Axis& axis) {
  const AxisView& view = axis.view();
  if (view.table == nullptr && view.first == view.width) return Axis::regular(view.length, 2 * view.width);
  std::vector<std::int64_t> lengths;
  for (std::int64_t chunk = 0; chunk < view.count; chunk += 2)
    lengths.push_back(view.begin(std::min(chunk + 2, view.count)) - view.begin(chunk));
  return Axis::of(lengths);
}

}  // namespace

ArrayState grouped_state(const GroupKinds& kinds, const ArrayState& state,
                         const std::vector<std::int64_t>& groups, std::int64_t count, std::int64_t given_axis,
                         std::string_view what, std::source_location where) {
  const std::int64_t axis = checked_axis(given_axis, state.dims(), what, where);
  const auto along = static_cast<std::size_t>(axis);
  if (count < 0)
    refuse_array(std::string(what) + ": expected a number of groups, found " + std::to_string(count), where);
  const std::int64_t length = state.axes[along].length();
  const FamilySource table = checked_table(groups, length, count, static_cast<int>(axis), what, where);
  std::vector<std::byte> axis_only;
  append_padded(axis_only, &axis, sizeof axis);

  SharedLeaves shared = share_leaves(state.leaves);
  add_table(shared.sources, shared.grids, table);
  std::vector<std::byte> parameters = std::move(shared.of_leaf);
  parameters.insert(parameters.end(), state.constants.begin(), state.constants.end());
  parameters.insert(parameters.end(), axis_only.begin(), axis_only.end());
  std::vector<Axis> axes = state.axes;
  FamilyView level =
      grid_family(*kinds.partial, axes, 0, std::move(shared.sources), shared.grids, parameters, where);

  const auto above = [&](const Kind& kind, const std::vector<Axis>& out, AxisMap map, std::size_t bytes) {
    ArrayLeaf below = leaf_of(level, axes);
    below.grid.maps[along] = map;
    std::vector<FamilySource> sources{below.source};
    std::vector<GridSource> grids{below.grid};
    add_table(sources, grids, table);
    level = grid_family(kind, out, bytes, std::move(sources), grids, axis_only, where);
    axes = out;
  };
  while (axes[along].count() > 1) {
    std::vector<Axis> fewer = axes;
    fewer[along] = paired(axes[along]);
    above(*kinds.merge, fewer, AxisMap::along(static_cast<int>(axis)), 0);
  }
  std::vector<Axis> out = axes;
  out[along] = Axis::whole(count);
  above(*kinds.spread, out, AxisMap::all(length), kinds.partial_bytes);
  return plain_state(std::move(level), std::move(out), where);
}

ArrayState taken_state(const Kind& kind, std::size_t element_bytes, const ArrayState& values,
                       const std::vector<std::int64_t>& groups, std::int64_t given_axis,
                       const std::vector<std::int64_t>& chunks, std::span<const std::byte> otherwise,
                       std::source_location where) {
  const std::int64_t axis = checked_axis(given_axis, values.dims(), "take_groups", where);
  const auto along = static_cast<std::size_t>(axis);
  const std::int64_t count = values.axes[along].length();
  std::vector<FamilySource> sources{values.leaves.front().source};
  std::vector<GridSource> grids{values.leaves.front().grid};
  grids.front().maps[along] = AxisMap::all(count);
  add_table(sources, grids, checked_table(groups, -1, count, static_cast<int>(axis), "take_groups", where));
  std::vector<std::byte> parameters;
  append_padded(parameters, &axis, sizeof axis);
  parameters.insert(parameters.end(), otherwise.begin(), otherwise.end());

  std::vector<Axis> axes = values.axes;
  Extents row = shape_of(axes);
  for (std::size_t d = 0; d < axes.size(); ++d) row[d] = static_cast<std::uint64_t>(axes[d].view().widest());
  row[along] = groups.size();
  std::vector<std::vector<std::int64_t>> lengths(1, chunks);
  const Chunks cut = chunks.empty() ? Chunks() : Chunks(lengths);
  axes[along] = chunks.empty() ? cut.axes(row, element_bytes, where)[along]
                               : cut.axes({groups.size()}, element_bytes, where).front();
  FamilyView family = grid_family(kind, axes, element_bytes, std::move(sources), grids, parameters, where);
  return plain_state(std::move(family), std::move(axes), where);
}

}  // namespace ramal::detail
