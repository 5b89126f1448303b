// SPDX-License-Identifier: BSD-3-Clause
#include "graph/arrays/closure_words.hpp"

#include <ramal/detail/reshape.hpp>

#include <algorithm>

namespace ramal::detail {

// --- shapes -----------------------------------------------------------------------------------------------

Extents reshaped_shape(const Extents& from, const std::vector<std::int64_t>& to, std::source_location where) {
  const auto text = [&to] {
    std::string all = "(";
    for (const std::int64_t length : to) all += (all.size() > 1 ? ", " : "") + std::to_string(length);
    return all + ')';
  };
  if (to.size() > Extents::most)
    refuse_array("reshape: expected at most 8 axes, found " + std::to_string(to.size()), where);
  const auto size = from.product();
  std::uint64_t known = 1;
  std::size_t unknown = to.size();
  Extents shape = Extents::filled(to.size(), 0);
  for (std::size_t d = 0; d < to.size(); ++d) {
    if (to[d] < -1 || (to[d] == -1 && unknown < to.size()))
      refuse_array("reshape: expected lengths of 0 or more and at most one of -1, found " + text(), where);
    if (to[d] == -1) {
      unknown = d;
      continue;
    }
    shape[d] = static_cast<std::uint64_t>(to[d]);
    // Lengths beyond all elements are wrong already, and could not be multiplied.
    known = shape[d] == 0 || known <= size / shape[d] ? known * shape[d] : size + 1;
  }
  if (std::ranges::find(to, 0) != to.end()) known = 0;
  const bool is_told = unknown == to.size();
  if (is_told ? known != size : known == 0 || size % known != 0)
    refuse_array("reshape: expected as many elements as shape " + from.text() + " has, found " + text(),
                 where);
  if (!is_told) shape[unknown] = size / known;
  return shape;
}

namespace {

std::vector<ReshapeGroup> grouped(const std::vector<Axis>& from, const Extents& shape) {
  std::vector<ReshapeGroup> groups;
  const int in_dims = static_cast<int>(from.size()), out_dims = static_cast<int>(shape.size());
  for (int i = 0, j = 0; i < in_dims || j < out_dims;) {
    ReshapeGroup group{i, i, j, j};
    std::int64_t in = 1, out = 1;
    do {
      if (i < in_dims && (in <= out || j == out_dims)) {
        in *= from[static_cast<std::size_t>(i++)].length();
      } else {
        out *= static_cast<std::int64_t>(shape[static_cast<std::size_t>(j++)]);
      }
    } while (in != out);
    group.in_end = i;
    group.out_end = j;
    groups.push_back(group);
  }
  return groups;
}

/// The one axis of some that is longer than 1; nothing if there are none or several.
template <class LengthOf>
std::optional<int> only_long(int begin, int end, const LengthOf& length_of) {
  std::optional<int> found;
  for (int d = begin; d < end; ++d) {
    if (length_of(d) == 1) continue;
    if (found) return std::nullopt;
    found = d;
  }
  return found;
}

/// The cuts of a group's axes that are merged or split, into `axes`.
void cut_group(const std::vector<Axis>& from, const ReshapeGroup& group, const Extents& shape,
               std::vector<Axis>& axes) {
  const auto length_of = [&](int d) { return static_cast<std::int64_t>(shape[static_cast<std::size_t>(d)]); };
  // Blocks that are row-major intervals are cut along the first axis alone.
  int first = group.in_begin;
  while (from[static_cast<std::size_t>(first)].length() == 1) ++first;
  std::int64_t row = 1, block = 1;
  bool is_line = true;
  for (int s = group.in_begin; s < group.in_end; ++s) {
    const Axis& axis = from[static_cast<std::size_t>(s)];
    block *= std::max<std::int64_t>(1, axis.view().widest());
    if (s == first) continue;
    row *= axis.length();
    is_line = is_line && axis.count() == 1;
  }
  const auto only = only_long(group.out_begin, group.out_end, length_of);
  if (is_line && only) {
    axes[static_cast<std::size_t>(*only)] = stretched_axis(from[static_cast<std::size_t>(first)], row);
    return;
  }
  for (int d = group.out_end; d-- > group.out_begin;) {
    const std::int64_t width = std::min(block, length_of(d));
    axes[static_cast<std::size_t>(d)] = Axis::regular(length_of(d), width);
    block = std::max<std::int64_t>(1, block / width);
    if (width < length_of(d)) block = 1;
  }
}

}  // namespace

ReshapePlan plan_reshape(const std::vector<Axis>& from, const Extents& shape) {
  ReshapePlan plan{.groups = grouped(from, shape),
                   .axes = std::vector<Axis>(shape.size(), Axis::whole(1)),
                   .of = std::vector<int>(shape.size(), -1)};
  for (const ReshapeGroup& group : plan.groups) {
    const auto in = only_long(group.in_begin, group.in_end,
                              [&](int s) { return from[static_cast<std::size_t>(s)].length(); });
    const auto out = only_long(group.out_begin, group.out_end, [&](int d) {
      return static_cast<std::int64_t>(shape[static_cast<std::size_t>(d)]);
    });
    if (in && out) {
      plan.axes[static_cast<std::size_t>(*out)] = from[static_cast<std::size_t>(*in)];
      plan.of[static_cast<std::size_t>(*out)] = *in;
    } else if (std::any_of(from.begin() + group.in_begin, from.begin() + group.in_end,
                           [](const Axis& axis) { return axis.length() != 1; })) {
      plan.is_view = false;
      cut_group(from, group, shape, plan.axes);
    }
  }
  return plan;
}

// --- the pattern ------------------------------------------------------------------------------------------
//
// Words of the closure: dims of the result, of the source, groups; the result's axes; the source's; of each
// group where its axes begin and end.

std::vector<std::byte> reshape_closure(const ReshapePlan& plan, const std::vector<Axis>& from) {
  ClosureWords words;
  words.word(static_cast<std::int64_t>(plan.axes.size()));
  words.word(static_cast<std::int64_t>(from.size()));
  words.word(static_cast<std::int64_t>(plan.groups.size()));
  for (const Axis& axis : plan.axes) words.axis(axis);
  for (const Axis& axis : from) words.axis(axis);
  for (const ReshapeGroup& group : plan.groups)
    for (const int value : {group.in_begin, group.in_end, group.out_begin, group.out_end}) words.word(value);
  return std::move(words).bytes();
}

namespace {

class ReshapeView {
 public:
  explicit ReshapeView(const std::byte* closure) : words_(closure) {}
  int dims() const { return static_cast<int>(words_.word(0)); }
  int groups() const { return static_cast<int>(words_.word(2)); }
  AxisView out(int d) const { return words_.axis(3 + axis_words * static_cast<std::size_t>(d)); }
  AxisView in(int s) const { return words_.axis(3 + axis_words * static_cast<std::size_t>(dims() + s)); }
  ReshapeGroup group(int g) const {
    const auto at = 3 + axis_words * static_cast<std::size_t>(words_.word(0) + words_.word(1));
    const auto words = words_.words(at + 4 * static_cast<std::size_t>(g), 4);
    return {static_cast<int>(words[0]), static_cast<int>(words[1]), static_cast<int>(words[2]),
            static_cast<int>(words[3])};
  }
  /// The positions of a member's block in a group.
  IndexInterval line(const ReshapeGroup& group, const Index& place) const {
    std::int64_t first = 0, last = 0;
    for (int d = group.out_begin; d < group.out_end; ++d) {
      const AxisView axis = out(d);
      const std::int64_t low = axis.begin(place[d]), high = axis.end(place[d]);
      if (low >= high) return {0, 0};
      first = first * axis.length + low;
      last = last * axis.length + high - 1;
    }
    return {first, last + 1};
  }
  std::int64_t chunks(const ReshapeGroup& group) const {
    std::int64_t count = 1;
    for (int s = group.in_begin; s < group.in_end; ++s) count *= in(s).count;
    return count;
  }

