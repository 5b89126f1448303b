// SPDX-License-Identifier: BSD-3-Clause
// Families of blocks whose dependence is another than GridPattern: their kinds, and what a member is told.
#pragma once

#include <ramal/detail/array_state.hpp>
#include <ramal/detail/task.hpp>

namespace ramal::detail {

/// The box that a member makes, as text: `Call` is what reads its literals, and has a `box()`.
template <class Call>
std::string preview_box(const CallFrame& frame) {
  return Call(frame.literals).box().text();
}
/// The kind of a family's members, which `Thunk` runs. What they read is told by `*Thunk::dependence`, and
/// all of it is one list of inputs; what they are told is a `Thunk::Call`.
template <class Thunk, class Result>
inline constexpr Kind pattern_kind{.name = Thunk::name,
                                   .result = &TypeOf<Result>::type,
                                   .run = &Thunk::run,
                                   .preview = &preview_box<typename Thunk::Call>,
                                   .sort = Sort::member,
                                   .dependence = Thunk::dependence,
                                   .parameters = {.count = 1, .lists = 1, .place = false}};

/// A family of blocks of an array that is cut so. States what a block takes, unless that is little.
FamilyView pattern_family(const Kind& kind, const std::vector<Axis>& axes, std::size_t element_bytes,
                          std::vector<FamilySource> sources, std::vector<std::byte> closure,
                          std::source_location where);

/// The words of a member's literals, copied, since those may lie anywhere in memory.
class LiteralWords {
 public:
  explicit LiteralWords(std::span<const std::byte> literals)
      : words_(literals.size() / sizeof(std::int64_t)) {
    std::memcpy(words_.data(), literals.data(), words_.size() * sizeof(std::int64_t));
  }
  LiteralWords(const LiteralWords&) = delete;
  LiteralWords& operator=(const LiteralWords&) = delete;
  std::int64_t take() { return words_[at_++]; }
  std::span<const std::int64_t> take(std::size_t count) {
    at_ += count;
    return {words_.data() + at_ - count, count};
  }

 private:
  std::vector<std::int64_t> words_;
  std::size_t at_ = 0;
};

/// A box of elements that a member is to make.
struct ElementBox {
  std::span<const std::int64_t> low, high;
  Extents shape() const;
  Extents offset() const;
  /// Such as `[0:4, 8:10]`.
  std::string text() const;
};

}  // namespace ramal::detail
