// SPDX-License-Identifier: BSD-3-Clause
// Expressions over arrays, as types: `sqrt(a * a + b)` is an
//
//   Apply<Sqrt, Apply<Add, Apply<Multiply, Leaf<double>, Leaf<double>>, Leaf<double>>>
//
// which holds nothing. Which blocks stand behind its leaves is known when a member runs. For each such type
// there is one function, that computes a tile of it with no temporary; all else is the same code for all of
// them.
#pragma once

#include <ramal/detail/array_state.hpp>
#include <ramal/detail/member.hpp>
#include <ramal/detail/promotion.hpp>
#include <ramal/detail/walk.hpp>

#include <numeric>

/// Ahead of a loop no round of which needs what another writes. Clang looks at run time instead.
#if defined(__clang__)
#define RAMAL_INDEPENDENT
#else
#define RAMAL_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace ramal::detail {

/// How many elements are computed at a time; tiles of as many lie in the innermost cache.
inline constexpr std::int64_t tile_elements = 512;
/// How many leaves an expression has at most. One that would have more is made of parts that are computed
/// first.
inline constexpr int most_leaves = 16;

/// Where a tile's operands lie: a pointer for each leaf, and the expression's constants.
struct TileOperands {
  const std::byte* leaf[3 * most_leaves];
  const std::byte* constants;
};

// --- nodes ------------------------------------------------------------------------------------------------
//
// `leaves` of them there are, and so many bytes of constants; `at<l, c>` gives the i-th element, where the
// first leaf is number l and the first constant lies at c.

/// What a kernel has to know of a leaf's blocks.
struct LeafType {
  const Type* block;
  std::size_t bytes;
  BlockMemory (*memory)(const Value&, bool is_padded);
};
template <class T>
inline constexpr LeafType leaf_type{
    &TypeOf<Block<T>>::type, sizeof(T), [](const Value& value, bool is_padded) {
      return is_padded ? BlockMemory::of(value.get<Padded<T>>()) : BlockMemory::of(value.get<Block<T>>());
    }};

/// An array's elements. `is_single`: of an array that has no axes.
template <class T, bool is_single_one>
struct Leaf {
  using type = T;
  static constexpr int leaves = 1;
  static constexpr int constants = 0;
  static constexpr bool is_single = is_single_one;
  static constexpr std::string_view name = "copy";
  template <int leaf, int constant>
  [[gnu::always_inline]] static T at(const TileOperands& operands, std::int64_t i) {
    return reinterpret_cast<const T*>(operands.leaf[leaf])[i];
  }
  static constexpr void describe(LeafType* to) { *to = leaf_type<T>; }
};
/// Constants lie 8 bytes apart.
template <class T>
inline constexpr int constant_bytes = static_cast<int>((sizeof(T) + 7) / 8 * 8);
/// A value, which travels with the expression's parameters.
template <class T>
struct Constant {
  using type = T;
  static constexpr int leaves = 0;
  static constexpr int constants = constant_bytes<T>;
  static constexpr bool is_single = true;
  static constexpr std::string_view name = "full";
  template <int leaf, int constant>
  [[gnu::always_inline]] static T at(const TileOperands& operands, std::int64_t) {
    T value;  // which may ask for more alignment than it has there
    std::memcpy(static_cast<void*>(&value), operands.constants + constant, sizeof value);
    return value;
  }
  static constexpr void describe(LeafType*) {}
};
/// F of each element of one to three others. F is an object without state, and has a name.
template <class F, class... A>
struct Apply;
template <class F, class A>
struct Apply<F, A> {
  using type = decltype(F{}(typename A::type()));
  static constexpr int leaves = A::leaves;
  static constexpr int constants = A::constants;
  static constexpr bool is_single = A::is_single;
  static constexpr std::string_view name = F::name;
  template <int l, int c>
  [[gnu::always_inline]] static type at(const TileOperands& operands, std::int64_t i) {
    return F{}(A::template at<l, c>(operands, i));
  }
  static constexpr void describe(LeafType* to) { A::describe(to); }
};
template <class F, class A, class B>
struct Apply<F, A, B> {
  using type = decltype(F{}(typename A::type(), typename B::type()));
  static constexpr int leaves = A::leaves + B::leaves;
  static constexpr int constants = A::constants + B::constants;
  static constexpr bool is_single = A::is_single && B::is_single;
  static constexpr std::string_view name = F::name;
  template <int l, int c>
  [[gnu::always_inline]] static type at(const TileOperands& operands, std::int64_t i) {
    return F{}(A::template at<l, c>(operands, i),
               B::template at<l + A::leaves, c + A::constants>(operands, i));
  }
  static constexpr void describe(LeafType* to) {
    A::describe(to);
    B::describe(to + A::leaves);
  }
};
template <class F, class A, class B, class C>
struct Apply<F, A, B, C> {
  using type = decltype(F{}(typename A::type(), typename B::type(), typename C::type()));
  static constexpr int leaves = A::leaves + B::leaves + C::leaves;
  static constexpr int constants = A::constants + B::constants + C::constants;
  static constexpr bool is_single = A::is_single && B::is_single && C::is_single;
  static constexpr std::string_view name = F::name;
  template <int l, int c>
  [[gnu::always_inline]] static type at(const TileOperands& operands, std::int64_t i) {
    return F{}(A::template at<l, c>(operands, i),
               B::template at<l + A::leaves, c + A::constants>(operands, i),
               C::template at<l + A::leaves + B::leaves, c + A::constants + B::constants>(operands, i));
  }
  static constexpr void describe(LeafType* to) {
    A::describe(to);
    B::describe(to + A::leaves);
    C::describe(to + A::leaves + B::leaves);
  }
};

