// SPDX-License-Identifier: BSD-3-Clause
// What a Table is: where its partitions come from, and the query that is made of each.
#pragma once

#include "io/tables/engine.hpp"

#include <ramal/table.hpp>

#include <optional>

namespace ramal::detail {

/// Tells one version of a file from another.
struct TableFile {
  std::string path;
  std::uint64_t bytes = 0, modified_ns = 0, inode = 0;
  bool operator==(const TableFile&) const = default;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& path& bytes& modified_ns& inode;
  }
};
/// The file as it is now. Throws TableError if it cannot be looked at or is no file.
TableFile look_at_file(const std::string& path);

/// Rows of one file, one behind the other; of text, bytes: those lines that begin there.
struct ScanPiece {
  std::uint32_t file = 0;
  std::int64_t first = 0, rows = 0;
  bool is_all = false;   ///< of the file
  bool is_last = false;  ///< of the file: nothing is behind it
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& file& first& rows& is_all& is_last;
  }
};

/// How a table is read from files. All ranks have it.
struct ScanPlan {
  Schema schema;
  std::vector<TableFile> files = {};
  /// For each file what stands for the schema's columns in a SELECT of it; several files may share one.
  std::vector<std::string> selects = {};
  std::vector<std::uint32_t> select_of_file = {};
  std::vector<std::vector<ScanPiece>> partitions = {};  ///< none is of no pieces, unless all are
  bool is_csv = false;                                  ///< else the files are Parquet
  CsvFormat csv = {};
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& schema& files& selects& select_of_file& partitions& is_csv& csv;
  }
};

struct ScanGroups;

struct TableState {
  Schema schema;
  std::int64_t partitions = 1;
  /// One of the two is there.
  std::optional<Delayed<ScanPlan>> scan = {};
  std::optional<Family<Rows>> parts = {};
  bool has_joined_files = false;  ///< a partition is read from several pieces of files
  /// What is made of each partition, which it calls `part`; empty: nothing.
  std::string query = {};
  /// The same rows in an order that is not said, for what does not depend on it: a join sorts to keep one.
  std::string unordered = {};
  /// What the query joins each partition with: tables of one partition, by small_name of their positions.
  std::vector<Delayed<Rows>> small = {};
  std::string name;  ///< of its tasks
  /// What is known of the files, where the columns are still as they are read; else null.
  std::shared_ptr<const ScanGroups> groups = {};
  /// How many rows each partition has, if that is known.
  std::shared_ptr<const std::vector<std::int64_t>> rows = {};
  std::string uncounted_since = {};   ///< the call behind which that is not known
  std::uint64_t partition_bytes = 0;  ///< at most, as far as that is known; 0: nothing is
  std::source_location where;
};

/// About how many bytes a row takes in memory, with 16 for each text.
std::uint64_t bytes_a_row(const Schema& schema);
std::string small_name(std::size_t position);

/// Partitions as one, in their order: what `coarsen` makes of them.
Rows all_rows(const Inputs<Rows>& parts);
/// Table{state}, with what is said of the new one changed.
Table made_table(TableState state);

/// A query of one table, `part`, and where in it the texts of users stand.
struct UserQuery {
  std::string sql;
  std::size_t from = 0;    ///< behind where `part` is named
  bool is_limit = false;   ///< the first rows, in the order of what is read, which the engine keeps
  bool is_by_row = false;  ///< it makes the same of a row, or of all, in whatever order they are
  struct Text {
    std::size_t at = 0;
    std::string text;
  };
  std::vector<Text> texts = {};

  UserQuery& add(std::string_view more) {
    sql += more;
    return *this;
  }
  /// " FROM part"
  UserQuery& add_part() {
    add(" FROM part");
    from = sql.size();
    return *this;
  }
  UserQuery& by_row() {
    is_by_row = true;
    return *this;
  }
  /// The same query of what another gives.
  std::string of(const std::string& inner) const;
  /// A user's expression, in parentheses.
  UserQuery& add_user(const std::string& expression);
  /// A user's text as it is.
  UserQuery& add_user_words(const std::string& words);
};

/// A table whose partitions what depends on the order of rows may be computed of. Where the engine need not
/// keep an order (below aggregates, in the tables that joins build, below ORDER BY) it runs the pieces of a
/// UNION ALL in one of its own, so `row_number() OVER ()` tells nothing. So what is read from several files
/// is made rows first.
Table in_one_piece(const Table& table, const std::vector<std::string>& columns, std::source_location where);
/// What a table is with `query` made of each partition, which then are of that schema. How many rows they
/// have is as before.
TableState wrapped(const Table& table, const UserQuery& query, Schema schema, const char* call,
                   std::source_location where);
/// The table with `query` made of each partition. `is_row_for_row`: it has as many rows.
Table queried(const Table& table, const char* call, const UserQuery& query, bool is_row_for_row,
              std::source_location where);
/// A table of rows that a task makes, in one partition.
Table one_part(const Delayed<Rows>& rows, Schema schema, const char* name, std::source_location where);
/// Columns made of others, in place of those of their names or behind all.
Table with_columns(const Table& table, const char* call, const std::vector<NamedExpression>& made,
                   std::source_location where);

/// `select(schema.position(name))` with the call in the error.
std::size_t position_of(const Schema& schema, std::string_view name, std::string_view call,
                        std::source_location where);

/// Names as the schema spells them. Throws std::invalid_argument for one that is not there or there twice.
std::vector<std::string> found_names(const Schema& schema, const std::vector<std::string>& names,
                                     const char* call, std::source_location where);

/// Names and types of what the query gives of a table `part`. Throws std::invalid_argument, with a mark under
/// the word of the user's text that is wrong, if the engine refuses it.
Schema described(std::string_view call, const UserQuery& query, const Schema& part,
                 std::source_location where);
/// The same of tables of other names.
Schema described(std::string_view call, const UserQuery& query, std::span<const NamedSchema> tables,
                 std::source_location where);
/// The columns that an accepted query reads of `part`; the first, where it reads none, since rows count.
std::vector<std::string> columns_read(const UserQuery& query, const Schema& part);
/// Refuses what is not made of the row alone: windows and queries within the expression.
void expect_row_expression(std::string_view call, const std::string& expression, std::source_location where);

/// A name that no column has, which begins so.
std::string free_name(const Schema& schema, std::string name);
/// The columns of the rows with their numbers beside them under that name, in quotes, to be ordered by these:
/// the parenthesis is open.
UserQuery numbered_rows(const Schema& schema, const std::string& number);

/// As many partitions as the table has, or as many as are said, each with all rows of the keys that fall to
/// it.
Table shuffled(const Table& table, const std::vector<std::string>& keys, std::source_location where,
               std::int64_t partitions = 0);

}  // namespace ramal::detail
