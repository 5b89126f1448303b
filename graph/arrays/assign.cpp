// SPDX-License-Identifier: BSD-3-Clause
#include "graph/arrays/closure_words.hpp"

#include <ramal/detail/assign.hpp>

#include <algorithm>

namespace ramal::detail {

AssignPlan plan_assign(const std::vector<Axis>& axes, std::span<const IndexPart> parts,
                       const ArrayState& assigned, std::source_location where) {
  // The part as a view of an array that has these axes.
  ArrayState whole{.axes = axes, .leaves = {leaf_of({}, axes)}, .where = where};
  const ArrayState part = whole.indexed(parts, where);
  AssignPlan plan{.targets = {}, .assigned = assigned};
  const auto refuse = [&] {
    refuse_array("assign: expected a shape that broadcasts to that of the part, " + part.shape().text() +
                     ", found " + assigned.shape().text(),
                 where);
  };
  while (plan.assigned.dims() > part.dims()) {
    if (plan.assigned.axes[0].length() != 1) refuse();
    const IndexPart first[] = {0};
    plan.assigned = plan.assigned.indexed(first, where);
  }
  std::vector<bool> goes_along(part.dims(), false);
  const std::size_t ahead = part.dims() - plan.assigned.dims();
  for (std::size_t e = 0; e < plan.assigned.dims(); ++e) {
    const std::int64_t length = plan.assigned.axes[e].length();
    if (length != 1 && length != part.axes[ahead + e].length()) refuse();
    goes_along[ahead + e] = length != 1;
  }
  for (const AxisMap& map : part.leaves[0].grid.maps) {
    AssignTarget target{map.start, 1, 1, -1};
    if (map.out >= 0) {
      const auto of = static_cast<std::size_t>(map.out);
      target.step = map.step;
      target.count = part.axes[of].length();
      if (goes_along[of]) target.from = static_cast<std::int64_t>(of - ahead);
    }
    plan.targets.push_back(target);
  }
  return plan;
}

// --- the pattern ------------------------------------------------------------------------------------------
//
// Words of the closure: dims of the array and of what is assigned; the axes of both; the targets.

std::vector<std::byte> assign_closure(const std::vector<Axis>& axes, const std::vector<AssignTarget>& targets,
                                      const std::vector<Axis>& assigned) {
  ClosureWords words;
  words.word(static_cast<std::int64_t>(axes.size()));
  words.word(static_cast<std::int64_t>(assigned.size()));
  for (const Axis& axis : axes) words.axis(axis);
  for (const Axis& axis : assigned) words.axis(axis);
  for (const AssignTarget& target : targets)
    for (const std::int64_t value : {target.start, target.step, target.count, target.from}) words.word(value);
  return std::move(words).bytes();
}

namespace {

class AssignView {
 public:
  explicit AssignView(const std::byte* closure) : words_(closure) {}
  int dims() const { return static_cast<int>(words_.word(0)); }
  int from_dims() const { return static_cast<int>(words_.word(1)); }
  AxisView axis(int d) const { return words_.axis(2 + axis_words * static_cast<std::size_t>(d)); }
  AxisView from(int e) const { return axis(dims() + e); }
  AssignTarget target(int d) const {
    const auto at = 2 + axis_words * static_cast<std::size_t>(dims() + from_dims());
    const auto words = words_.words(at + 4 * static_cast<std::size_t>(d), 4);
    return {words[0], words[1], words[2], words[3]};
  }

 private:
  ClosureView words_;
};

/// Which of a target's elements lie in an interval of its axis.
IndexInterval elements_within(const AssignTarget& target, const IndexInterval& of) {
  const std::int64_t low = target.step > 0 ? of.low - target.start : target.start - of.high + 1;
  const std::int64_t high = target.step > 0 ? of.high - target.start : target.start - of.low + 1;
  const std::int64_t stride = std::abs(target.step);
  return {std::max<std::int64_t>(0, ceil_divided(low, stride)),
          std::min(target.count, ceil_divided(high, stride))};
}

/// What a member reads, and of which part.
struct AssignReads {
  bool own = false, assigned = false;
  std::array<IndexInterval, Index::most_dims> part{};  ///< elements of the targets, along each axis
  /// Along each axis of what is assigned, without those that are empty.
  std::array<std::vector<std::int64_t>, Index::most_dims> chunks;

