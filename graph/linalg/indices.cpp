// SPDX-License-Identifier: BSD-3-Clause
// Which axes go together in products of arrays.
#include <ramal/linalg_products.hpp>

#include <algorithm>
#include <cctype>

namespace ramal::detail {

namespace {

std::string both_shapes(const ArrayState& left, const ArrayState& right) {
  return left.shape().text() + " and " + right.shape().text();
}

}  // namespace

Contraction matmul_indices(const ArrayState& left, const ArrayState& right, std::source_location where) {
  const auto of_left = static_cast<int>(left.dims()), of_right = static_cast<int>(right.dims());
  if (of_left == 0 || of_right == 0)
    refuse_array("matmul: expected arrays with axes, found shapes " + both_shapes(left, right) +
                     "; use * for products with a number",
                 where);
  const Axis& along = left.axes.back();
  const Axis& down = right.axes[static_cast<std::size_t>(std::max(0, of_right - 2))];
  if (along.length() != down.length())
    refuse_array("matmul: expected as many columns on the left as rows on the right, found shapes " +
                     both_shapes(left, right),
                 where);
  const int left_batch = std::max(0, of_left - 2), right_batch = std::max(0, of_right - 2);
  Contraction made;
  made.batch = std::max(left_batch, right_batch);
  made.left = of_left > 1 ? 1 : 0;
  made.right = of_right > 1 ? 1 : 0;
  made.contracted = 1;
  for (int d = 1; d <= std::min(left_batch, right_batch); ++d) {
    const std::int64_t a = left.axes[static_cast<std::size_t>(left_batch - d)].length(),
                       b = right.axes[static_cast<std::size_t>(right_batch - d)].length();
    if (a != b && a != 1 && b != 1)
      refuse_array(
          "matmul: expected batches whose shapes broadcast to one, found shapes " + both_shapes(left, right),
          where);
  }
  for (int d = 0; d < left_batch; ++d) made.left_axes.push_back(made.batch - left_batch + d);
  for (int d = 0; d < right_batch; ++d) made.right_axes.push_back(made.batch - right_batch + d);
  if (made.left == 1) made.left_axes.push_back(made.batch);
  made.left_axes.push_back(made.kept());
  made.right_axes.push_back(made.kept());
  if (made.right == 1) made.right_axes.push_back(made.batch + made.left);
  return made;
}

Contraction tensordot_indices(const ArrayState& left, const ArrayState& right,
                              const std::vector<std::int64_t>& left_axes,
                              const std::vector<std::int64_t>& right_axes, std::string_view what,
                              std::source_location where) {
  if (left_axes.size() != right_axes.size())
    refuse_array(std::string(what) + ": expected as many axes of both arrays, found " +
                     std::to_string(left_axes.size()) + " and " + std::to_string(right_axes.size()),
                 where);
  Contraction made;
  made.contracted = static_cast<int>(left_axes.size());
  made.left = static_cast<int>(left.dims()) - made.contracted;
  made.right = static_cast<int>(right.dims()) - made.contracted;
  made.left_axes.assign(left.dims(), -1);
  made.right_axes.assign(right.dims(), -1);
  // Checks that none is named twice, too.
  if (!left_axes.empty()) axis_set(left_axes, left.dims(), what, where);
  if (!right_axes.empty()) axis_set(right_axes, right.dims(), what, where);
  for (std::size_t i = 0; i < left_axes.size(); ++i) {
    const auto a = static_cast<std::size_t>(checked_axis(left_axes[i], left.dims(), what, where)),
               b = static_cast<std::size_t>(checked_axis(right_axes[i], right.dims(), what, where));
    if (left.axes[a].length() != right.axes[b].length())
      refuse_array(std::string(what) + ": expected axes of one length, found axes " + std::to_string(a) +
                       " and " + std::to_string(b) + " of shapes " + both_shapes(left, right),
                   where);
    made.left_axes[a] = made.right_axes[b] = made.kept() + static_cast<int>(i);
  }
  int next = 0;
  for (std::vector<int>* axes : {&made.left_axes, &made.right_axes})
    for (int& index : *axes)
      if (index < 0) index = next++;
  return made;
}

// --- einsum -----------------------------------------------------------------------------------------------

Einsum parse_einsum(std::string_view text, const std::vector<std::size_t>& dims, std::source_location where) {
  const auto refuse = [&](const std::string& what) {
    refuse_array("einsum: " + what + " in \"" + std::string(text) + '"', where);
  };
  Einsum parsed;
  parsed.operands.emplace_back();
  bool has_result = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ') continue;
    if (c == '.') refuse("an ellipsis is not supported: name each axis by a letter; found one");
    if (c == '-' && i + 1 < text.size() && text[i + 1] == '>' && !has_result) {
      has_result = true;
      ++i;
    } else if (c == ',' && !has_result) {
      parsed.operands.emplace_back();
    } else if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      (has_result ? parsed.result : parsed.operands.back()) += c;
    } else {
      refuse(std::string("expected letters, commas and one ->, found '") + c + '\'');
    }
  }
  if (parsed.operands.size() != dims.size())
    refuse("expected letters for " + std::to_string(dims.size()) + " arrays, found them for " +
           std::to_string(parsed.operands.size()));
  std::string all;
  for (std::size_t k = 0; k < dims.size(); ++k) {
    if (parsed.operands[k].size() != dims[k])
      refuse("expected a letter for each of the " + std::to_string(dims[k]) + " axes of array " +
             std::to_string(k) + ", found " + std::to_string(parsed.operands[k].size()));
    all += parsed.operands[k];
  }
  if (!has_result) {
    for (const char c : all)
      if (std::ranges::count(all, c) == 1) parsed.result += c;
    std::ranges::sort(parsed.result);
  }
  for (const char c : parsed.result) {
    if (std::ranges::count(parsed.result, c) > 1)
      refuse(std::string("expected each letter of the result once, found '") + c + "' more often");
    if (all.find(c) == std::string::npos)
      refuse(std::string("expected letters of the arrays in the result, found '") + c + '\'');
  }
  return parsed;
}

