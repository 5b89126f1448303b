// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/scan_groups.hpp"

#include "io/tables/sql.hpp"
#include "io/tables/sql_text.hpp"

#include <algorithm>
#include <cmath>

namespace ramal::detail {

namespace {

/// Puts row groups into partitions of about so many bytes, in order. One that is larger is cut into equal
/// parts, of whole vectors of the engine.
class PartitionCutter {
 public:
  explicit PartitionCutter(std::uint64_t bytes)
      : most_(static_cast<double>(std::max<std::uint64_t>(1, bytes))) {}

  void add(std::uint32_t file, std::int64_t first, std::int64_t rows, double bytes_a_row) {
    if (rows == 0) return;
    const double bytes = static_cast<double>(rows) * bytes_a_row;
    if (bytes > most_) {
      constexpr std::int64_t vector_rows = 2048;
      const auto parts = static_cast<std::int64_t>(std::ceil(bytes / most_));
      const std::int64_t each =
          std::max<std::int64_t>(1, (rows / parts + vector_rows - 1) / vector_rows) * vector_rows;
      for (std::int64_t done = 0; done < rows; done += each) {
        close();
        append(file, first + done, std::min(each, rows - done));
      }
      close();
      return;
    }
    if (bytes_ + bytes > most_) close();
    append(file, first, rows);
    bytes_ += bytes;
  }
  void add_alone(std::uint32_t file, std::int64_t first, std::int64_t rows) {
    close();
    append(file, first, rows);
    close();
  }
  std::vector<std::vector<ScanPiece>> done() {
    close();
    if (partitions_.empty()) partitions_.emplace_back();
    return std::move(partitions_);
  }

 private:
  void append(std::uint32_t file, std::int64_t first, std::int64_t rows) {
    if (!open_.empty() && open_.back().file == file && open_.back().first + open_.back().rows == first) {
      open_.back().rows += rows;
    } else {
      open_.push_back({file, first, rows});
    }
  }
  void close() {
    if (!open_.empty()) partitions_.push_back(std::exchange(open_, {}));
    bytes_ = 0;
  }

