// SPDX-License-Identifier: BSD-3-Clause
// Stretches of CSV files as texts that the engine can read.
#pragma once

#include "io/tables/state.hpp"

namespace ramal::detail {

/// The lines of a file that begin in a stretch of bytes, as a file in memory, which is there as long as this.
class CsvText {
 public:
  /// Reads them. A compressed file is all of it, and stays where it is. Throws TableError that names the file
  /// if it cannot be read, or if the stretch ends within a quoted text.
  CsvText(const std::string& file, const ScanPiece& piece, const CsvFormat& format);
  CsvText(CsvText&& other) noexcept;
  CsvText& operator=(CsvText&&) = delete;
  ~CsvText();

  /// What stands for its rows in SQL text behind FROM.
  std::string sql(const CsvFormat& format) const;
  /// What the engine says of it in terms of the file: its name and the number of the line. Nothing if the
  /// engine does not speak of this text.
  std::optional<std::string> said_of_it(const std::string& error) const;

 private:
  std::string path() const;

  std::string file_;
  int memory_ = -1;
  std::int64_t begin_ = 0;
};

/// Such files are read from their beginning only.
bool is_compressed(const std::string& file);

}  // namespace ramal::detail
