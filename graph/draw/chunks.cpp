// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/array_picture.hpp>

#include <algorithm>
#include <cmath>

namespace ramal::detail {

namespace {

constexpr double longest = 320, shortest = 24, apart = 14, margin = 40, line_height = 18;
constexpr std::int64_t most_lines = 100, most_sheets = 4;

std::string number(double value) {
  std::string text = std::to_string(std::round(value * 10) / 10);
  return text.substr(0, text.find('.') + 2);
}
std::string line(double x1, double y1, double x2, double y2) {
  return "<line x1='" + number(x1) + "' y1='" + number(y1) + "' x2='" + number(x2) + "' y2='" + number(y2) +
         "'/>\n";
}
std::string label(double x, double y, const std::string& text, const char* anchor = "middle") {
  std::string safe;
  for (const char c : text) safe += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return "<text x='" + number(x) + "' y='" + number(y) + "' text-anchor='" + anchor + "'>" + safe +
         "</text>\n";
}

/// Where an axis of a sheet is cut, as shares of its length; not more than can be told apart.
std::vector<double> cuts(const AxisView& axis) {
  std::vector<double> shares;
  const std::int64_t each = (axis.count + most_lines - 1) / most_lines;
  for (std::int64_t chunk = each; chunk < axis.count; chunk += each)
    shares.push_back(static_cast<double>(axis.begin(chunk)) /
                     static_cast<double>(std::max<std::int64_t>(1, axis.length)));
  return shares;
}

/// The last two axes of an array: what one sheet of the picture shows. Of one axis, a row.
struct Sheet {
  AxisView down, across;
  double height, width;

  explicit Sheet(const std::vector<Axis>& axes) {
    const Axis one = Axis::whole(1);
    across = axes.empty() ? one.view() : axes.back().view();
    down = axes.size() < 2 ? one.view() : axes[axes.size() - 2].view();
    const double most = static_cast<double>(std::max<std::int64_t>({1, across.length, down.length}));
    width = std::max(shortest, longest * static_cast<double>(across.length) / most);
    height = std::max(shortest, longest * static_cast<double>(down.length) / most);
  }
  std::string drawn(double x, double y) const {
    std::string svg = "<rect x='" + number(x) + "' y='" + number(y) + "' width='" + number(width) +
                      "' height='" + number(height) + "'/>\n";
    for (const double share : cuts(down)) svg += line(x, y + share * height, x + width, y + share * height);
    for (const double share : cuts(across)) svg += line(x + share * width, y, x + share * width, y + height);
    return svg;
  }
};

std::string axis_text(const AxisView& axis) {
  return std::to_string(axis.length) + (axis.count > 1 ? " in " + std::to_string(axis.count) : "");
}

}  // namespace

std::string chunks_svg(const ArrayState& state, const std::string& text) {
  const Sheet sheet(state.axes);
  std::string before;  // the axes that sheets lie along
  std::int64_t sheets = 1;
  for (std::size_t d = 0; d + 2 < state.dims(); ++d) {
    const AxisView& axis = state.axes[d].view();
    before += (before.empty() ? "" : " × ") + axis_text(axis);
    sheets = std::min(most_sheets, sheets * axis.count);
  }
  const double behind = apart * static_cast<double>(sheets - 1);
  const double width = sheet.width + behind + 2 * margin + 60,
               height = sheet.height + behind + 2 * margin + 2 * line_height;
  std::string svg = "<svg xmlns='http://www.w3.org/2000/svg' width='" +
                    number(std::max(width, 7.0 * static_cast<double>(text.size()))) + "' height='" +
                    number(height) +
                    "' font-family='sans-serif' font-size='12'>\n<g fill='#f4e9d8' stroke='#6b5b45' "
                    "stroke-width='0.8'>\n";
  for (std::int64_t i = sheets; i-- > 0;) {
    const double shift = apart * static_cast<double>(i);
    svg += sheet.drawn(margin + shift, margin + behind - shift);
  }
  svg += "</g>\n";
  const double bottom = margin + behind + sheet.height;
  if (!state.axes.empty())
    svg += label(margin + sheet.width / 2, bottom + line_height, axis_text(sheet.across));
  if (state.dims() > 1)
    svg +=
        label(margin + sheet.width + behind + 6, margin + sheet.height / 2, axis_text(sheet.down), "start");
  if (!before.empty()) svg += label(margin, margin - 10, before, "start");
  svg += label(margin, bottom + 2.4 * line_height, text, "start");
  return svg + "</svg>\n";
}

}  // namespace ramal::detail
