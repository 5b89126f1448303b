// SPDX-License-Identifier: BSD-3-Clause
// Families of blocks that a function of their boxes makes, such as reading a file.
#pragma once

#include <ramal/detail/array_state.hpp>
#include <ramal/detail/expression.hpp>

namespace ramal::detail {

/// `f(arguments…, offset, shape)` makes a block, of whatever place and shape, where the arguments are the
/// same for all of them. Parameters: the arguments' encodings.
template <auto f, class... A>
struct GridFunctionThunk {
  static constexpr std::string_view name = function_name<f>;
  static constexpr bool is_elementwise = true;
  static void run(CallFrame& frame, Value& result) {
    const GridCall call(frame.literals);
    Reader reader(call.parameters());
    std::tuple<A...> arguments{Codec<A>::read(reader)...};
    auto block = std::apply(
        [&](const A&... argument) { return f(argument..., box_offset(call), box_shape(call)); }, arguments);
    result.emplace<decltype(block)>(std::move(block));
  }
};

/// A family of such blocks over an array that is cut so, under a name.
template <auto f, class T, class... A>
FamilyView grid_function_family(const std::vector<Axis>& axes, std::string name, std::source_location where,
                                const A&... arguments) {
  Writer count;
  (Codec<A>::write(count, arguments), ...);
  std::vector<std::byte> parameters(count.size());
  Writer writer(parameters.data(), parameters.size());
  (Codec<A>::write(writer, arguments), ...);
  const FamilyView view = grid_family(grid_kind<GridFunctionThunk<f, A...>, Block<T>>, axes, sizeof(T), {},
                                      {}, parameters, where);
  Annotation wishes = view.node->traits.wishes;
  wishes.name = std::move(name);
  return view.annotated(std::move(wishes), where);
}

}  // namespace ramal::detail
