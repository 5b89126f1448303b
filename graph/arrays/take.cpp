// SPDX-License-Identifier: BSD-3-Clause
#include "graph/arrays/closure_words.hpp"
#include "graph/core/copy_elements.hpp"

#include <ramal/detail/take.hpp>

#include <algorithm>

namespace ramal::detail {

std::vector<std::int64_t> checked_indices(const std::vector<std::int64_t>& indices, const Extents& shape,
                                          int axis, std::source_location where) {
  const auto length = static_cast<std::int64_t>(shape[static_cast<std::size_t>(axis)]);
  std::vector<std::int64_t> checked = indices;
  for (std::int64_t& index : checked) {
    if (index < -length || index >= length)
      throw std::out_of_range("ramal: take: " + std::to_string(index) + " is not within axis " +
                              std::to_string(axis) + " of an array of shape " + shape.text() + " (" +
                              where.file_name() + ":" + std::to_string(where.line()) + ")");
    if (index < 0) index += length;
  }
  return checked;
}

// --- the pattern ------------------------------------------------------------------------------------------
//
// Words of the closure: dims, axis, how many pairs, and where begin: the indices; of each chunk of the result
// along the axis where its pairs begin; the pairs by chunks of the result; the pairs by chunks of the source.
// Then the axes of both. A pair is a chunk of the source and one of the result that has elements of it; by
// chunks of the result the first number of each is enough.

namespace {

constexpr std::size_t take_head_words = 7;

class TakeView {
 public:
  explicit TakeView(const std::byte* closure) : words_(closure) {}
  int dims() const { return static_cast<int>(words_.word(0)); }
  int axis() const { return static_cast<int>(words_.word(1)); }
  AxisView out(int d) const {
    return words_.axis(take_head_words + axis_words * static_cast<std::size_t>(d));
  }
  AxisView in(int d) const {
    return words_.axis(take_head_words + axis_words * static_cast<std::size_t>(dims() + d));
  }
  std::span<const std::int64_t> indices(const Index& place) const {
    const AxisView along = out(axis());
    const std::int64_t low = along.begin(place[axis()]), high = along.end(place[axis()]);
    return words_.words(static_cast<std::size_t>(words_.word(3) + low), static_cast<std::size_t>(high - low));
  }
  /// The chunks of the source that a member reads along the axis; none if its box is empty along another.
  std::span<const std::int64_t> chunks(const Index& place) const {
    for (int d = 0; d < dims(); ++d)
      if (out(d).begin(place[d]) == out(d).end(place[d])) return {};
    const auto at = static_cast<std::size_t>(words_.word(4) + place[axis()]);
    const std::int64_t from = words_.word(at), to = words_.word(at + 1);
    return words_.words(static_cast<std::size_t>(words_.word(5) + from), static_cast<std::size_t>(to - from));
  }
  /// The chunks of the result that have elements of some chunks of the source, in order, each once.
  std::vector<std::int64_t> readers(std::int64_t low, std::int64_t high) const {
    const auto count = words_.word(2), begin = words_.word(6);
    const auto first_at = [&](std::int64_t chunk) {
      std::int64_t from = 0, to = count;
      while (from < to) {
        const std::int64_t middle = (from + to) / 2;
        if (words_.word(static_cast<std::size_t>(begin + 2 * middle)) < chunk) {
          from = middle + 1;
        } else {
          to = middle;
        }
      }
      return from;
    };
    std::vector<std::int64_t> found;
    for (std::int64_t i = first_at(low), end = first_at(high); i < end; ++i)
      found.push_back(words_.word(static_cast<std::size_t>(begin + 2 * i + 1)));
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

 private:
  ClosureView words_;
};

}  // namespace

std::vector<std::byte> take_closure(const std::vector<Axis>& out, const std::vector<Axis>& from, int axis,
                                    std::span<const std::int64_t> indices) {
  const AxisView& along = out[static_cast<std::size_t>(axis)].view();
  const AxisView& source = from[static_cast<std::size_t>(axis)].view();
  std::vector<std::int64_t> begins{0}, chunks;
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  for (std::int64_t chunk = 0; chunk < along.count; ++chunk) {
    std::vector<std::int64_t> of;
    for (std::int64_t i = along.begin(chunk); i < along.end(chunk); ++i)
      of.push_back(source.find(indices[static_cast<std::size_t>(i)]));
    std::ranges::sort(of);
    of.erase(std::unique(of.begin(), of.end()), of.end());
    for (const std::int64_t one : of) pairs.emplace_back(one, chunk);
    chunks.insert(chunks.end(), of.begin(), of.end());
    begins.push_back(static_cast<std::int64_t>(chunks.size()));
  }
  std::ranges::sort(pairs);
  const auto dims = static_cast<std::int64_t>(out.size()), count = static_cast<std::int64_t>(pairs.size());
  const auto indices_at =
      static_cast<std::int64_t>(take_head_words) + 2 * dims * static_cast<std::int64_t>(axis_words);
  const std::int64_t begins_at = indices_at + std::ssize(indices);
  const std::int64_t chunks_at = begins_at + std::ssize(begins), pairs_at = chunks_at + count;
  ClosureWords words;
  for (const std::int64_t word :
       {dims, std::int64_t{axis}, count, indices_at, begins_at, chunks_at, pairs_at})
    words.word(word);
  for (const Axis& one : out) words.axis(one);
  for (const Axis& one : from) words.axis(one);
  words.words(indices);
  words.words(begins);
  words.words(chunks);
  for (const auto& [of, chunk] : pairs) {
    words.word(of);
    words.word(chunk);
  }
  return std::move(words).bytes();
}

namespace {

void take_reads(const std::byte* closure, const Index& place, Reads& out) {
  const TakeView view(closure);
  for (const std::int64_t chunk : view.chunks(place)) {
    std::int64_t number = 0;
    for (int d = 0; d < view.dims(); ++d)
      number = number * view.in(d).count + (d == view.axis() ? chunk : place[d]);
    out.add_number(0, number, 0);
  }
}

void take_readers(const std::byte* closure, const Index&, std::uint32_t, const Region& of,
                  std::vector<Region>& boxes) {
  const TakeView view(closure);
  const int axis = view.axis();
  for (const std::int64_t chunk : view.readers(of.low[axis], of.high[axis])) {
    if (!boxes.empty() && boxes.back().high[axis] == chunk) {
      ++boxes.back().high[axis];
      continue;
    }
    Region box = of;
    box.low[axis] = chunk;
    box.high[axis] = chunk + 1;
    boxes.push_back(box);
  }
}

/// Words: dims, low, high; axis, blocks, indices.
void take_literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out) {
  const TakeView view(closure);
  append_word(out, view.dims());
  for (int d = 0; d < view.dims(); ++d) append_word(out, view.out(d).begin(place[d]));
  for (int d = 0; d < view.dims(); ++d) append_word(out, view.out(d).end(place[d]));
  append_word(out, view.axis());
  append_word(out, static_cast<std::int64_t>(view.chunks(place).size()));
  for (const std::int64_t index : view.indices(place)) append_word(out, index);
}

}  // namespace

constinit const Dependence take_dependence{
    .reads = &take_reads, .readers = &take_readers, .literals = &take_literals};

// --- a member ---------------------------------------------------------------------------------------------

TakeCall::TakeCall(std::span<const std::byte> literals) : words_(literals) {
  const auto dims = static_cast<std::size_t>(words_.take());
  box_.low = words_.take(dims);
  box_.high = words_.take(dims);
  axis_ = static_cast<std::size_t>(words_.take());
  blocks_ = static_cast<std::size_t>(words_.take());
  indices_ = words_.take(static_cast<std::size_t>(box_.high[axis_] - box_.low[axis_]));
}

namespace {

/// Where an index lies: its first row, and how far it is to those after it along the axes ahead.
struct Taken {
  const std::byte* at;
  std::size_t apart;
};

}  // namespace

void TakeCall::copy(std::span<const BlockMemory> blocks, std::size_t element_bytes, std::byte* to) const {
  if (blocks.empty()) return;
  std::size_t ahead = 1, row = element_bytes;
  for (std::size_t d = 0; d < box_.low.size(); ++d) {
    const auto length = static_cast<std::size_t>(box_.high[d] - box_.low[d]);
    if (d < axis_) ahead *= length;
    if (d > axis_) row *= length;
  }
  std::vector<Taken> all;
  for (const std::int64_t index : indices_) {
    const auto element = static_cast<std::uint64_t>(index);
    const auto next = std::ranges::upper_bound(
        blocks, element, {}, [this](const BlockMemory& block) { return (*block.offset)[axis_]; });
    const BlockMemory& block = *(next - 1);
    all.push_back({block.data + (element - (*block.offset)[axis_]) * row, (*block.shape)[axis_] * row});
  }
  with_element_bytes(row, [&](auto bytes) {
    std::byte* at = to;
    for (std::size_t i = 0; i < ahead; ++i)
      for (const Taken& one : all) {
        std::memcpy(at, one.at + i * one.apart, bytes);
        at += bytes;
      }
  });
}

}  // namespace ramal::detail
