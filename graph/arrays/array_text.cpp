// SPDX-License-Identifier: BSD-3-Clause
// What print shows of an array.
#include <ramal/detail/array_state.hpp>

#include <unordered_set>

namespace ramal::detail {

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

}  // namespace ramal::detail
