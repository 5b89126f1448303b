// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/reduce.hpp>

#include <stdexcept>

namespace ramal::detail {

namespace {

std::string at(std::source_location where) {
  return std::string(where.file_name()) + ":" + std::to_string(where.line());
}

}  // namespace

void throw_empty_reduction(std::source_location where) {
  throw std::invalid_argument("ramal: reduce at " + at(where) +
                              ": the range is empty; expected at least one element, or an identity: "
                              "reduce<op>(range, {.identity = …})");
}

void throw_bad_arity(std::size_t arity, std::source_location where) {
  throw std::invalid_argument("ramal: reduce at " + at(where) + ": expected an arity of 2 or more, found " +
                              std::to_string(arity));
}

}  // namespace ramal::detail
