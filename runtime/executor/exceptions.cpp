// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/exceptions.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

namespace ramal::detail {

namespace {

/// What it says, or that it says nothing.
std::string said(const char* text, const std::string& type) {
  return text != nullptr ? text : "threw an object of type " + type + " that says nothing (what() is null)";
}

std::string current_type() {
  const auto* type = abi::__cxa_current_exception_type();
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      type != nullptr ? abi::__cxa_demangle(type->name(), nullptr, nullptr, &status) : nullptr, std::free);
  return name ? name.get() : "unknown";
}

}  // namespace

namespace {

/// What the outermost exception says.
std::string current_text() {
  try {
    throw;
  } catch (const std::exception& error) {
    return said(error.what(), current_type());
  } catch (const char* text) {
    return said(text, "const char*");
  } catch (const std::string& text) {
    return text;
  } catch (...) {
    return "threw an object of type " + current_type();
  }
}

}  // namespace

std::string current_message() {
  std::string message = current_text();
  try {
    throw;
  } catch (const std::nested_exception& outer) {
    if (outer.nested_ptr() == nullptr) return message;
    try {
      outer.rethrow_nested();
    } catch (...) {
      message += "; caused by: " + current_message();
    }
  } catch (...) {  // not one that holds another
  }
  return message;
}

}  // namespace ramal::detail
