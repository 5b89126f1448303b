// SPDX-License-Identifier: BSD-3-Clause
// A family program's byte form.
#include "graph/families/program.hpp"

#include <string>

namespace ramal::detail {

namespace {

struct NodeHead {
  KindRef kind;
  Index extent;
  std::array<std::int32_t, Index::most_dims> parts;
  std::int32_t only_rank, priority;
  std::uint32_t threads;
  std::uint8_t steps, reads_itself, is_task, placed_in_time, asked;  // 0 or 1: another byte is no bool
  Pace pace;
  std::int32_t loop, left_by;
  std::uint32_t sources, seen;
  Region needed;
  Footprint footprint;
  std::int64_t front, last, rows, period, periodic_from;
  ValueId kept;
  std::uint64_t closure_bytes, given, result_bytes;
};

struct LoopHead {
  std::int64_t steps, front, epilogue, rows, done;
  std::uint32_t first_left, states;
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
  writer.raw(program.run);
  writer.raw(program.ranks);
  writer.raw(program.rows);
  writer.raw(program.chunks);
  writer.raw(program.fronts);
  writer.raw(program.done);
  writer.raw(static_cast<std::uint64_t>(program.nodes.size()));
  writer.raw(static_cast<std::uint64_t>(program.loops.size()));
  writer.raw(static_cast<std::uint64_t>(program.wants.size()));
  writer.raw(static_cast<std::uint64_t>(program.keeps.size()));
  for (const ProgramNode& node : program.nodes) {
    writer.raw(NodeHead{.kind = images.refer(*node.kind),
                        .extent = node.extent,
                        .parts = node.parts,
                        .only_rank = node.only_rank,
                        .priority = node.priority,
                        .threads = node.threads,
                        .steps = node.steps,
                        .reads_itself = node.reads_itself,
                        .is_task = node.is_task,
                        .placed_in_time = node.placed_in_time,
                        .asked = node.asked,
                        .pace = node.pace,
                        .loop = node.loop,
                        .left_by = node.left_by,
                        .sources = static_cast<std::uint32_t>(node.sources.size()),
                        .seen = node.seen,
                        .needed = node.needed,
                        .footprint = node.footprint,
                        .front = node.front,
                        .last = node.last,
                        .rows = node.rows,
                        .period = node.period,
                        .periodic_from = node.periodic_from,
                        .kept = node.kept,
                        .closure_bytes = node.closure.size(),
                        .given = node.given.size(),
                        .result_bytes = node.result_bytes});
    write_items(writer, node.sources);
    write_items(writer, node.given);
    write_items(writer, node.closure);
  }
  for (const ProgramLoop& loop : program.loops) {
    writer.raw(LoopHead{loop.steps, loop.front, loop.epilogue, loop.rows, loop.done, loop.first_left,
                        static_cast<std::uint32_t>(loop.states.size())});
    write_items(writer, loop.states);
  }
  write_items(writer, program.wants);
  write_items(writer, program.keeps);
}

void require(bool is_so, const char* what) {
  if (!is_so) throw DecodeError(std::string("a program is damaged: ") + what);
}

void check_shape(const Index& shape) {
  require(shape.dims >= 0 && shape.dims <= Index::most_dims, "the dimensions of an extent");
  require(checked_volume(shape).has_value(), "the size of a family");
}

void check_node(const FamilyProgram& program, std::uint32_t i) {
  const ProgramNode& node = program.nodes[i];
  check_shape(node.extent);
  require(node.extent.dims >= 1, "a family without dimensions");
  std::int64_t parts = 1;
  for (const std::int32_t part : node.parts) {
    require(part >= 1, "the parts of a family");
    parts *= part;
    require(parts <= program.ranks, "the parts of a family");
  }
  require(node.only_rank < static_cast<std::int32_t>(program.ranks), "the rank of a family");
  require(node.threads >= 1 && node.rows >= 1 && node.period >= 0 && node.periodic_from >= 0,
          "a family's numbers");
  require(node.pace <= Pace::by_chunks, "the pace of a family");
  require(node.pace != Pace::by_chunks || (node.footprint.rows >= 1 && node.footprint.row >= 1),
          "a family's footprint");
  require(node.footprint.wraps <= 1, "what is yes or no of a family's footprint");
  require(0 <= node.front && node.front <= node.last && node.last < program.fronts, "a family's fronts");
  const auto loops = static_cast<std::int32_t>(program.loops.size());
  require(node.loop < loops && node.left_by < loops, "the loop of a family");
  require(node.seen <= node.sources.size(), "the sources of a family");
  require(node.given.empty() || static_cast<std::int64_t>(node.given.size()) == node.extent.volume(),
          "given members");
  for (const GivenMember& member : node.given) require(member.rank < program.ranks, "the rank of a member");
  const bool is_empty = node.extent.volume() == 0;  // of handles, it needs none
  require(is_empty || node.exists() || node.kind->sort == (node.is_task ? Sort::task : Sort::member),
          "what sort of tasks a family has");
  require(node.kind->parameters.count <= InputCounts().size(), "a family's parameters");
  require(node.needed.low.dims == node.extent.dims && node.needed.high.dims == node.extent.dims,
          "what is needed of a family");
  for (const ProgramSource& source : node.sources) {
    check_shape(source.shape);
    require(source.when <= When::at_first && source.other <= node.sources.size(), "when a source is read");
    require(source.node < program.nodes.size() && (source.node <= i || source.when == When::step_before),
            "the order of families");
    const Index& whole = program.nodes[source.node].extent;
    const std::int64_t all = source.in_step() ? within_step(whole).volume() : whole.volume();
    require(source.base >= 0 && source.base <= all && source.shape.volume() <= all - source.base,
            "the part of a source that is read");
  }
}

/// What is another rank's word is held against what it may be before anything follows it.
void check(const FamilyProgram& program) {
  require(program.ranks >= 1 && program.rows >= 1 && program.chunks >= 1 && program.fronts >= 0,
          "its numbers");
  const auto nodes = program.nodes.size();
  for (std::uint32_t i = 0; i < nodes; ++i) check_node(program, i);
  for (const ProgramLoop& loop : program.loops) {
    require(loop.steps >= 1 && loop.rows >= 1 && loop.front >= 0 && loop.epilogue > loop.front,
            "a loop's numbers");
    require(loop.done < static_cast<std::int64_t>(nodes), "a loop's verdict");
    require(loop.first_left + loop.states.size() <= nodes, "what a loop leaves");
    for (const std::uint32_t state : loop.states) require(state < loop.first_left, "a loop's state");
  }
  for (const ProgramWant& want : program.wants) {
    require(node_of(want.member) < nodes, "a wanted family");
    require(number_of(want.member) < program.nodes[node_of(want.member)].extent.volume(), "a wanted member");
  }
  for (const ProgramKeep& keep : program.keeps) require(keep.node < nodes, "a kept family");
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

FamilyProgram FamilyProgram::decode(std::span<const std::byte> bytes, const Images& images) {
  Reader reader(bytes);
  FamilyProgram program;
  program.run = reader.raw<RunId>();
  program.ranks = reader.raw<std::uint32_t>();
  program.rows = reader.raw<std::int64_t>();
  program.chunks = reader.raw<std::int64_t>();
  program.fronts = reader.raw<std::int64_t>();
  program.done = reader.raw<ValueId>();
  const auto nodes = reader.raw<std::uint64_t>();
  const auto loops = reader.raw<std::uint64_t>();
  const auto wants = reader.raw<std::uint64_t>();
  const auto keeps = reader.raw<std::uint64_t>();
  for (std::uint64_t i = 0; i < nodes; ++i) {
    const auto head = reader.raw<NodeHead>();
    ProgramNode node;
    node.kind = &images.resolve(head.kind);
    node.extent = head.extent;
    node.parts = head.parts;
    node.only_rank = head.only_rank;
    node.priority = head.priority;
    node.threads = head.threads;
    node.result_bytes = head.result_bytes;
    for (const std::uint8_t flag :
         {head.steps, head.reads_itself, head.is_task, head.placed_in_time, head.asked})
      require(flag <= 1, "what is yes or no of a family");
    node.steps = head.steps != 0;
    node.reads_itself = head.reads_itself != 0;
    node.is_task = head.is_task != 0;
    node.placed_in_time = head.placed_in_time != 0;
    node.asked = head.asked != 0;
    node.pace = head.pace;
    node.loop = head.loop;
    node.left_by = head.left_by;
    node.seen = head.seen;
    node.needed = head.needed;
    node.front = head.front;
    node.last = head.last;
    node.rows = head.rows;
    node.period = head.period;
    node.periodic_from = head.periodic_from;
    node.footprint = head.footprint;
    node.kept = head.kept;
    node.sources = read_items<ProgramSource>(reader, head.sources);
    node.given = read_items<GivenMember>(reader, head.given);
    node.closure = read_items<std::byte>(reader, head.closure_bytes);
    program.nodes.push_back(std::move(node));
  }
  for (std::uint64_t i = 0; i < loops; ++i) {
    const auto head = reader.raw<LoopHead>();
    program.loops.push_back({.steps = head.steps,
                             .front = head.front,
                             .epilogue = head.epilogue,
                             .rows = head.rows,
                             .done = head.done,
                             .first_left = head.first_left,
                             .states = read_items<std::uint32_t>(reader, head.states)});
  }
  program.wants = read_items<ProgramWant>(reader, wants);
  program.keeps = read_items<ProgramKeep>(reader, keeps);
  check(program);
  return program;
}

}  // namespace ramal::detail
