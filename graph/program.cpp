// SPDX-License-Identifier: BSD-3-Clause
#include "graph/program.hpp"

#include <limits>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

namespace ramal::detail {

namespace {

/// Which of `parts` blocks of a length a place is in, and where a block begins.
constexpr std::int64_t block_of(std::int64_t place, std::int64_t parts, std::int64_t length) {
  return place * parts / length;
}
constexpr std::int64_t begin_of(std::int64_t block, std::int64_t parts, std::int64_t length) {
  return (block * length + parts - 1) / parts;
}

/// Of all ways to write `ranks` as a product over the dimensions, the one with the least surface of a block.
class GridSearch {
 public:
  GridSearch(const Index& extent, int first_dim) : extent_(extent), first_(first_dim) {}
  std::array<std::int32_t, Index::most_dims> find(std::int32_t ranks) {
    search(first_, ranks);
    return best_;
  }

 private:
  void search(int dim, std::int32_t left) {
    if (dim == extent_.dims - 1) {
      parts_[static_cast<std::size_t>(dim)] = left;
      if (const double now = cost(); now < least_) {
        least_ = now;
        best_ = parts_;
      }
      return;
    }
    for (std::int32_t parts = 1; parts <= left; ++parts) {
      if (left % parts != 0) continue;
      parts_[static_cast<std::size_t>(dim)] = parts;
      search(dim + 1, left / parts);
    }
  }
  /// Surface of the largest block, and its volume where ranks have nothing to do.
  double cost() const {
    double volume = 1;
    for (int d = first_; d < extent_.dims; ++d) volume *= length(d);
    double surface = 0;
    for (int d = first_; d < extent_.dims; ++d)
      if (parts_[static_cast<std::size_t>(d)] > 1) surface += 2 * volume / length(d);
    return surface + 1e6 * volume;
  }
  double length(int d) const {
    const std::int64_t parts = parts_[static_cast<std::size_t>(d)];
    return static_cast<double>(std::max<std::int64_t>(1, (extent_[d] + parts - 1) / parts));
  }