 private:
  ClosureView words_;
};

/// Which chunks of a group's axes an interval of positions touches, as numbers row by row.
class Touched {
 public:
  Touched(const ReshapeView& view, const ReshapeGroup& group, const IndexInterval& line)
      : end_(group.in_end) {
    for (int s = group.in_begin; s < group.in_end; ++s) axes_[static_cast<std::size_t>(s)] = view.in(s);
    if (line.empty()) return;
    std::int64_t length = 1;
    for (int s = group.in_end; s-- > group.in_begin;) {
      behind_[static_cast<std::size_t>(s)] = length;
      length *= axes_[static_cast<std::size_t>(s)].length;
    }
    touch(group.in_begin, line, 0);
    std::ranges::sort(numbers_);
    numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
  }
  const std::vector<std::int64_t>& numbers() const { return numbers_; }

 private:
  /// `line` counts from where the axes from s on begin.
  void touch(int s, const IndexInterval& line, std::int64_t number) {
    if (s == end_) {
      numbers_.push_back(number);
      return;
    }
    const AxisView& axis = axes_[static_cast<std::size_t>(s)];
    const std::int64_t row = behind_[static_cast<std::size_t>(s)];
    const std::int64_t first = line.low / row, last = (line.high - 1) / row;
    const std::int64_t from = axis.find(first), to = axis.find(last);
    number *= axis.count;
    if (first == last) {
      touch(s + 1, {line.low - first * row, line.high - first * row}, number + from);
      return;
    }
    // Of the first and the last row a part may be touched, of those between all.
    const bool first_whole = line.low == first * row, last_whole = line.high == (last + 1) * row;
    if (!first_whole) touch(s + 1, {line.low - first * row, row}, number + from);
    const IndexInterval whole{first_whole ? first : first + 1, last_whole ? last + 1 : last};
    for (std::int64_t chunk = from; chunk <= to; ++chunk) {
      if (std::max(axis.begin(chunk), whole.low) < std::min(axis.end(chunk), whole.high))
        touch(s + 1, {0, row}, number + chunk);
    }
    if (!last_whole) touch(s + 1, {0, line.high - last * row}, number + to);
  }

