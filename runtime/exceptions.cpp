// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/exceptions.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

namespace ramal::detail {

namespace {

std::string current_type() {
  const auto* type = abi::__cxa_current_exception_type();
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      type != nullptr ? abi::__cxa_demangle(type->name(), nullptr, nullptr, &status) : nullptr, std::free);
  return name ? name.get() : "unknown";
}

}  // namespace

std::string current_message() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (const char* text) {
    return text;
  } catch (const std::string& text) {
    return text;
  } catch (...) {
    return "threw an object of type " + current_type();
  }
}

}  // namespace ramal::detail