  const Index& extent_;
  const int first_;
  std::array<std::int32_t, Index::most_dims> parts_{1, 1, 1, 1};
  std::array<std::int32_t, Index::most_dims> best_{1, 1, 1, 1};
  double least_ = std::numeric_limits<double>::infinity();
};

std::array<std::int32_t, Index::most_dims> grid_of(const Index& extent, bool steps, std::uint32_t ranks) {
  const int first = steps ? 1 : 0;
  if (first >= extent.dims) return {1, 1, 1, 1};
  return GridSearch(extent, first).find(static_cast<std::int32_t>(ranks));
}

}  // namespace

std::uint32_t FamilyProgram::owner(std::uint32_t index, const Index& place) const {
  const ProgramNode& node = nodes[index];
  if (!node.given.empty()) return node.given[static_cast<std::size_t>(node.extent.number_of(place))].rank;
  if (node.only_rank >= 0) return static_cast<std::uint32_t>(node.only_rank);
  std::int64_t rank = 0;
  for (int d = node.steps ? 1 : 0; d < node.extent.dims; ++d) {
    const std::int64_t parts = node.parts[static_cast<std::size_t>(d)];
    rank = rank * parts + block_of(place[d], parts, node.extent[d]);
  }
  return static_cast<std::uint32_t>(rank);
}

Region FamilyProgram::block(std::uint32_t index, std::uint32_t rank) const {
  const ProgramNode& node = nodes[index];
  Region region = Region::whole(node.extent);
  if (!node.given.empty()) return region;
  if (node.only_rank >= 0) {
    if (static_cast<std::uint32_t>(node.only_rank) != rank) region.high[0] = 0;
    return region;
  }
  std::int64_t left = rank;
  for (int d = node.extent.dims; d-- > (node.steps ? 1 : 0);) {
    const std::int64_t parts = node.parts[static_cast<std::size_t>(d)];
    const std::int64_t at = left % parts;
    left /= parts;
    region.low[d] = begin_of(at, parts, node.extent[d]);
    region.high[d] = begin_of(at + 1, parts, node.extent[d]);
  }
  if (left > 0) region.high[0] = region.low[0];  // more ranks than the grid has
  return region;
}

std::int64_t FamilyProgram::front(std::uint32_t index, const Index& place) const {
  const ProgramNode& node = nodes[index];
  if (node.pace == Pace::once) return node.front;
  if (node.pace == Pace::by_steps) return node.front + place[0] / rows;
  const std::int64_t first = place[0] * node.width;
  const std::int64_t last = std::min(first + node.width, node.leaves) - 1;
  const std::int64_t rank = block_of(last, ranks, node.leaves);
  if (block_of(first, ranks, node.leaves) != rank) return node.front + chunks - 1;
  const std::int64_t begin = begin_of(rank, ranks, node.leaves);
  const std::int64_t end = begin_of(rank + 1, ranks, node.leaves);
  return node.front + (last - begin) * chunks / (end - begin);
}

std::int64_t FamilyProgram::latest_front(std::uint32_t index, const Region& region) const {
  const ProgramNode& node = nodes[index];
  if (node.pace == Pace::once || region.empty()) return node.front;
  Index last = region.high;
  for (int d = 0; d < last.dims; ++d) --last[d];
  if (node.pace == Pace::by_chunks && region.volume() > 1) return node.last;
  return front(index, last);
}

std::uint32_t PlannedProgram::node(const FamilyNode& family) const {
  for (std::uint32_t i = 0; i < families.size(); ++i)
    if (families[i].get() == &family) return i;
  throw std::logic_error("ramal: a family is not in its program");
}

// --- members ----------------------------------------------------------------------------------------------

static std::string wrong_counts(const ProgramNode& node, const Reads& reads, InputCounts& counts) {
  const MemberShape& shape = node.kind->parameters;
  if (shape.lists == 0) {
    if (reads.all().size() == shape.count) return {};
    return "reads " + std::to_string(reads.all().size()) + " results; its function takes " +
           std::to_string(shape.count);
  }
  std::fill_n(counts.begin(), shape.count, 0);
  for (const Reads::Read& read : reads.all()) ++counts[std::min(read.parameter, shape.count - 1)];
  for (std::uint32_t k = 0; k < shape.count; ++k) {
    if ((shape.lists >> k & 1) == 0 && counts[k] != 1)
      return "reads " + std::to_string(counts[k]) + " results for parameter " + std::to_string(k + 1) +
             ", which takes one";
  }
  return {};
}

std::string read_member(const ProgramNode& node, const Index& place, Reads& reads, InputCounts& counts) {
  reads.begin(node.extent.number_of(place));
  try {
    node.kind->dependence->reads(node.closure.data(), place, reads);
  } catch (const std::exception& error) {
    return std::string("what it reads could not be told: ") + error.what();
  } catch (...) {
    return "what it reads could not be told";
  }
  if (!reads.problem().empty()) return reads.problem();
  if (auto problem = wrong_counts(node, reads, counts); !problem.empty()) return problem;
  if (node.kind->parameters.count > 1 && node.sources.size() > 1)
    std::ranges::stable_sort(reads.all(), {}, &Reads::Read::parameter);
  return {};
}

void write_member_literals(const ProgramNode& node, const Index& place, const InputCounts& counts,
                           std::vector<std::byte>& literals) {
  const auto word = [&literals](std::int64_t number) {
    const std::size_t at = literals.size();
    literals.resize(at + sizeof number);
    std::memcpy(literals.data() + at, &number, sizeof number);
  };
  const MemberShape& shape = node.kind->parameters;
  if (shape.place) {
    word(place.dims);
    for (int d = 0; d < place.dims; ++d) word(place[d]);
  }
  for (std::uint32_t k = 0; k < shape.count; ++k) {
    if ((shape.lists >> k & 1) != 0) word(counts[k]);
  }
}

// --- planning ---------------------------------------------------------------------------------------------

namespace {

class Planner {
 public:
  explicit Planner(const ProgramContext& context) : context_(context) {
    planned_.program.ranks = context.ranks;
  }

  PlannedProgram plan(std::span<const std::shared_ptr<const FamilyNode>> families) {
    for (const auto& family : families) reach(family);
    if (planned_.families.size() >= std::size_t{1} << (64 - member_bits))
      throw std::length_error("ramal: more than 65535 families in one run");
    choose_sizes();
    for (std::uint32_t i = 0; i < program().nodes.size(); ++i) set_fronts(i);
    return std::move(planned_);
  }

 private:
  FamilyProgram& program() { return planned_.program; }

