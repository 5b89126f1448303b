// SPDX-License-Identifier: BSD-3-Clause
#include "graph/arrays/closure_words.hpp"

#include <ramal/detail/grid.hpp>

#include <algorithm>
#include <limits>
#include <numeric>

namespace ramal::detail {

// --- closures ---------------------------------------------------------------------------------------------
//
// All words are int64, so that tables can be used where they lie:
//
//   dims sources with-pieces parameter-words-at parameter-bytes
//   axis of the result: length width first count table-at           for each dim
//   where the source begins                                         for each source
//   source: dims, its axes, its maps (5 words each), and with pieces low high for each dim
//   tables; parameters

namespace {

constexpr std::size_t grid_head_words = 5, parameters_word = 3, map_words = 5;
static_assert(sizeof(AxisMap) == map_words * sizeof(std::int64_t));

/// Reads a closure where it lies.
class GridView {
 public:
  explicit GridView(const std::byte* closure) : words_(reinterpret_cast<const std::int64_t*>(closure)) {}

  int dims() const { return static_cast<int>(words_[0]); }
  std::uint32_t sources() const { return static_cast<std::uint32_t>(words_[1]); }
  bool has_pieces() const { return words_[2] != 0; }
  std::span<const std::byte> parameters() const {
    return {reinterpret_cast<const std::byte*>(words_ + words_[parameters_word]),
            static_cast<std::size_t>(words_[4])};
  }
  AxisView out(int d) const {
    return axis(words_ + grid_head_words + axis_words * static_cast<std::size_t>(d));
  }
  IndexInterval out_box(int d, const Index& place) const {
    const AxisView axis = out(d);
    return {axis.begin(place[d]), axis.end(place[d])};
  }
  int source_dims(std::uint32_t k) const { return static_cast<int>(*source(k)); }
  AxisView source_axis(std::uint32_t k, int d) const {
    return axis(source(k) + 1 + axis_words * static_cast<std::size_t>(d));
  }
  const AxisMap* maps(std::uint32_t k) const {
    return reinterpret_cast<const AxisMap*>(source(k) + 1 +
                                            axis_words * static_cast<std::size_t>(source_dims(k)));
  }
  IndexInterval piece(std::uint32_t k, int d) const {
    if (!has_pieces()) return {0, out(d).length};
    const std::int64_t* at = source(k) + 1 +
                             (axis_words + map_words) * static_cast<std::size_t>(source_dims(k)) +
                             2 * static_cast<std::size_t>(d);
    return {at[0], at[1]};
  }

