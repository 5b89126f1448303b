// SPDX-License-Identifier: BSD-3-Clause
// Rows as a box. A character is taken to be as wide as any other: code points are counted.
#include <ramal/rows.hpp>

#include "graph/tables/cell_text.hpp"

#include <algorithm>
#include <array>
#include <ostream>

namespace ramal {

namespace {

constexpr std::size_t most_box_width = 120;
constexpr std::size_t least_cut_width = 20;  // narrower columns are not cut
constexpr std::int64_t most_shown_rows = 40;
/// More than this is never shown of a cell: characters of up to 4 bytes, or of 4 bytes to escape one.
constexpr std::size_t most_cell_bytes = 4 * most_box_width;

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

/// The text, or its beginning and a "…" if it is wider than that.
std::string cut_to(const std::string& text, std::size_t width) {
  if (width_of(text) <= width) return text;
  std::size_t end = 0, characters = 0;
  while (end < text.size() && (characters += begins_character(text[end]) ? 1 : 0) < width) ++end;
  return text.substr(0, end) + "…";
}

enum class Alignment { left, right, center };
std::string aligned(const std::string& text, std::size_t width, Alignment alignment) {
  const std::string shown = cut_to(text, width);
  const std::size_t blanks = width - width_of(shown);
  const std::size_t before = alignment == Alignment::left    ? 0
                             : alignment == Alignment::right ? blanks
                                                             : blanks / 2;
  return std::string(before, ' ') + shown + std::string(blanks - before, ' ');
}

/// As DuckDB heads its columns: integers by their bits, others as SQL has them, in lower case.
std::string heading_of(const ColumnType& type) {
  constexpr std::array<std::string_view, 9> integers = {"int8",   "int16",  "int32",  "int64", "uint8",
                                                        "uint16", "uint32", "uint64", "int128"};
  const auto from_int8 = static_cast<std::size_t>(type.id()) - static_cast<std::size_t>(TypeId::int8);
  if (type.id() >= TypeId::int8 && type.id() <= TypeId::int128) return std::string(integers[from_int8]);
  if (type.id() == TypeId::list) return heading_of(type.element()) + "[]";
  std::string text = type.text();
  if (type.id() != TypeId::structure)
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return text;
}

bool is_number(TypeId id) { return id >= TypeId::int8 && id <= TypeId::decimal; }

struct BoxColumn {
  std::string name, type;
  Alignment alignment = Alignment::left;
  std::vector<std::string> cells = {};
  std::size_t width = 0;
};

BoxColumn box_column(const Field& field, const Column& column) {
  BoxColumn box{.name = field.name, .type = heading_of(field.type)};
  if (is_number(field.type.id())) box.alignment = Alignment::right;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    if (column.size() > most_shown_rows && row == most_shown_rows / 2) {
      box.cells.insert(box.cells.end(), 3, "·");
      row = column.size() - most_shown_rows / 2;
    }
    box.cells.push_back(detail::cell_text(column, row, most_cell_bytes));
  }
  box.width = std::max(width_of(box.name), width_of(box.type));
  for (const std::string& cell : box.cells) box.width = std::max(box.width, width_of(cell));
  return box;
}

/// With a bar and blanks around each column.
std::size_t width_of(const std::vector<BoxColumn>& columns) {
  std::size_t width = 1;
  for (const BoxColumn& column : columns) width += column.width + 3;
  return width;
}

/// Makes the widest column narrower until all fit, or until none is wide.
void narrow(std::vector<BoxColumn>& columns) {
  for (std::size_t width; (width = width_of(columns)) > most_box_width;) {
    const auto widest = std::ranges::max_element(columns, {}, &BoxColumn::width);
    if (widest->width <= least_cut_width) return;
    widest->width =
        std::max(least_cut_width, widest->width - std::min(widest->width, width - most_box_width));
  }
}

/// Keeps columns from both ends in turns, as many as fit, with a column of "…" between them.
void leave_out(std::vector<BoxColumn>& columns) {
  if (width_of(columns) <= most_box_width) return;
  BoxColumn gap{"…", "", Alignment::left, std::vector<std::string>(columns.front().cells.size(), "…"), 1};
  std::size_t first = 0, last = columns.size(), width = 1 + gap.width + 3;
  for (bool from_front = true; first < last; from_front = !from_front) {
    const std::size_t next = columns[from_front ? first : last - 1].width + 3;
    if (width + next > most_box_width && first > 0) break;
    width += next;
    from_front ? ++first : --last;
  }
  const auto begin = columns.begin() + static_cast<std::ptrdiff_t>(first);
  columns.insert(columns.erase(begin, columns.begin() + static_cast<std::ptrdiff_t>(last)), std::move(gap));
}

void draw_line(std::ostream& out, const std::vector<BoxColumn>& columns, const char* left, const char* middle,
               const char* right) {
  out << left;
  for (const BoxColumn& column : columns) {
    for (std::size_t i = 0; i < column.width + 2; ++i) out << "─";
    out << (&column == &columns.back() ? right : middle);
  }
  out << '\n';
}

template <class TextOf>
void draw_row(std::ostream& out, const std::vector<BoxColumn>& columns, TextOf text_of) {
  out << "│";
  for (const BoxColumn& column : columns) out << ' ' << text_of(column) << " │";
  out << '\n';
}

void draw_box(std::ostream& out, const std::vector<BoxColumn>& columns) {
  draw_line(out, columns, "┌", "┬", "┐");
  draw_row(out, columns, [](const BoxColumn& c) { return aligned(c.name, c.width, Alignment::center); });
  draw_row(out, columns, [](const BoxColumn& c) { return aligned(c.type, c.width, Alignment::center); });
  draw_line(out, columns, "├", "┼", "┤");
  for (std::size_t i = 0; i < columns.front().cells.size(); ++i)
    draw_row(out, columns, [i](const BoxColumn& c) { return aligned(c.cells[i], c.width, c.alignment); });
  draw_line(out, columns, "└", "┴", "┘");
}

std::string counted(std::size_t number, const char* what, std::size_t shown) {
  return std::to_string(number) + ' ' + what + (number == 1 ? "" : "s") +
         (shown < number ? ", " + std::to_string(shown) + " shown" : "");
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Rows& rows) {
  std::vector<BoxColumn> columns;
  for (std::size_t i = 0; i < rows.columns().size(); ++i)
    columns.push_back(box_column(rows.schema()[i], rows.column(i)));
  std::size_t shown = columns.size();
  if (!columns.empty()) {
    narrow(columns);
    leave_out(columns);
    shown = std::min(shown, columns.size() - (columns.size() < shown ? 1 : 0));
    draw_box(out, columns);
  }
  const auto size = static_cast<std::size_t>(rows.size());
  out << '(' << counted(size, "row", std::min<std::size_t>(size, most_shown_rows));
  if (shown < rows.columns().size()) out << "; " << counted(rows.columns().size(), "column", shown);
  return out << ")\n";
}

std::ostream& operator<<(std::ostream& out, const Schema& schema) { return out << schema.text(); }

}  // namespace ramal
