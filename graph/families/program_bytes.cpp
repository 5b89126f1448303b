// SPDX-License-Identifier: BSD-3-Clause
// A family program's byte form.
#include "graph/families/program.hpp"

#include <cstring>
#include <string>

namespace ramal::detail {

namespace {

void require(bool is_so, const char* what) {
  if (!is_so) throw DecodeError(std::string("a program is damaged: ") + what);
}

/// Writes what it is called with.
class FieldWriter {
 public:
  FieldWriter(Writer& writer, const Images& images) : writer_(writer), images_(images) {}
  template <class... T>
  void operator()(const T&... fields) {
    (field(fields), ...);
  }
  template <class T, class Fields>
  void list(const std::vector<T>& items, const Fields& fields) {
    writer_.raw(std::uint64_t{items.size()});
    for (const T& item : items) fields(*this, item);
  }

 private:
  template <class T>
  void field(const T& value) {
    writer_.raw(value);
  }
  void field(const bool& value) { writer_.raw(static_cast<std::uint8_t>(value)); }
  /// No more numbers than count.
  void field(const Index& index) {
    writer_.raw(index.dims);
    writer_.bytes(index.at.data(), static_cast<std::size_t>(index.dims) * sizeof index.at[0]);
  }
  void field(const Region& box) { (*this)(box.low, box.high); }
  void field(const Kind* const& kind) { writer_.raw(images_.refer(*kind)); }
  void field(const CallSite& site) { writer_.raw(images_.refer(site)); }
  template <class T>
  void field(const std::vector<T>& items) {
    writer_.raw(std::uint64_t{items.size()});
    writer_.bytes(items.data(), items.size() * sizeof(T));
  }

  Writer& writer_;
  const Images& images_;
};

/// Reads into what it is called with. Throws DecodeError.
class FieldReader {
 public:
  FieldReader(Reader& reader, const Images& images) : reader_(reader), images_(images) {}
  template <class... T>
  void operator()(T&... fields) {
    (field(fields), ...);
  }
  template <class T, class Fields>
  void list(std::vector<T>& items, const Fields& fields) {
    for (std::size_t left = reader_.count(1); left > 0; --left) fields(*this, items.emplace_back());
  }

 private:
  template <class T>
  void field(T& value) {
    value = reader_.raw<T>();
  }
  void field(Index& index) {
    index.dims = reader_.raw<std::int32_t>();
    require(index.dims >= 0 && index.dims <= Index::most_dims, "the dimensions of a place");
    for (int d = 0; d < index.dims; ++d) index[d] = reader_.raw<std::int64_t>();
  }
  void field(Region& box) { (*this)(box.low, box.high); }
  void field(bool& value) {
    const auto byte = reader_.raw<std::uint8_t>();  // which may be no bool
    require(byte <= 1, "what is yes or no of a family");
    value = byte != 0;
  }
  void field(const Kind*& kind) { kind = &images_.resolve(reader_.raw<KindRef>()); }
  void field(CallSite& site) { site = images_.resolve(reader_.raw<CallSiteRef>()); }
  template <class T>
  void field(std::vector<T>& items) {
    items.resize(reader_.count(sizeof(T)));
    const std::byte* from = reader_.bytes(items.size() * sizeof(T));
    if (!items.empty()) std::memcpy(items.data(), from, items.size() * sizeof(T));
  }

  Reader& reader_;
  const Images& images_;
};

// The fields in their order, for both directions.
constexpr auto source_fields = [](auto& bytes, auto& source) {
  bytes(source.node, source.base, source.shape, source.when, source.other, source.row);
};
constexpr auto footprint_fields = [](auto& bytes, auto& footprint) {
  bytes(footprint.rows, footprint.row, footprint.scale, footprint.low, footprint.high, footprint.per,
        footprint.wraps);
};
constexpr auto node_fields = [](auto& bytes, auto& node) {
  bytes.list(node.sources, source_fields);
  bytes.list(node.footprints, footprint_fields);
  bytes(node.kind, node.extent, node.seen, node.closure, node.parts, node.only_rank, node.priority,
        node.threads, node.result_bytes, node.site, node.attempt, node.steps, node.reads_itself, node.pace,
        node.front, node.last, node.rows, node.period, node.periodic_from, node.kept, node.given, node.needed,
        node.loop, node.left_by, node.is_task, node.placed_in_time, node.asked);
};
constexpr auto loop_fields = [](auto& bytes, auto& loop) {
  bytes(loop.steps, loop.front, loop.epilogue, loop.rows, loop.done, loop.first_left, loop.states);
};
constexpr auto program_fields = [](auto& bytes, auto& program) {
  bytes(program.run, program.ranks, program.rows, program.chunks, program.fronts, program.wants,
        program.keeps, program.done);
  bytes.list(program.nodes, node_fields);
  bytes.list(program.loops, loop_fields);
};

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
  for (const Footprint& footprint : node.footprints) {
    require(footprint.rows >= 1 && footprint.row >= 1 && footprint.per >= 1, "a family's footprint");
    require(footprint.wraps <= 1, "what is yes or no of a family's footprint");
  }
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
  FieldWriter counting(count, images);
  program_fields(counting, *this);
  std::vector<std::byte> bytes(count.size());
  Writer writer(bytes.data(), bytes.size());
  FieldWriter writing(writer, images);
  program_fields(writing, *this);
  return bytes;
}

FamilyProgram FamilyProgram::decode(std::span<const std::byte> bytes, const Images& images) {
  Reader reader(bytes);
  FieldReader reading(reader, images);
  FamilyProgram program;
  program_fields(reading, program);
  check(program);
  return program;
}

}  // namespace ramal::detail
