// SPDX-License-Identifier: BSD-3-Clause
// Arrays that are made again with other chunks: families whose members are made element by element are made
// for other boxes, and so are those that these read, down to functions and files.
#include <ramal/detail/array_state.hpp>

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace ramal::detail {

namespace {

class MadeAgain {
 public:
  /// Replaces what is read for blocks that are cut so. False if it has to be read as it is, which is too
  /// much: `problem` says why.
  bool replace(FamilySource& source, GridSource& grid, const std::vector<Axis>& out,
               std::size_t element_bytes, int depth = 0) {
    if (source.is_handle() || source.view.shape.volume() == 1) return true;
    const std::vector<Axis> axes = cut_along(grid, out);
    auto made = family(source.view, axes, element_bytes, depth);
    if (!made) return lacks_an_axis(grid, out);
    source.view = std::move(*made);
    grid.axes = axes;
    return true;
  }
  const std::string& problem() const { return problem_; }

 private:
  struct Made {
    std::vector<Axis> axes;
    FamilyView view;
  };

  /// A source's axes, cut where the axes are that theirs go along; as they were where those cannot be
  /// followed.
  static std::vector<Axis> cut_along(const GridSource& grid, const std::vector<Axis>& out) {
    std::vector<Axis> axes = grid.axes;
    for (std::size_t s = 0; s < axes.size(); ++s) {
      const AxisMap& map = grid.maps[s];
      if (map.out < 0 || map.step != 1 || map.before != 0 || map.after != 0) continue;
      const Axis& along = out[static_cast<std::size_t>(map.out)];
      const AxisView& view = along.view();
      if (map.start == 0 && along.length() == axes[s].length()) {
        axes[s] = along;
      } else if (view.table == nullptr && map.start >= 0) {
        const std::int64_t width = view.count > 1 ? view.width : std::max<std::int64_t>(1, view.length);
        const std::int64_t first = view.count > 1 ? view.first : width;
        axes[s] = Axis::shifted(axes[s].length(), width, (map.start + first - 1) % width + 1);
      }
    }
    return axes;
  }
  static bool lacks_an_axis(const GridSource& grid, const std::vector<Axis>& out) {
    for (std::size_t d = 0; d < out.size(); ++d) {
      const bool has_it = std::ranges::any_of(grid.maps, [d](const AxisMap& map) {
        return map.out == static_cast<std::int64_t>(d) && map.step != 0;
      });
      if (!has_it && out[d].length() > 1) return true;
    }
    return false;
  }

  std::optional<FamilyView> family(const FamilyView& view, const std::vector<Axis>& axes,
                                   std::size_t element_bytes, int depth) {
    const FamilyNode& node = *view.node;
    const bool can_be = node.kind->dependence == &GridPattern::elementwise && node.residence == nullptr &&
                        node.tasks.empty() && view.base == 0 && view.shape == node.extent;
    if (!can_be || depth > most_depth) return refused(node);
    auto& known = made_[&node];
    for (const Made& made : known)
      if (made.axes == axes) return made.view;
    GridParts parts = grid_parts(node.closure.data());
    const std::uint64_t stated = node.traits.wishes.result_bytes, elements = block_bytes(parts.out, 1);
    const std::size_t bytes = stated > 0 && elements > 0 ? stated / elements : element_bytes;
    std::vector<FamilySource> sources = node.sources;
    for (std::size_t k = 0; k < sources.size(); ++k) {
      if (!parts.sources[k].piece.empty()) return refused(node);
      if (!replace(sources[k], parts.sources[k], axes, bytes, depth + 1)) return std::nullopt;
    }
    FamilyView made =
        grid_family(*node.kind, axes, bytes, std::move(sources), parts.sources, parts.parameters, node.where);
    Annotation wishes = node.traits.wishes;
    wishes.result_bytes = made.node->traits.wishes.result_bytes;
    made = made.annotated(std::move(wishes), node.where);
    made_[&node].push_back({axes, made});
    return made;
  }
  std::nullopt_t refused(const FamilyNode& node) {
    problem_ = "blocks of " + std::string(node.name()) + " (" + node.where.file_name() + ":" +
               std::to_string(node.where.line()) + ")" +
               (node.residence != nullptr ? ", which are persisted" : "");
    return std::nullopt;
  }

  /// Expressions of expressions, as far as they are followed.
  static constexpr int most_depth = 2000;

  std::unordered_map<const FamilyNode*, std::vector<Made>> made_;
  std::string problem_;
};

}  // namespace

ArrayState made_again(const ArrayState& state, const std::vector<Axis>& axes, std::size_t element_bytes,
                      std::source_location where) {
  ArrayState made = state;
  made.where = where;
  made.axes = axes;
  MadeAgain again;
  for (ArrayLeaf& leaf : made.leaves) {
    if (!leaf.is_padded && again.replace(leaf.source, leaf.grid, axes, element_bytes)) continue;
    refuse_array("rechunk: with .again, expected what can be made or read again with other chunks, found " +
                     (leaf.is_padded ? "the blocks of a map_overlap" : again.problem()),
                 where);
  }
  return made;
}

}  // namespace ramal::detail