 private:
  const std::int64_t* source(std::uint32_t k) const {
    return words_ + words_[grid_head_words + axis_words * static_cast<std::size_t>(dims()) + k];
  }
  AxisView axis(const std::int64_t* at) const {
    return {at[0], at[1], at[2], at[3], at[4] != 0 ? words_ + at[4] : nullptr};
  }
  const std::int64_t* words_;
};

/// What of a source's axis is read for an interval of the result's axis; empty if that is.
IndexInterval read_along(const AxisMap& map, const IndexInterval& out, std::int64_t length) {
  if (map.out >= 0 && out.empty()) return {0, 0};
  const std::int64_t a = map.out < 0 ? map.start : map.start + map.step * out.low;
  const std::int64_t b = map.out < 0 ? map.start : map.start + map.step * (out.high - 1);
  return IndexInterval{std::min(a, b) - map.before, std::max(a, b) + map.after + 1}.and_({0, length});
}

/// For which elements of the result's axis something of an interval of the source's is read. For a constant
/// map all or none.
IndexInterval readers_along(const AxisMap& map, const IndexInterval& of, std::int64_t length) {
  constexpr IndexInterval none{0, 0};
  if (of.empty()) return none;
  // start + step * o is to lie from of.low - after to of.high - 1 + before.
  const std::int64_t low = of.low - map.after - map.start, high = of.high - 1 + map.before - map.start;
  if (map.out < 0 || map.step == 0) return low <= 0 && 0 <= high ? IndexInterval{0, length} : none;
  const std::int64_t from = map.step > 0 ? ceil_divided(low, map.step) : ceil_divided(high, map.step);
  const std::int64_t to = map.step > 0 ? floor_quotient(high, map.step) : floor_quotient(low, map.step);
  return IndexInterval{from, to + 1}.and_({0, length});
}

/// The chunks of an axis that are read for an interval of the result, in rising order. Between elements that
/// are further apart than a chunk is wide there may be some that are not.
template <class Take>
void for_each_chunk(const AxisView& axis, const AxisMap& map, const IndexInterval& out, const Take& take) {
  const IndexInterval elements = read_along(map, out, axis.length);
  if (elements.empty()) return;
  const std::int64_t from = axis.find(elements.low), to = axis.find(elements.high - 1);
  const bool may_skip = map.out >= 0 && std::abs(map.step) > 1;
  for (std::int64_t chunk = from; chunk <= to; ++chunk) {
    const IndexInterval inside{axis.begin(chunk), axis.end(chunk)};
    if (inside.empty()) continue;
    if (may_skip && readers_along(map, inside, out.high).and_(out).empty()) continue;
    take(chunk);
  }
}

}  // namespace

std::vector<std::byte> grid_closure(const std::vector<Axis>& out, const std::vector<GridSource>& sources,
                                    std::span<const std::byte> parameters) {
  const bool pieces = std::ranges::any_of(sources, [](const GridSource& one) { return !one.piece.empty(); });
  ClosureWords words;
  words.word(std::ssize(out));
  words.word(std::ssize(sources));
  words.word(pieces ? 1 : 0);
  words.word(0);
  words.word(std::ssize(parameters));
  for (const Axis& axis : out) words.axis(axis);
  const std::size_t begins = words.size();
  for (std::size_t k = 0; k < sources.size(); ++k) words.word(0);
  for (std::size_t k = 0; k < sources.size(); ++k) {
    const GridSource& source = sources[k];
    words.set(begins + k, static_cast<std::int64_t>(words.size()));
    words.word(std::ssize(source.axes));
    for (const Axis& axis : source.axes) words.axis(axis);
    for (const AxisMap& map : source.maps)
      for (const std::int64_t value : {map.out, map.start, map.step, map.before, map.after})
        words.word(value);
    for (std::size_t d = 0; pieces && d < out.size(); ++d) {
      words.word(source.piece.empty() ? 0 : source.piece[d].first);
      words.word(source.piece.empty() ? out[d].length() : source.piece[d].second);
    }
  }
  words.set(parameters_word, words.write_tables());
  return std::move(words).bytes(parameters);
}

GridParts grid_parts(const std::byte* closure) {
  const GridView grid(closure);
  GridParts parts{{}, {}, grid.parameters()};
  for (int d = 0; d < grid.dims(); ++d) parts.out.push_back(Axis::copy_of(grid.out(d)));
  for (std::uint32_t k = 0; k < grid.sources(); ++k) {
    GridSource source;
    for (int s = 0; s < grid.source_dims(k); ++s) {
      source.axes.push_back(Axis::copy_of(grid.source_axis(k, s)));
      source.maps.push_back(grid.maps(k)[s]);
    }
    for (int d = 0; grid.has_pieces() && d < grid.dims(); ++d)
      source.piece.emplace_back(grid.piece(k, d).low, grid.piece(k, d).high);
    parts.sources.push_back(std::move(source));
  }
  return parts;
}

// --- the pattern ------------------------------------------------------------------------------------------

namespace {

/// Which chunks of a source a member reads: a list for each of its axes. Nothing if some list is empty.
struct ChunksRead {
  std::vector<std::int64_t> all;
  std::array<std::size_t, Index::most_dims + 1> begin{};