  std::array<AxisView, Index::most_dims> axes_;
  std::array<std::int64_t, Index::most_dims> behind_{};  ///< elements of one row of an axis
  int end_;
  std::vector<std::int64_t> numbers_;
};

void reshape_reads(const std::byte* closure, const Index& place, Reads& out) {
  const ReshapeView view(closure);
  std::vector<std::int64_t> numbers{0}, more;
  for (int g = 0; g < view.groups(); ++g) {
    const ReshapeGroup group = view.group(g);
    const Touched touched(view, group, view.line(group, place));
    const std::int64_t chunks = view.chunks(group);
    more.clear();
    for (const std::int64_t number : numbers)
      for (const std::int64_t chunk : touched.numbers()) more.push_back(number * chunks + chunk);
    numbers.swap(more);
  }
  for (const std::int64_t number : numbers) out.add_number(0, number, 0);
}

void reshape_readers(const std::byte* closure, const Index& extent, std::uint32_t, const Region& of,
                     std::vector<Region>& boxes) {
  const ReshapeView view(closure);
  Region box = Region::whole(extent);
  for (int g = 0; g < view.groups(); ++g) {
    const ReshapeGroup group = view.group(g);
    std::int64_t first = 0, last = 0, length = 1;
    for (int s = group.in_begin; s < group.in_end; ++s) {
      const AxisView axis = view.in(s);
      const std::int64_t low = axis.begin(of.low[s]), high = axis.end(of.high[s] - 1);
      if (low >= high) return;
      first = first * axis.length + low;
      last = last * axis.length + high - 1;
      length *= axis.length;
    }
    // From the first position to the last: as far as both have the same indices a part of an axis, then what
    // lies between two indices, then all.
    bool is_same = true;
    for (int d = group.out_begin; d < group.out_end && is_same; ++d) {
      const AxisView axis = view.out(d);
      length /= axis.length;
      const std::int64_t low = first / length, high = last / length;
      box.low[d] = axis.find(low);
      box.high[d] = axis.find(high) + 1;
      is_same = low == high;
      first %= length;
      last %= length;
    }
  }
  boxes.push_back(box);
}

/// Words: dims, low, high; groups; of each its positions, its axes' lengths behind their number, and pieces.
void reshape_literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out) {
  const ReshapeView view(closure);
  append_word(out, view.dims());
  for (int d = 0; d < view.dims(); ++d) append_word(out, view.out(d).begin(place[d]));
  for (int d = 0; d < view.dims(); ++d) append_word(out, view.out(d).end(place[d]));
  append_word(out, view.groups());
  for (int g = 0; g < view.groups(); ++g) {
    const ReshapeGroup group = view.group(g);
    const IndexInterval line = view.line(group, place);
    append_word(out, line.low);
    append_word(out, line.high);
    append_word(out, group.in_end - group.in_begin);
    for (int s = group.in_begin; s < group.in_end; ++s) append_word(out, view.in(s).length);
    append_word(out, static_cast<std::int64_t>(Touched(view, group, line).numbers().size()));
  }
}

}  // namespace

constinit const Dependence reshape_dependence{
    .reads = &reshape_reads, .readers = &reshape_readers, .literals = &reshape_literals};

}  // namespace ramal::detail
