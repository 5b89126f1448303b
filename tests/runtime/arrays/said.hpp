// SPDX-License-Identifier: BSD-3-Clause
// What tests of arrays look at: the elements of a block, and what a refusal says.
#pragma once

#include <ramal/block.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace ramal::test {

template <class T>
using List = std::vector<T>;
template <class T>
List<T> elements(const Block<T>& block) {
  return List<T>(block.begin(), block.end());
}
inline std::string message(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}
inline bool contains(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return true;
  ADD_FAILURE() << '"' << part << "\" is not in: " << text;
  return false;
}

}  // namespace ramal::test
