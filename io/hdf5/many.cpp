// SPDX-License-Identifier: BSD-3-Clause
// Many files as one dataset: which they are, and what a look at each tells.
#include <ramal/hdf5_many.hpp>

#include <glob.h>

#include <algorithm>
#include <limits>

namespace ramal {

Hdf5Files::Hdf5Files(const std::string& pattern) {
  if (pattern.find_first_of("*?[") == std::string::npos) {
    paths_ = {pattern};
    return;
  }
  glob_t found{};
  const int result = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);  // it would sort by the locale
  if (result == 0) paths_.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (result != 0) throw Hdf5Error("ramal: " + pattern + ": there is no file of such a name");
  std::ranges::sort(paths_);
}

namespace detail {

Hdf5Table::Found Hdf5Table::at(std::int64_t element, std::int64_t step) const {
  const auto next = std::ranges::upper_bound(entries, element, {}, &Hdf5TableEntry::begin);
  const std::int64_t left = next == entries.end() ? std::numeric_limits<std::int64_t>::max()
                                                  : (next->begin - 1 - element) / step + 1;
  return {&*std::prev(next), static_cast<std::uint64_t>(left)};
}

namespace {

/// The same lengths but along the axis.
void expect_same_shape(const Hdf5Plan& first, const Hdf5Plan& other, std::size_t axis) {
  bool fits = first.shape.size() == other.shape.size();
  for (std::size_t d = 0; fits && d < first.shape.size(); ++d)
    fits = d == axis || first.shape[d] == other.shape[d];
  if (!fits)
    throw Hdf5Error("ramal: " + other.file + ": " + other.dataset +
                    ": expected a shape that differs along axis " + std::to_string(axis) +
                    " alone from that in " + first.file + ", " + first.shape.text() + ", found " +
                    other.shape.text());
}

/// Along the axis each file is cut by itself.
std::vector<Axis> axes_of(const std::vector<Hdf5Plan>& plans, std::size_t axis, const Extents& block) {
  std::vector<Axis> axes;
  for (std::size_t d = 0; d < block.size(); ++d) {
    const auto width = std::max<std::int64_t>(1, static_cast<std::int64_t>(block[d]));
    std::vector<std::int64_t> lengths;
    if (d != axis) {
      axes.push_back(Axis::regular(static_cast<std::int64_t>(plans.front().shape[d]), width));
      continue;
    }
    for (const Hdf5Plan& plan : plans) {
      const auto length = static_cast<std::int64_t>(plan.shape[d]);
      for (std::int64_t at = 0; at < length; at += width) lengths.push_back(std::min(width, length - at));
    }
    axes.push_back(Axis::of(lengths));
  }
  return axes;
}

}  // namespace

Hdf5ManyPlan plan_hdf5_many(const Hdf5Files& files, const std::string& dataset, std::int64_t axis,
                            std::size_t element_bytes, const std::optional<Hdf5Type>& wanted,
                            bool mask_and_scale, const Hdf5ReadOptions& options, std::source_location where) {
  if (files.paths().empty()) refuse_array("open_many: expected at least one file", where);
  Hdf5ManyPlan made;
  std::vector<Hdf5Plan> plans;
  std::int64_t begin = 0;
  const Hdf5Plan* longest = nullptr;
  plans.reserve(files.paths().size());
  for (const std::string& path : files.paths()) {
    Hdf5DecodedPlan plan;
    if (wanted) {
      plan.plan = plan_hdf5(path, dataset, wanted);
    } else {
      plan = plan_hdf5_decoded(path, dataset, mask_and_scale);
    }
    if (plans.empty()) made.table.axis = checked_axis(axis, plan.plan.shape.size(), "open_many", where);
    const auto along = static_cast<std::size_t>(made.table.axis);
    plans.push_back(std::move(plan.plan));
    const Hdf5Plan& one = plans.back();
    expect_same_shape(plans.front(), one, along);
    if (longest == nullptr || longest->shape[along] < one.shape[along]) longest = &one;
    if (one.shape[along] == 0) continue;
    made.table.entries.push_back({begin, one.file, one.dataset, one.identity, std::move(plan.decoding)});
    begin += static_cast<std::int64_t>(one.shape[along]);
  }
  const Extents block = hdf5_block_shape(*longest, element_bytes, options);
  warn_of_split_chunks(*longest, block);
  made.read_together = read_together(*longest);
  made.axes = axes_of(plans, static_cast<std::size_t>(made.table.axis), block);
  return made;
}

}  // namespace detail
}  // namespace ramal