// --- kernels ----------------------------------------------------------------------------------------------

/// An expression as all code but its own sees it. Its parameters are which source each leaf is, in bytes,
/// filled up to 8; then its constants.
struct Kernel {
  /// Computes `count` elements, at most a tile, of which the operands lie side by side.
  void (*compute)(const TileOperands& operands, void* to, std::int64_t count);
  int leaves;
  int constants;  ///< bytes
  bool is_copy;   ///< it is nothing but a leaf
  LeafType leaf[3 * most_leaves];

  std::size_t leaf_map_bytes() const { return static_cast<std::size_t>(leaves + 7) / 8 * 8; }
};

template <class Node>
void compute_tile(const TileOperands& given, void* memory, std::int64_t count) {
  // A copy, so that nothing that is written can change it.
  TileOperands operands;
  for (int k = 0; k < Node::leaves; ++k) operands.leaf[k] = given.leaf[k];
  alignas(8) std::byte constants[Node::constants + 1];
  if constexpr (Node::constants > 0) std::memcpy(constants, given.constants, Node::constants);
  operands.constants = constants;
  auto* to = static_cast<typename Node::type*>(memory);
  // What is written may lie where an operand does, but each element only there.
  RAMAL_INDEPENDENT
  for (std::int64_t i = 0; i < count; ++i) to[i] = Node::template at<0, 0>(operands, i);
}
template <class Node>
constexpr Kernel make_kernel() {
  Kernel kernel{&compute_tile<Node>,
                Node::leaves,
                Node::constants,
                std::same_as<Node, Leaf<typename Node::type, Node::is_single>>,
                {}};
  Node::describe(kernel.leaf);
  return kernel;
}
template <class Node>
inline constexpr Kernel kernel_of = make_kernel<Node>();

/// The operands of an expression in one call, tile by tile. What it is made of must outlive it.
class Tiles {
 public:
  Tiles(const GridCall& call, const CallFrame& frame, const Kernel& kernel);