  double most_, bytes_ = 0;
  std::vector<ScanPiece> open_;
  std::vector<std::vector<ScanPiece>> partitions_;
};

std::vector<std::int64_t> rows_of(const ScanPlan& plan) {
  std::vector<std::int64_t> rows;
  for (const auto& pieces : plan.partitions) {
    rows.push_back(0);
    for (const ScanPiece& piece : pieces) rows.back() += piece.rows;
  }
  return rows;
}

/// The most that a partition takes in memory, text not counted beyond 16 bytes.
std::uint64_t widest_bytes(const std::vector<std::int64_t>& rows, const Schema& schema) {
  const auto width = static_cast<double>(bytes_a_row(schema));
  return static_cast<std::uint64_t>(width * static_cast<double>(*std::ranges::max_element(rows)));
}

/// These groups alone, and no files but theirs.
ScanGroups only(const ScanGroups& all, const std::vector<char>& is_kept) {
  ScanGroups kept{.plan = {.schema = all.plan.schema,
                           .selects = all.plan.selects,
                           .is_csv = all.plan.is_csv,
                           .csv = all.plan.csv},
                  .partition_bytes = all.partition_bytes};
  std::vector<std::int64_t> positions;
  std::optional<std::uint32_t> file;
  for (std::size_t i = 0; i < is_kept.size(); ++i) {
    if (is_kept[i] == 0) continue;
    ScanGroup group = all.groups[i];
    if (file != group.file) {
      file = group.file;
      kept.plan.files.push_back(all.plan.files[group.file]);
      kept.plan.select_of_file.push_back(all.plan.select_of_file[group.file]);
      kept.file_rows.push_back(all.file_rows[group.file]);
    }
    group.file = static_cast<std::uint32_t>(kept.plan.files.size() - 1);
    kept.groups.push_back(group);
    positions.push_back(static_cast<std::int64_t>(i));
  }
  kept.statistics = all.statistics.take(positions);
  return kept;
}

}  // namespace

void ColumnBounds::add(const ColumnStatistics& statistics) {
  min.push_back(statistics.min);
  max.push_back(statistics.max);
  nulls.push_back(statistics.nulls);
}
void ColumnBounds::add_to(Rows& statistics, std::size_t k) const {
  const std::string number = std::to_string(k);
  statistics =
      statistics.with({"min " + number, min}).with({"max " + number, max}).with({"nulls " + number, nulls});
}

ColumnStatistics statistics_of_key(const std::vector<NamedText>& keys, const std::string& name,
                                   std::int64_t rows) {
  for (const NamedText& key : keys)
    if (key.name == name && key.text) return {key.text, key.text, 0};
  return {.min = {}, .max = {}, .nulls = rows};
}

std::string select_list(const Schema& own, const std::vector<NamedText>& keys, const Schema& schema) {
  std::string list;
  for (const Field& field : schema) {
    const std::string type = field.type.text();
    std::string made = "CAST(NULL AS " + type + ")";
    if (const auto at = own.find(field.name)) {
      const std::string name = sql_name(own[*at].name);
      made = own[*at].type == field.type ? name : "CAST(" + name + " AS " + type + ")";
    } else {
      for (const NamedText& key : keys)
        if (key.name == field.name && key.text) made = "CAST(" + sql_literal(*key.text) + " AS " + type + ")";
    }
    list += (list.empty() ? "" : ", ") + made + " AS " + sql_name(field.name);
  }
  return list;
}

Schema wanted_schema(const Schema& found, const std::optional<Schema>& asked, const char* call,
                     std::source_location where) {
  if (!asked) return found;
  for (const Field& field : *asked) position_of(found, field.name, call, where);
  return *asked;
}

ScanPlan cut_into_partitions(const ScanGroups& groups) {
  ScanPlan plan = groups.plan;
  PartitionCutter cutter(groups.partition_bytes);
  for (const ScanGroup& group : groups.groups) {
    if (group.is_alone) {
      cutter.add_alone(group.file, group.first, group.rows);
    } else {
      cutter.add(group.file, group.first, group.rows, group.bytes_a_row);
    }
  }
  plan.partitions = cutter.done();
  for (auto& pieces : plan.partitions)
    for (ScanPiece& piece : pieces) {
      piece.is_all = piece.rows == groups.file_rows[piece.file];
      piece.is_last = piece.first + piece.rows == groups.file_rows[piece.file];
    }
  return plan;
}

namespace {

/// What the plan says of a table that is read so.
void read_by(TableState& state, ScanPlan plan) {
  state.partitions = static_cast<std::int64_t>(plan.partitions.size());
  state.has_joined_files =
      std::ranges::any_of(plan.partitions, [](const auto& pieces) { return pieces.size() > 1; });
  state.scan = value(std::move(plan), state.where);
}

}  // namespace

Table scanned_table(ScanGroups groups, const char* name, std::source_location where) {
  ScanPlan plan = cut_into_partitions(groups);
  TableState state{.schema = plan.schema, .name = name, .where = where};
  if (plan.is_csv) {
    state.uncounted_since = name;
  } else {
    state.rows = std::make_shared<const std::vector<std::int64_t>>(rows_of(plan));
    state.partition_bytes = widest_bytes(*state.rows, plan.schema);
  }
  read_by(state, std::move(plan));
  state.groups = std::make_shared<const ScanGroups>(std::move(groups));
  return made_table(std::move(state));
}

Table pruned(const Table& filtered, const Table& unfiltered, const std::string& condition) {
  const auto& groups = unfiltered.state().groups;
  if (groups == nullptr) return filtered;
  TableState state = filtered.state();
  state.groups = groups;
  const std::vector<char> is_kept = groups_that_may_match(*groups, condition);
  if (std::ranges::find(is_kept, 0) != is_kept.end()) {
    state.groups = std::make_shared<const ScanGroups>(only(*groups, is_kept));
    read_by(state, cut_into_partitions(*state.groups));
  }
  return made_table(std::move(state));
}

}  // namespace ramal::detail
