// SPDX-License-Identifier: BSD-3-Clause
// States of aggregates as bytes, by their Codecs: so they stand in a column and are put together by code that
// does not know their types.
#pragma once

#include <ramal/codec.hpp>

#include <string>
#include <string_view>

namespace ramal::detail {

template <Encodable State>
std::string bytes_of_state(const State& state) {
  Writer size;
  Codec<State>::write(size, state);
  std::string bytes(size.size(), '\0');
  Writer writer(reinterpret_cast<std::byte*>(bytes.data()), bytes.size());
  Codec<State>::write(writer, state);
  return bytes;
}
/// Throws DecodeError for what is none.
template <Encodable State>
State state_of_bytes(std::string_view bytes) {
  Reader reader(std::as_bytes(std::span(bytes)));
  return Codec<State>::read(reader);
}

/// Puts two states together, each as its bytes; the left one is of rows that come earlier.
using MergeBytes = std::string (*)(std::string_view left, std::string_view right);
template <class State>
std::string merge_bytes(std::string_view left, std::string_view right) {
  State state = state_of_bytes<State>(left);
  state.merge(state_of_bytes<State>(right));
  return bytes_of_state(state);
}

}  // namespace ramal::detail