  /// Depth first with a stack of its own: sources before those that read them.
  void reach(const std::shared_ptr<const FamilyNode>& target) {
    struct Visit {
      std::shared_ptr<const FamilyNode> family;
      std::size_t next = 0;
    };
    if (numbers_.contains(target.get())) return;
    std::vector<Visit> stack{{target}};
    while (!stack.empty()) {
      Visit& top = stack.back();
      const bool exists = !top.family->tasks.empty() || kept(*top.family) != 0;
      if (!exists && top.next < top.family->sources.size()) {
        const FamilySource& source = top.family->sources[top.next++];
        if (!source.is_handle() && !numbers_.contains(source.view.node.get()))
          stack.push_back({source.view.node});
        continue;
      }
      const auto family = std::move(top.family);
      stack.pop_back();
      if (!numbers_.contains(family.get())) append(family);
    }
  }
  ValueId kept(const FamilyNode& family) const { return context_.kept ? context_.kept(family) : 0; }

  void append(const std::shared_ptr<const FamilyNode>& family) {
    ProgramNode node;
    node.kind = family->kind;
    node.extent = family->extent;
    node.steps = family->traits.steps || family->traits.reads_itself;
    node.only_rank = family->traits.rank;
    if (node.only_rank >= static_cast<std::int32_t>(context_.ranks)) {
      refuse_family("the family " + std::string(family->name()) + " is to run on rank " +
                        std::to_string(node.only_rank) + ", but there are only " +
                        std::to_string(context_.ranks) + " ranks",
                    family->where);
    }
    node.parts = grid_of(node.extent, node.steps, context_.ranks);
    node.kept = kept(*family);
    for (const TaskHandle& task : family->tasks) node.given.push_back(context_.given(*task.get()));
    if (!node.exists()) {
      node.closure = family->closure;
      node.period = family->traits.period;
      node.settled = family->traits.settled;
      for (const FamilySource& source : family->sources) node.sources.push_back(number(source));
      if (family->traits.reads_itself)
        node.sources.push_back({static_cast<std::uint32_t>(program().nodes.size()), 0, node.extent});
    }
    numbers_.emplace(family.get(), static_cast<std::uint32_t>(program().nodes.size()));
    program().nodes.push_back(std::move(node));
    planned_.families.push_back(family);
  }
  ProgramSource number(const FamilySource& source) {
    if (!source.is_handle())
      return {numbers_.at(source.view.node.get()), source.view.base, source.view.shape};
    const auto [found, is_new] = singles_.emplace(source.task.get(), program().nodes.size());
    if (is_new) {
      ProgramNode node;
      node.kind = &source.task.get()->kind();
      node.extent = Index(1);
      node.given.push_back(context_.given(*source.task.get()));
      program().nodes.push_back(std::move(node));
      planned_.families.push_back(nullptr);
      planned_.held.push_back(source.task);
    }
    return {found->second, 0, Index(1)};
  }

  /// How many rows and chunks make a front.
  void choose_sizes() {
    const std::int64_t members = std::max<std::int64_t>(1, context_.front_members) * context_.ranks;
    std::int64_t row = 1, leaves = 1, lag = 1, period = 1;
    for (const ProgramNode& node : program().nodes) {
      if (node.steps) {
        row = std::max(row, node.row());
        lag = std::max(lag, lag_of(node));
        if (node.period > 0 && period * node.period <= 4096) period = std::lcm(period, node.period);
      } else if (node.extent.dims == 1) {
        leaves = std::max(leaves, node.extent[0]);
      }
    }
    std::int64_t& rows = program().rows;
    rows = std::max(lag, members / row);
    if (rows > period) {
      rows = rows / period * period;
    } else {
      rows = (rows + period - 1) / period * period;
    }
    program().chunks = std::max<std::int64_t>(1, (leaves + members - 1) / members);
  }
  static std::int64_t lag_of(const ProgramNode& node) {
    std::int64_t (*lag)(const std::byte*) = node.exists() ? nullptr : node.kind->dependence->lag;
    return lag != nullptr ? lag(node.closure.data()) : 1;
  }
  bool reads_itself(std::uint32_t i) {
    const auto& sources = program().nodes[i].sources;
    return !sources.empty() && sources.back().node == i;
  }
  bool sees_all(const ProgramSource& source) { return source.shape == program().nodes[source.node].extent; }

