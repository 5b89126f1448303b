// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/cut.hpp"

#include <ramal/detail/expression.hpp>

#include <algorithm>
#include <array>

namespace ramal::detail {

namespace {

std::vector<std::byte> encoded(const Schema& schema) {
  Writer size;
  Codec<Schema>::write(size, schema);
  std::vector<std::byte> bytes(size.size());
  Writer writer(bytes.data(), bytes.size());
  Codec<Schema>::write(writer, schema);
  return bytes;
}
/// Of the schema in the call's parameters.
Rows all_of(const std::vector<Rows>& rows, const GridCall& call) {
  if (!rows.empty()) return Rows::concat(rows);
  Reader reader(call.parameters());
  return Rows::none(Codec<Schema>::read(reader));
}

/// All rows of the partitions that are read.
struct JoinedPartsThunk {
  static constexpr std::string_view name = "join_parts";
  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    std::vector<Rows> rows;
    for (const GridCall::Source& source : call.sources())
      for (std::size_t i = 0; i < source.blocks; ++i)
        rows.push_back(frame.input(source.first + i).get<Rows>());
    result.emplace<Rows>(all_of(rows, call));
  }
};

/// The numbers of a partition's first row, and of that behind its last, of all rows.
using RowRange = std::array<std::int64_t, 2>;
struct RowRangeThunk {
  static constexpr std::string_view name = "rows_of_part";
  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    result.emplace<RowRange>(RowRange{call.low()[0], call.high()[0]});
  }
};

/// Rows of partitions, which are the first source, by their ranges, which are the second.
struct CutPartsThunk {
  static constexpr std::string_view name = "cut_parts";
  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    const GridCall::Source &parts = call.sources()[0], &ranges = call.sources()[1];
    std::vector<Rows> pieces;
    for (std::size_t i = 0; i < parts.blocks; ++i) {
      const Rows& rows = frame.input(parts.first + i).get<Rows>();
      const auto [begin, end] = frame.input(ranges.first + i).get<RowRange>();
      if (rows.size() != end - begin)
        throw std::invalid_argument("ramal: repartition: expected a partition of " +
                                    std::to_string(end - begin) + " rows, found " +
                                    std::to_string(rows.size()));
      const std::int64_t low = std::max(call.low()[0], begin), high = std::min(call.high()[0], end);
      pieces.push_back(rows.slice(low - begin, high - low));
    }
    result.emplace<Rows>(all_of(pieces, call));
  }
};

}  // namespace

std::vector<std::int64_t> lengths_of(const Axis& axis) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t chunk = 0; chunk < axis.count(); ++chunk)
    lengths.push_back(axis.view().end(chunk) - axis.view().begin(chunk));
  return lengths;
}

Family<Rows> joined_parts(std::span<const Table> tables, const Axis& partitions, std::source_location where) {
  std::vector<FamilySource> sources;
  std::vector<GridSource> grids;
  std::int64_t begin = 0;
  for (const Table& table : tables) {
    const std::int64_t end = begin + table.partitions();
    AxisMap own = AxisMap::along(0);
    own.start = -begin;
    sources.push_back({table.parts(where).view(), {}});
    grids.push_back({{Axis::regular(table.partitions(), 1)}, {own}, {{begin, end}}});
    begin = end;
  }
  return Family<Rows>(grid_family(grid_kind<JoinedPartsThunk, Rows>, {partitions}, 0, std::move(sources),
                                  grids, encoded(tables.front().schema()), where));
}

Family<Rows> cut_parts(const Table& table, const Axis& rows, std::source_location where) {
  const Axis as_is = Axis::of(*table.state().rows);
  const FamilyView ranges = grid_family(grid_kind<RowRangeThunk, RowRange>, {as_is}, 0, {}, {}, {}, where);
  const GridSource own{{as_is}, {AxisMap::along(0)}};
  return Family<Rows>(grid_family(grid_kind<CutPartsThunk, Rows>, {rows}, 0,
                                  {{table.parts(where).view(), {}}, {ranges, {}}}, {own, own},
                                  encoded(table.schema()), where));
}

}  // namespace ramal::detail