  void find(const GridView& grid, std::uint32_t k, const Index& place) {
    all.clear();
    const int dims = grid.source_dims(k);
    for (int d = 0; d < grid.dims(); ++d) {  // outside of its piece nothing is read, constants neither
      if (grid.out_box(d, place).and_(grid.piece(k, d)).empty()) {
        begin.fill(0);
        return;
      }
    }
    for (int s = 0; s < dims; ++s) {
      const AxisMap& map = grid.maps(k)[s];
      begin[static_cast<std::size_t>(s)] = all.size();
      const IndexInterval box =
          map.out < 0
              ? IndexInterval{0, 1}
              : grid.out_box(static_cast<int>(map.out), place).and_(grid.piece(k, static_cast<int>(map.out)));
      for_each_chunk(grid.source_axis(k, s), map, box, [&](std::int64_t chunk) { all.push_back(chunk); });
    }
    begin[static_cast<std::size_t>(dims)] = all.size();
    is_scalar_read = dims == 0;
  }
  std::int64_t count(int s) const {
    return static_cast<std::int64_t>(begin[static_cast<std::size_t>(s) + 1] -
                                     begin[static_cast<std::size_t>(s)]);
  }
  bool is_scalar_read = false;
};

}  // namespace

void GridPattern::reads(const std::byte* closure, const Index& place, Reads& out) {
  const GridView grid(closure);
  ChunksRead chunks;
  for (std::uint32_t k = 0; k < grid.sources(); ++k) {
    chunks.is_scalar_read = false;
    chunks.find(grid, k, place);
    const int dims = grid.source_dims(k);
    if (dims == 0) {
      if (chunks.is_scalar_read) out.add_number(k, 0, k);
      continue;
    }
    std::int64_t total = 1;
    for (int s = 0; s < dims; ++s) total *= chunks.count(s);
    for (std::int64_t i = 0; i < total; ++i) {
      std::int64_t left = i, number = 0, numbers = 1;
      for (int s = dims; s-- > 0;) {
        const std::int64_t chunk = chunks.all[chunks.begin[static_cast<std::size_t>(s)] +
                                              static_cast<std::size_t>(left % chunks.count(s))];
        left /= chunks.count(s);
        number += chunk * numbers;
        numbers *= grid.source_axis(k, s).count;
      }
      out.add_number(k, number, k);
    }
  }
}

void GridPattern::readers(const std::byte* closure, const Index& extent, std::uint32_t k, const Region& of,
                          std::vector<Region>& boxes) {
  const GridView grid(closure);
  const int dims = grid.dims();
  Region box = Region::whole(extent);
  // Two axes of a source may follow one of the result. A member reads all chunks of the one with all of the
  // other, so it is chunks of the result that have to be in both.
  const auto narrow = [&](int d, const IndexInterval& elements) {
    if (elements.empty()) return false;
    const AxisView axis = grid.out(d);
    box.low[d] = std::max(box.low[d], axis.find(elements.low));
    box.high[d] = std::min(box.high[d], axis.find(elements.high - 1) + 1);
    return box.low[d] < box.high[d];
  };
  for (int d = 0; d < dims; ++d)
    if (!narrow(d, grid.piece(k, d))) return;
  for (int s = 0; s < grid.source_dims(k); ++s) {
    const AxisMap& map = grid.maps(k)[s];
    const AxisView axis = grid.source_axis(k, s);
    const IndexInterval inside{axis.begin(of.low[s]), axis.end(of.high[s] - 1)};
    const int d = static_cast<int>(map.out);
    if (d < 0) {
      if (readers_along(map, inside, 1).empty()) return;
    } else if (!narrow(d, readers_along(map, inside, grid.out(d).length).and_(grid.piece(k, d)))) {
      return;
    }
  }
  boxes.push_back(box);
}

namespace {

/// How the chunks of one axis go together with those of a source's: chunk p reads at most those from
/// (p * width + low) / per to (p * width + high) / per, both rounded down.
struct AxisAlignment {
  std::int64_t width, per, low, high;