  /// What stands behind the expression's own parameters.
  std::span<const std::byte> more_parameters() const;
  Walk walk(std::span<const int> order, int apart, bool merge = true) const {
    return Walk(call_.low(), call_.high(),
                std::span(operands_).first(static_cast<std::size_t>(kernel_.leaves)), order, apart, merge);
  }
  /// Computes some of a run's elements, at most a tile.
  void compute(const Walk& walk, std::int64_t done, std::int64_t count, void* to) {
    kernel_.compute(operands_at(walk, done, count), to, count);
  }
  /// The same; but where the expression is a leaf whose elements lie side by side, they stay where they are.
  /// Gives where they are.
  const void* values(const Walk& walk, std::int64_t done, std::int64_t count, void* buffer);
  /// Fills `to` with a run's values.
  void fill(const Walk& walk, std::size_t element_bytes, std::byte* to);
  /// An input that nobody else needs and that has each of its elements where a block of that type will have
  /// it, so that this may be written into its memory.
  std::optional<std::size_t> reusable(const CallFrame& frame, const Type& block) const;

 private:
  const TileOperands& operands_at(const Walk& walk, std::int64_t done, std::int64_t count);
  std::byte leaf_byte(int leaf) const { return call_.parameters()[static_cast<std::size_t>(leaf)]; }
  bool is_padded(int leaf) const { return (leaf_byte(leaf) & padded_leaf) != std::byte{0}; }
  const GridCall::Source& source(int leaf) const {
    return call_.sources()[static_cast<std::size_t>(leaf_byte(leaf) & ~padded_leaf)];
  }

  /// Elements that do not lie side by side, copied.
  struct Gathered {
    std::vector<std::byte> all;
    const std::byte* same = nullptr;  ///< all of them are this one
    std::int64_t count = 0;
  };
  const GridCall& call_;
  const Kernel& kernel_;
  std::vector<BlockMemory> blocks_;
  std::array<Walk::Operand, 3 * most_leaves> operands_;
  std::array<Gathered, 3 * most_leaves> gathered_;
  TileOperands at_;
};

/// The shape of the box that a call is to make, and its offset.
Extents box_shape(const GridCall& call);
Extents box_offset(const GridCall& call);
inline std::array<int, Index::most_dims> all_axes() {
  std::array<int, Index::most_dims> order;
  std::iota(order.begin(), order.end(), 0);
  return order;
}
std::string preview_grid(const CallFrame& frame);

/// A block of an expression's values.
template <class T>
void evaluate(const CallFrame& frame, const Kernel& kernel, Value& result) {
  const GridCall call(frame.literals);
  Tiles tiles(call, frame, kernel);
  const auto order = all_axes();
  Walk walk = tiles.walk(std::span(order).first(static_cast<std::size_t>(call.dims())), 0);
  const auto reused = tiles.reusable(frame, TypeOf<Block<T>>::type);
  Block<T> block = reused ? std::move(frame.input(*reused).template own<Block<T>>())
                          : Block<T>(box_shape(call), box_offset(call));
  auto* to = reinterpret_cast<std::byte*>(block.data());
  while (walk.next()) {
    tiles.fill(walk, sizeof(T), to);
    to += walk.length() * static_cast<std::int64_t>(sizeof(T));
  }
  result.emplace<Block<T>>(std::move(block));
}
template <class Node>
struct EvaluateThunk {
  static constexpr std::string_view name = Node::name;
  static constexpr bool is_elementwise = true;
  static void run(CallFrame& frame, Value& result) {
    evaluate<typename Node::type>(frame, kernel_of<Node>, result);
  }
};

template <class Thunk>
constexpr const Dependence* grid_dependence() {
  if constexpr (requires { Thunk::is_elementwise; }) return &GridPattern::elementwise;
  return &GridPattern::dependence;
}
/// The kind of a grid's members, which `Thunk` runs. It may say `is_elementwise`: see GridPattern.
template <class Thunk, class Result>
inline constexpr Kind grid_kind{.name = Thunk::name,
                                .result = &TypeOf<Result>::type,
                                .run = &Thunk::run,
                                .preview = &preview_grid,
                                .sort = Sort::member,
                                .dependence = grid_dependence<Thunk>(),
                                .parameters = {.count = 1, .lists = 1, .place = false}};

}  // namespace ramal::detail