  AssignReads(const AssignView& view, const Index& place) {
    bool has_elements = true, covers = true;
    assigned = true;
    for (int d = 0; d < view.dims(); ++d) {
      const auto i = static_cast<std::size_t>(d);
      const IndexInterval box{view.axis(d).begin(place[d]), view.axis(d).end(place[d])};
      part[i] = elements_within(view.target(d), box);
      has_elements = has_elements && !box.empty();
      assigned = assigned && !part[i].empty();
      covers = covers && part[i].length() == box.length();
    }
    assigned = assigned && has_elements;
    own = has_elements && !(assigned && covers);
    if (!assigned) return;
    std::array<IndexInterval, Index::most_dims> elements;
    elements.fill({0, 1});
    for (int d = 0; d < view.dims(); ++d) {
      const std::int64_t from = view.target(d).from;
      if (from >= 0) elements[static_cast<std::size_t>(from)] = part[static_cast<std::size_t>(d)];
    }
    for (int e = 0; e < view.from_dims(); ++e) {
      const AxisView axis = view.from(e);
      const IndexInterval& of = elements[static_cast<std::size_t>(e)];
      for (std::int64_t chunk = axis.find(of.low), last = axis.find(of.high - 1); chunk <= last; ++chunk)
        if (axis.begin(chunk) < axis.end(chunk)) chunks[static_cast<std::size_t>(e)].push_back(chunk);
    }
  }
};

void assign_reads(const std::byte* closure, const Index& place, Reads& out) {
  const AssignView view(closure);
  const AssignReads member(view, place);
  if (member.own) out.add(0, view.dims() > 0 ? place : Index(0), 0);
  if (!member.assigned) return;
  std::vector<std::int64_t> numbers{0}, more;
  for (int e = 0; e < view.from_dims(); ++e) {
    more.clear();
    for (const std::int64_t number : numbers)
      for (const std::int64_t chunk : member.chunks[static_cast<std::size_t>(e)])
        more.push_back(number * view.from(e).count + chunk);
    numbers.swap(more);
  }
  for (const std::int64_t number : numbers) out.add_number(1, number, 1);
}

void assign_readers(const std::byte* closure, const Index& extent, std::uint32_t source, const Region& of,
                    std::vector<Region>& boxes) {
  if (source == 0) {
    boxes.push_back(of);
    return;
  }
  const AssignView view(closure);
  Region box = Region::whole(extent);
  for (int d = 0; d < view.dims(); ++d) {
    const AssignTarget target = view.target(d);
    const auto from = static_cast<int>(target.from);
    IndexInterval elements{0, target.count};
    if (from >= 0) elements = {view.from(from).begin(of.low[from]), view.from(from).end(of.high[from] - 1)};
    if (elements.empty()) return;
    const std::int64_t a = target.start + target.step * elements.low;
    const std::int64_t b = target.start + target.step * (elements.high - 1);
    box.low[d] = view.axis(d).find(std::min(a, b));
    box.high[d] = view.axis(d).find(std::max(a, b)) + 1;
  }
  boxes.push_back(box);
}

/// Words: dims, dims of what is assigned; box low, high; part low, high; start and step along each axis; 1 if
/// the own block is read; of each axis of what is assigned along which of the array, and chunks; all blocks.
void assign_literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out) {
  const AssignView view(closure);
  const AssignReads member(view, place);
  append_word(out, view.dims());
  append_word(out, view.from_dims());
  for (int d = 0; d < view.dims(); ++d) append_word(out, view.axis(d).begin(place[d]));
  for (int d = 0; d < view.dims(); ++d) append_word(out, view.axis(d).end(place[d]));
  for (int d = 0; d < view.dims(); ++d) append_word(out, member.part[static_cast<std::size_t>(d)].low);
  for (int d = 0; d < view.dims(); ++d) append_word(out, member.part[static_cast<std::size_t>(d)].high);
  std::array<std::int64_t, Index::most_dims> along;
  along.fill(-1);
  for (int d = 0; d < view.dims(); ++d) {
    const AssignTarget target = view.target(d);
    append_word(out, target.start);
    append_word(out, target.step);
    if (target.from >= 0) along[static_cast<std::size_t>(target.from)] = d;
  }
  append_word(out, member.own);
  for (int e = 0; e < view.from_dims(); ++e) append_word(out, along[static_cast<std::size_t>(e)]);
  std::int64_t blocks = member.assigned;
  for (int e = 0; e < view.from_dims(); ++e) {
    const std::int64_t count = std::ssize(member.chunks[static_cast<std::size_t>(e)]);
    append_word(out, count);
    blocks *= count;
  }
  append_word(out, blocks);
}

}  // namespace

constinit const Dependence assign_dependence{
    .reads = &assign_reads, .readers = &assign_readers, .literals = &assign_literals};

// --- a member ---------------------------------------------------------------------------------------------

AssignCall::AssignCall(std::span<const std::byte> literals) : words_(literals) {
  const auto dims = static_cast<std::size_t>(words_.take()),
             from_dims = static_cast<std::size_t>(words_.take());
  box_.low = words_.take(dims);
  box_.high = words_.take(dims);
  part_.low = words_.take(dims);
  part_.high = words_.take(dims);
  for (std::size_t d = 0; d < dims; ++d) {
    AxisMap map = AxisMap::along(static_cast<int>(d));
    map.start = words_.take();
    map.step = words_.take();
    to_maps_.push_back(map);
  }
  reads_own_ = words_.take() != 0;
  for (std::size_t e = 0; e < from_dims; ++e) {
    const std::int64_t along = words_.take();
    from_maps_.push_back(along < 0 ? AxisMap() : AxisMap::along(static_cast<int>(along)));
  }
  from_.maps = from_maps_;
  from_.counts = words_.take(from_dims);
  from_.blocks = static_cast<std::size_t>(words_.take());
}

void AssignCall::copy(const BlockMemory& own, std::span<const BlockMemory> blocks,
                      std::int64_t element_bytes) const {
  const std::vector<std::int64_t> ones(to_maps_.size(), 1);
  const GridCall::Source to{to_maps_, ones, 0, 1, {}, {}};
  const std::array<Walk::Operand, 2> operands{
      {{&to, &own, element_bytes}, {&from_, blocks.data(), element_bytes}}};
  std::array<int, Index::most_dims> order;
  std::iota(order.begin(), order.end(), 0);
  Walk walk(part_.low, part_.high, operands, std::span(order).first(to_maps_.size()), 0);
  copy_elements(walk, static_cast<std::size_t>(element_bytes));
}

}  // namespace ramal::detail