  void put(Alignment& alignment, int d) const {
    alignment.width[d] = width;
    alignment.per[d] = per;
    alignment.low[d] = low;
    alignment.high[d] = high;
  }
};

/// As if both axes went on for ever in chunks of their widths: then chunk p begins at first + (p - 1) *
/// width, and an element x is in chunk 1 + (x - first) / width. At the ends less is read.
AxisAlignment aligned_regularly(const AxisView& to, const AxisView& from, const AxisMap& map) {
  const std::int64_t advance = map.step * to.width, common = std::gcd(advance, from.width);
  const std::int64_t first_chunk = map.start + map.step * (to.first - to.width) - from.first + from.width;
  const std::int64_t low = first_chunk - map.before;
  const std::int64_t high = first_chunk + map.step * (to.width - 1) + map.after;
  return {advance / common, from.width / common, floor_quotient(low, common), floor_quotient(high, common)};
}

/// By looking at each chunk: from the first that reads anything to the last, in a straight line, and what
/// lies beside that. O(chunks).
AxisAlignment aligned_by_table(const AxisView& to, const AxisView& from, const AxisMap& map,
                               const IndexInterval& piece) {
  struct Read {
    std::int64_t place;
    IndexInterval chunks;
  };
  std::vector<Read> all;
  IndexInterval chunks{0, 0};  // which only move on
  for (std::int64_t place = 0; place < to.count; ++place) {
    const IndexInterval elements =
        read_along(map, IndexInterval{to.begin(place), to.end(place)}.and_(piece), from.length);
    if (elements.empty()) continue;
    while (from.end(chunks.low) <= elements.low) ++chunks.low;
    chunks.high = std::max(chunks.high, chunks.low + 1);
    while (from.end(chunks.high - 1) < elements.high) ++chunks.high;
    all.push_back({place, chunks});
  }
  if (all.empty()) return {0, 1, 0, 0};
  const std::int64_t places = std::max<std::int64_t>(1, all.back().place - all.front().place);
  const std::int64_t advance = all.back().chunks.low - all.front().chunks.low;
  const std::int64_t common = std::gcd(advance, places);
  AxisAlignment found{advance / common, places / common, std::numeric_limits<std::int64_t>::max(),
                      std::numeric_limits<std::int64_t>::min()};
  for (const Read& read : all) {
    const std::int64_t at = read.place * found.width;
    found.low = std::min(found.low, (read.chunks.low + 1) * found.per - 1 - at);
    found.high = std::max(found.high, (read.chunks.high - 1) * found.per - at);
  }
  return found;
}

}  // namespace

std::optional<Alignment> GridPattern::alignment(const std::byte* closure, int dims, std::uint32_t k) {
  const GridView grid(closure);
  if (k >= grid.sources() || grid.dims() != dims || grid.source_dims(k) != dims) return std::nullopt;
  Alignment alignment = Alignment::own_place(dims);
  for (int d = 0; d < dims; ++d) {
    const AxisMap& map = grid.maps(k)[d];
    const AxisView from = grid.source_axis(k, d), to = grid.out(d);
    const bool goes_along = map.out == d && map.step > 0;
    if (to.count == 1) {
      alignment.read_groups(d, from.count);
    } else if (from.count == 1 || (!goes_along && d > 0)) {
      alignment.read_all(d, from.count);
    } else if (!goes_along) {
      return std::nullopt;
    } else if (from.table == nullptr && to.table == nullptr) {
      aligned_regularly(to, from, map).put(alignment, d);
    } else {
      aligned_by_table(to, from, map, grid.piece(k, d)).put(alignment, d);
    }
  }
  return alignment;
}

Along GridPattern::along(const std::byte* closure, std::uint32_t k) {
  const GridView grid(closure);
  Along along;
  along.fill(-1);
  for (int s = 0; s < grid.source_dims(k); ++s) {
    const AxisMap& map = grid.maps(k)[s];
    if (map.out >= 0 && map.step > 0) along[static_cast<std::size_t>(map.out)] = static_cast<std::int8_t>(s);
  }
  return along;
}

// --- literals ---------------------------------------------------------------------------------------------
//
// As the closure, in words: dims sources parameter-bytes low[dims] high[dims]; then for each source its dims,
// its part's low and high, maps and counts; then the parameters.

void GridPattern::literals(const std::byte* closure, const Index& place, std::vector<std::byte>& out) {
  const GridView grid(closure);
  const int dims = grid.dims();
  const auto word = [&out](std::int64_t value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    out.insert(out.end(), bytes.begin(), bytes.end());
  };
  word(dims);
  word(grid.sources());
  word(static_cast<std::int64_t>(grid.parameters().size()));
  for (int d = 0; d < dims; ++d) word(grid.out_box(d, place).low);
  for (int d = 0; d < dims; ++d) word(grid.out_box(d, place).high);
  ChunksRead chunks;
  for (std::uint32_t k = 0; k < grid.sources(); ++k) {
    const int source_dims = grid.source_dims(k);
    word(source_dims);
    for (int d = 0; d < dims; ++d) word(grid.out_box(d, place).and_(grid.piece(k, d)).low);
    for (int d = 0; d < dims; ++d) word(grid.out_box(d, place).and_(grid.piece(k, d)).high);
    const auto maps = std::as_bytes(std::span(grid.maps(k), static_cast<std::size_t>(source_dims)));
    out.insert(out.end(), maps.begin(), maps.end());
    chunks.is_scalar_read = false;
    chunks.find(grid, k, place);
    std::int64_t total = source_dims == 0 ? chunks.is_scalar_read : 1;
    for (int s = 0; s < source_dims; ++s) {
      word(chunks.count(s));
      total *= chunks.count(s);
    }
    word(total);
  }
  const auto parameters = grid.parameters();
  out.insert(out.end(), parameters.begin(), parameters.end());
  while (out.size() % sizeof(std::int64_t) != 0) out.push_back(std::byte{0});
}

GridCall::GridCall(std::span<const std::byte> literals) : words_(literals.size() / sizeof(std::int64_t)) {
  std::memcpy(words_.data(), literals.data(), words_.size() * sizeof(std::int64_t));
  const std::int64_t* at = words_.data();
  const auto take = [&at](std::size_t count) {
    const std::span words(at, count);
    at += count;
    return words;
  };
  const auto head = take(3);
  const auto dims = static_cast<std::size_t>(head[0]);
  low_ = take(dims);
  high_ = take(dims);
  sources_.resize(static_cast<std::size_t>(head[1]));
  std::size_t first = 0;
  for (Source& source : sources_) {
    const auto source_dims = static_cast<std::size_t>(take(1)[0]);
    source.low = take(dims);
    source.high = take(dims);
    source.maps = {reinterpret_cast<const AxisMap*>(take(map_words * source_dims).data()), source_dims};
    source.counts = take(source_dims);
    source.first = first;
    source.blocks = static_cast<std::size_t>(take(1)[0]);
    first += source.blocks;
  }
  parameters_ = {reinterpret_cast<const std::byte*>(at), static_cast<std::size_t>(head[2])};
}

std::string GridCall::text() const {
  std::string text = "[";
  for (int d = 0; d < dims(); ++d) {
    const auto i = static_cast<std::size_t>(d);
    text += (d > 0 ? ", " : "") + std::to_string(low_[i]) + ':' + std::to_string(high_[i]);
  }
  return text + ']';
}

}  // namespace ramal::detail