Contraction einsum_indices(const Einsum& einsum, const ArrayState& left, const ArrayState& right,
                           std::string& order, std::source_location where) {
  const std::string &of_left = einsum.operands[0], &of_right = einsum.operands[1];
  std::string batch, only_left, only_right, contracted;
  for (const char c : einsum.result) {
    const bool in_left = of_left.find(c) != std::string::npos,
               in_right = of_right.find(c) != std::string::npos;
    (in_left && in_right ? batch : in_left ? only_left : only_right) += c;
  }
  for (std::size_t d = 0; d < of_left.size(); ++d) {
    const std::size_t other = of_right.find(of_left[d]);
    if (other == std::string::npos) continue;
    if (einsum.result.find(of_left[d]) == std::string::npos) contracted += of_left[d];
    if (left.axes[d].length() != right.axes[other].length())
      refuse_array("einsum: expected axes of one length for " + std::string(1, of_left[d]) + ", found " +
                       std::to_string(left.axes[d].length()) + " and " +
                       std::to_string(right.axes[other].length()),
                   where);
  }
  order = batch + only_left + only_right;
  const std::string all = order + contracted;
  Contraction made;
  made.batch = static_cast<int>(batch.size());
  made.left = static_cast<int>(only_left.size());
  made.right = static_cast<int>(only_right.size());
  made.contracted = static_cast<int>(contracted.size());
  for (const char c : of_left) made.left_axes.push_back(static_cast<int>(all.find(c)));
  for (const char c : of_right) made.right_axes.push_back(static_cast<int>(all.find(c)));
  return made;
}

std::vector<std::int64_t> einsum_order(const std::string& from, const std::string& to) {
  std::vector<std::int64_t> order;
  for (const char c : to) order.push_back(static_cast<std::int64_t>(from.find(c)));
  return order;
}

// --- diagonals --------------------------------------------------------------------------------------------

ArrayState diagonal_state(const ArrayState& state, int first, int second, std::int64_t offset,
                          std::source_location where) {
  const Axis &rows = state.axes[static_cast<std::size_t>(first)],
             &columns = state.axes[static_cast<std::size_t>(second)];
  const std::int64_t down = std::min(std::max<std::int64_t>(0, -offset), rows.length()),
                     along = std::min(std::max<std::int64_t>(0, offset), columns.length());
  const std::int64_t length = std::min(rows.length() - down, columns.length() - along);
  ArrayState made{.constants = state.constants, .where = where};
  std::vector<int> to(state.dims());
  for (int d = 0; d < static_cast<int>(state.dims()); ++d) {
    if (d == first || d == second) continue;
    to[static_cast<std::size_t>(d)] = static_cast<int>(made.axes.size());
    made.axes.push_back(state.axes[static_cast<std::size_t>(d)]);
  }
  const auto last = static_cast<int>(made.axes.size());
  made.axes.push_back(rows.sliced(down, 1, length).refined(columns.sliced(along, 1, length)));
  for (const ArrayLeaf& leaf : state.leaves) {
    ArrayLeaf moved = leaf;
    for (AxisMap& map : moved.grid.maps) {
      if (map.out < 0) continue;
      if (map.out == first || map.out == second) {
        map.start += map.step * (map.out == first ? down : along);
        map.out = last;
      } else {
        map.out = to[static_cast<std::size_t>(map.out)];
      }
    }
    made.leaves.push_back(std::move(moved));
  }
  return made;
}

}  // namespace ramal::detail
