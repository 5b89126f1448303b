// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/csv_part.hpp"

#include "io/tables/engine.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>
#include <system_error>
#include <utility>

namespace ramal::detail {

namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;

[[noreturn]] void refuse_csv(const std::string& file, const std::string& problem) {
  throw TableError("ramal: " + file + ": " + problem);
}
[[noreturn]] void refuse_by_errno(const std::string& file, const char* what) {
  refuse_csv(file, std::string(what) + ": " + std::generic_category().message(errno));
}

/// A file that is open to be read.
class ReadFile {
 public:
  explicit ReadFile(const std::string& name) : name_(name), file_(open(name.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (file_ < 0) refuse_by_errno(name, "cannot be opened");
  }
  ReadFile(const ReadFile&) = delete;
  ReadFile& operator=(const ReadFile&) = delete;
  ~ReadFile() { close(file_); }

  /// Up to a block of what begins at `at` and ends before `end`; nothing only at the end of the file.
  std::string_view block(std::int64_t at, std::int64_t end) {
    buffer_.resize(std::min(block_bytes, static_cast<std::size_t>(std::max<std::int64_t>(0, end - at))));
    ssize_t count = 0;
    do count = pread(file_, buffer_.data(), buffer_.size(), at);
    while (count < 0 && errno == EINTR);
    if (count < 0) refuse_by_errno(name_, "cannot be read");
    return std::string_view(buffer_).substr(0, static_cast<std::size_t>(count));
  }
  /// Where the first line begins that does so at `at` or behind; `end` if none does.
  std::int64_t line_begin(std::int64_t at, std::int64_t end) {
    if (at == 0) return 0;
    for (std::int64_t from = at - 1; from < end;) {
      const std::string_view some = block(from, end);
      if (some.empty()) break;
      if (const auto found = some.find('\n'); found != some.npos)
        return from + static_cast<std::int64_t>(found) + 1;
      from += std::ssize(some);
    }
    return end;
  }

 private:
  const std::string& name_;
  int file_;
  std::string buffer_;
};

void write_all(int memory, std::string_view text, const std::string& file) {
  while (!text.empty()) {
    const ssize_t count = write(memory, text.data(), text.size());
    if (count < 0 && errno != EINTR) refuse_by_errno(file, "does not fit into memory");
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

bool is_compressed(const std::string& file) { return file.ends_with(".gz"); }

CsvText::CsvText(const std::string& file, const ScanPiece& piece, const CsvFormat& format) : file_(file) {
  if (is_compressed(file)) return;
  ReadFile source(file);
  constexpr std::int64_t all = std::numeric_limits<std::int64_t>::max();
  begin_ = source.line_begin(piece.first, all);
  const std::int64_t end = piece.is_last ? all : source.line_begin(piece.first + piece.rows, all);
  memory_ = memfd_create("csv", MFD_CLOEXEC);
  if (memory_ < 0) refuse_by_errno(file, "no file can be made in memory");
  std::int64_t quotes = 0, at = begin_;
  while (at < end) {
    const std::string_view some = source.block(at, end);
    if (some.empty()) break;
    if (!format.quote.empty()) quotes += std::ranges::count(some, format.quote[0]);
    write_all(memory_, some, file);
    at += std::ssize(some);
  }
  if (!piece.is_last && quotes % 2 != 0) {
    close(memory_);
    refuse_csv(file, "a quoted text goes on over the end of the line at byte " + std::to_string(at) +
                         ", where the file is cut; see CsvOptions::partition_bytes and quote");
  }
}
CsvText::CsvText(CsvText&& other) noexcept
    : file_(std::move(other.file_)), memory_(std::exchange(other.memory_, -1)), begin_(other.begin_) {}
CsvText::~CsvText() {
  if (memory_ >= 0) close(memory_);
}

std::string CsvText::path() const { return memory_ < 0 ? file_ : "/proc/self/fd/" + std::to_string(memory_); }

std::string CsvText::sql(const CsvFormat& format) const {
  if (memory_ < 0) return duckdb_engine().csv_rows(path(), format);
  CsvFormat no_head = format;
  no_head.has_header = false;
  no_head.skip = 0;
  return duckdb_engine().csv_rows(path(), no_head);
}

std::optional<std::string> CsvText::said_of_it(const std::string& error) const {
  if (error.find("file = " + path() + '\n') == error.npos) return std::nullopt;
  constexpr std::string_view start = "CSV Error on Line: ";
  const std::size_t at = error.find(start);
  if (at == error.npos) return "ramal: " + file_ + ": " + error;
  std::int64_t line = 0;
  const char* const digits = error.data() + at + start.size();
  const char* const behind = std::from_chars(digits, error.data() + error.size(), line).ptr;
  if (memory_ >= 0) {
    ReadFile source(file_);
    for (std::int64_t from = 0; from < begin_;) {
      const std::string_view some = source.block(from, begin_);
      if (some.empty()) break;
      line += std::ranges::count(some, '\n');
      from += std::ssize(some);
    }
  }
  std::string said(behind, error.data() + error.size());  // and then what DuckDB's own callers could do
  for (const char* more : {"\nPossible ", "\n\nColumn ", "\n\n  file = "})
    said.resize(std::min(said.size(), said.find(more)));
  return "ramal: " + file_ + ", line " + std::to_string(line) + ":" + said;
}

}  // namespace ramal::detail