  void set_fronts(std::uint32_t i) {
    ProgramNode& node = program().nodes[i];
    std::int64_t after = 0;  // the last front of what is read
    for (const ProgramSource& source : node.sources) {
      if (source.node == i) continue;
      const ProgramNode& from = program().nodes[source.node];
      const bool in_time = node.steps && from.pace == Pace::by_steps && sees_all(source) && !node.exists() &&
                           node.kind->dependence->in_time;
      const bool is_one = source.shape.volume() == 1;
      const std::int64_t last =
          is_one ? program().front(source.node, from.extent.place_of(source.base)) : from.last;
      after = std::max(after, in_time ? from.front : last);
    }
    node.front = node.last = after;
    if (node.steps && !node.exists() && !(reads_itself(i) && lag_of(node) == 0)) {
      node.pace = Pace::by_steps;
      node.last = node.front + std::max<std::int64_t>(0, node.extent[0] - 1) / program().rows;
    } else if (program().chunks > 1 && can_go_by_chunks(node)) {
      node.pace = Pace::by_chunks;
      node.front = 0;
      node.last = program().chunks - 1;
    }
    program().fronts = std::max(program().fronts, node.last + 1);
  }

  /// Leaves of its own, or the same leaves as all it reads, single handles aside.
  bool can_go_by_chunks(ProgramNode& node) {
    if (node.steps || node.only_rank >= 0 || node.extent.dims != 1 || !node.given.empty() ||
        node.extent[0] == 0)
      return false;
    const Alignment alignment = node.kept != 0 ? Alignment::same : node.kind->dependence->alignment;
    if (alignment == Alignment::none) return false;
    std::int64_t leaves = 0, width = 1;
    for (const ProgramSource& source : node.sources) {
      const ProgramNode& from = program().nodes[source.node];
      if (from.pace == Pace::once && source.shape.volume() == 1 && from.last == 0) continue;
      if (from.pace != Pace::by_chunks || !sees_all(source)) return false;
      if (alignment == Alignment::same && source.shape.volume() == 1 && node.extent[0] != 1) return false;
      if (leaves != 0 && (leaves != from.leaves || width != from.width)) return false;
      leaves = from.leaves;
      width = from.width;
    }
    if (leaves == 0 && alignment == Alignment::tree) return false;
    if (alignment == Alignment::tree) width *= closure_as<LevelClosure>(node.closure.data()).arity;
    node.leaves = leaves != 0 ? leaves : node.extent[0];
    node.width = width;
    return true;
  }

