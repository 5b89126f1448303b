// SPDX-License-Identifier: BSD-3-Clause
// What one member of a reshaped array does.
#include <ramal/detail/reshape.hpp>

#include <algorithm>

namespace ramal::detail {

ReshapeCall::ReshapeCall(std::span<const std::byte> literals) : words_(literals) {
  const auto dims = static_cast<std::size_t>(words_.take());
  box_.low = words_.take(dims);
  box_.high = words_.take(dims);
  groups_.resize(static_cast<std::size_t>(words_.take()));
  for (Group& group : groups_) {
    group.low = words_.take();
    group.high = words_.take();
    group.lengths = words_.take(static_cast<std::size_t>(words_.take()));
    group.pieces = static_cast<std::size_t>(words_.take());
  }
}

std::size_t ReshapeCall::blocks() const {
  std::size_t blocks = 1;
  for (const Group& group : groups_) blocks *= group.pieces;
  return blocks;
}

bool ReshapeCall::is_same(std::span<const BlockMemory> blocks) const {
  // Each group's positions lie in one chunk; if it has no more of them, they are all of it, in their order.
  return blocks.size() == 1 && blocks[0].shape->product() == box_.shape().product();
}

namespace {

/// Positions that lie side by side in a piece, counted from where the group's box begins on both sides.
struct Run {
  std::size_t piece;
  std::int64_t from, to, length;
};

/// A group's pieces, which are boxes of its axes.
class Pieces {
 public:
  Pieces(const ReshapeCall::Group& group, std::size_t first_axis, std::size_t apart,
         std::span<const BlockMemory> blocks)
      : group_(group), axes_(group.lengths.size()) {
    for (std::size_t i = 0; i < group.pieces; ++i) {
      const BlockMemory& block = blocks[i * apart];
      std::int64_t size = 1;
      for (std::size_t a = 0; a < axes_; ++a) {
        low_.push_back(static_cast<std::int64_t>((*block.offset)[first_axis + a]));
        length_.push_back(static_cast<std::int64_t>((*block.shape)[first_axis + a]));
        size *= length_.back();
      }
      sizes_.push_back(size);
    }
    make_table();
  }
  /// How many positions a piece has.
  std::int64_t size(std::size_t piece) const { return sizes_[piece]; }
  /// All positions of the group's interval, in order.
  std::vector<Run> runs() const {
    std::vector<Run> runs;
    for (std::int64_t at = group_.low; at < group_.high; at += runs.back().length)
      runs.push_back(run_from(at));
    return runs;
  }

 private:
  /// Which piece begins where along each axis: pieces are cut alike, but not all combinations are there.
  void make_table() {
    begins_.resize(axes_);
    std::size_t count = 1;
    for (std::size_t a = 0; a < axes_; ++a) {
      for (std::size_t i = 0; i < sizes_.size(); ++i) begins_[a].push_back(low_[i * axes_ + a]);
      std::ranges::sort(begins_[a]);
      begins_[a].erase(std::unique(begins_[a].begin(), begins_[a].end()), begins_[a].end());
      count *= begins_[a].size();
    }
    table_.resize(count);
    for (std::size_t i = 0; i < sizes_.size(); ++i) table_[find(&low_[i * axes_])] = i;
  }
  /// Where in the table the piece stands that holds an element.
  std::size_t find(const std::int64_t* element) const {
    std::size_t at = 0;
    for (std::size_t a = 0; a < axes_; ++a) {
      const auto next = std::ranges::upper_bound(begins_[a], element[a]);
      at = at * begins_[a].size() + static_cast<std::size_t>(next - begins_[a].begin()) - 1;
    }
    return at;
  }
  Run run_from(std::int64_t position) const {
    std::array<std::int64_t, Index::most_dims> element;
    std::int64_t left = position;
    for (std::size_t a = axes_; a-- > 0;) {
      element[a] = left % group_.lengths[a];
      left /= group_.lengths[a];
    }
    const std::size_t piece = table_[find(element.data())];
    const std::int64_t* low = &low_[piece * axes_];
    const std::int64_t* length = &length_[piece * axes_];
    Run run{piece, 0, position - group_.low, 1};  // a group may have no axes in the source
    for (std::size_t a = 0; a < axes_; ++a) run.from = run.from * length[a] + element[a] - low[a];
    // As far as the piece has whole rows, they lie one behind the other on both sides.
    std::int64_t row = 1, inner = 0;
    for (std::size_t a = axes_; a-- > 0;) {
      run.length = (low[a] + length[a] - element[a]) * row - inner;
      if (length[a] != group_.lengths[a]) break;
      inner += element[a] * row;
      row *= length[a];
    }
    run.length = std::min(run.length, group_.high - position);
    return run;
  }

  const ReshapeCall::Group& group_;
  std::size_t axes_;
  std::vector<std::int64_t> low_, length_, sizes_;
  std::vector<std::vector<std::int64_t>> begins_;
  std::vector<std::size_t> table_;
};

/// Copies the runs of all groups, nested.
class Copier {
 public:
  struct Level {
    std::vector<Run> runs;
    std::vector<std::int64_t> sizes;  ///< of the pieces
    std::int64_t length;              ///< positions of the result
  };
  Copier(std::vector<Level> levels, std::span<const BlockMemory> blocks, std::size_t element_bytes,
         std::byte* to)
      : levels_(std::move(levels)), blocks_(blocks), bytes_(element_bytes), to_(to) {
    // What lies in one piece whole is copied as one element.
    while (levels_.size() > 1 && levels_.back().sizes.size() == 1 &&
           levels_.back().sizes[0] == levels_.back().length) {
      bytes_ *= static_cast<std::size_t>(levels_.back().length);
      levels_.pop_back();
    }
  }
  void copy(std::size_t g = 0, std::size_t block = 0, std::int64_t from = 0, std::int64_t to = 0) const {
    const Level& level = levels_[g];
    for (const Run& run : level.runs) {
      const std::size_t of = block * level.sizes.size() + run.piece;
      const std::int64_t at = from * level.sizes[run.piece] + run.from, behind = to * level.length + run.to;
      if (g + 1 == levels_.size()) {
        std::memcpy(to_ + static_cast<std::size_t>(behind) * bytes_,
                    blocks_[of].data + static_cast<std::size_t>(at) * bytes_,
                    static_cast<std::size_t>(run.length) * bytes_);
        continue;
      }
      for (std::int64_t i = 0; i < run.length; ++i) copy(g + 1, of, at + i, behind + i);
    }
  }

 private:
  std::vector<Level> levels_;
  std::span<const BlockMemory> blocks_;
  std::size_t bytes_;
  std::byte* to_;
};

}  // namespace

void ReshapeCall::copy(std::span<const BlockMemory> blocks, std::size_t element_bytes, std::byte* to) const {
  if (blocks.empty()) return;
  std::vector<Copier::Level> levels;
  std::size_t axis = 0, apart = blocks.size();
  for (const Group& group : groups_) {
    apart /= group.pieces;
    const Pieces pieces(group, axis, apart, blocks);
    levels.push_back({pieces.runs(), {}, group.high - group.low});
    for (std::size_t i = 0; i < group.pieces; ++i) levels.back().sizes.push_back(pieces.size(i));
    axis += group.lengths.size();
  }
  Copier(std::move(levels), blocks, element_bytes, to).copy();
}

}  // namespace ramal::detail