  const ProgramContext& context_;
  PlannedProgram planned_;
  std::unordered_map<const FamilyNode*, std::uint32_t> numbers_;
  std::unordered_map<const Task*, std::uint32_t> singles_;
};

}  // namespace

PlannedProgram plan_program(std::span<const std::shared_ptr<const FamilyNode>> families,
                            const ProgramContext& context) {
  return Planner(context).plan(families);
}

std::vector<const Task*> handles_read(std::span<const std::shared_ptr<const FamilyNode>> families,
                                      const std::function<ValueId(const FamilyNode&)>& kept) {
  std::vector<const Task*> handles;
  std::unordered_set<const Task*> seen_handles;
  std::unordered_set<const FamilyNode*> seen;
  std::vector<const FamilyNode*> stack;
  const auto read = [&](const TaskHandle& task) {
    if (task.get() != nullptr && seen_handles.insert(task.get()).second) handles.push_back(task.get());
  };
  for (const auto& family : families) stack.push_back(family.get());
  while (!stack.empty()) {
    const FamilyNode& family = *stack.back();
    stack.pop_back();
    if (!seen.insert(&family).second || (kept && kept(family) != 0)) continue;
    for (const TaskHandle& task : family.tasks) read(task);
    for (const FamilySource& source : family.sources) {
      if (source.is_handle()) {
        read(source.task);
      } else {
        stack.push_back(source.view.node.get());
      }
    }
  }
  return handles;
}

// --- its byte form ----------------------------------------------------------------------------------------

namespace {

constexpr std::uint64_t program_magic = 0x6d'61'72'67'6f'72'70ULL;

struct NodeHead {
  KindRef kind;
  Index extent;
  std::array<std::int32_t, Index::most_dims> parts;
  std::int32_t only_rank;
  std::uint8_t steps;
  Pace pace;
  std::uint16_t sources;
  std::int64_t front, last, period, settled, leaves, width;
  ValueId kept;
  std::uint64_t closure_bytes, given;
};

template <class T>
void write_items(Writer& writer, const std::vector<T>& items) {
  for (const T& item : items) writer.raw(item);
}
template <class T>
std::vector<T> read_items(Reader& reader, std::uint64_t count) {
  if (count > reader.left() / sizeof(T)) throw DecodeError("a program's lengths do not fit together");
  std::vector<T> items(count);
  for (T& item : items) item = reader.raw<T>();
  return items;
}

void write_program(Writer& writer, const FamilyProgram& program, const Images& images) {
  writer.raw(program_magic);
  writer.raw(program.run);
  writer.raw(program.ranks);
  writer.raw(program.rows);
  writer.raw(program.chunks);
  writer.raw(program.fronts);
  writer.raw(program.done);
  writer.raw(static_cast<std::uint64_t>(program.nodes.size()));
  writer.raw(static_cast<std::uint64_t>(program.wants.size()));
  writer.raw(static_cast<std::uint64_t>(program.keeps.size()));
  for (const ProgramNode& node : program.nodes) {
    writer.raw(NodeHead{.kind = images.refer(*node.kind),
                        .extent = node.extent,
                        .parts = node.parts,
                        .only_rank = node.only_rank,
                        .steps = node.steps,
                        .pace = node.pace,
                        .sources = static_cast<std::uint16_t>(node.sources.size()),
                        .front = node.front,
                        .last = node.last,
                        .period = node.period,
                        .settled = node.settled,
                        .leaves = node.leaves,
                        .width = node.width,
                        .kept = node.kept,
                        .closure_bytes = node.closure.size(),
                        .given = node.given.size()});
    write_items(writer, node.sources);
    write_items(writer, node.given);
    write_items(writer, node.closure);
  }
  write_items(writer, program.wants);
  write_items(writer, program.keeps);
}

}  // namespace

std::vector<std::byte> FamilyProgram::encode(const Images& images) const {
  Writer count;
  write_program(count, *this, images);
  std::vector<std::byte> bytes(count.size());
  Writer writer(bytes.data(), bytes.size());
  write_program(writer, *this, images);
  return bytes;
}

bool FamilyProgram::is_program(std::span<const std::byte> bytes) {
  return bytes.size() > sizeof program_magic && closure_as<std::uint64_t>(bytes.data()) == program_magic;
}

FamilyProgram FamilyProgram::decode(std::span<const std::byte> bytes, const Images& images) {
  Reader reader(bytes);
  FamilyProgram program;
  reader.raw<std::uint64_t>();
  program.run = reader.raw<std::uint32_t>();
  program.ranks = reader.raw<std::uint32_t>();
  program.rows = reader.raw<std::int64_t>();
  program.chunks = reader.raw<std::int64_t>();
  program.fronts = reader.raw<std::int64_t>();
  program.done = reader.raw<ValueId>();
  const auto nodes = reader.raw<std::uint64_t>();
  const auto wants = reader.raw<std::uint64_t>();
  const auto keeps = reader.raw<std::uint64_t>();
  for (std::uint64_t i = 0; i < nodes; ++i) {
    const auto head = reader.raw<NodeHead>();
    ProgramNode node;
    node.kind = &images.resolve(head.kind);
    node.extent = head.extent;
    node.parts = head.parts;
    node.only_rank = head.only_rank;
    node.steps = head.steps != 0;
    node.pace = head.pace;
    node.front = head.front;
    node.last = head.last;
    node.period = head.period;
    node.settled = head.settled;
    node.leaves = head.leaves;
    node.width = head.width;
    node.kept = head.kept;
    node.sources = read_items<ProgramSource>(reader, head.sources);
    node.given = read_items<GivenMember>(reader, head.given);
    node.closure = read_items<std::byte>(reader, head.closure_bytes);
    for (const ProgramSource& source : node.sources) {
      if (source.node > i) throw DecodeError("a program's families are out of order");
    }
    program.nodes.push_back(std::move(node));
  }
  program.wants = read_items<ProgramWant>(reader, wants);
  program.keeps = read_items<ProgramKeep>(reader, keeps);
  return program;
}

}  // namespace ramal::detail
