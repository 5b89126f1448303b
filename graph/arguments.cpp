// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/arguments.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>

namespace ramal::detail {

namespace {

/// The kernel knows whether an address is mapped, whatever it belongs to: stack, heap or image.
bool is_mapped(std::uintptr_t address) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  unsigned char resident = 0;
  return mincore(reinterpret_cast<void*>(address / page * page), 1, &resident) == 0;
}

}  // namespace

Annotation checked(Annotation wishes) {
  if (!(wishes.cost > 0) || !std::isfinite(wishes.cost)) {
    throw std::invalid_argument("ramal: annotate: expected a positive, finite cost, found " +
                                std::to_string(wishes.cost));
  }
  if (wishes.rank < -1) {
    throw std::invalid_argument("ramal: annotate: expected a rank of 0 or more, found " +
                                std::to_string(wishes.rank));
  }
  if (wishes.threads < 1) {
    throw std::invalid_argument("ramal: annotate: expected 1 thread or more, found " +
                                std::to_string(wishes.threads));
  }
  return wishes;
}

const Task* existing(const Task* task) {
  if (task == nullptr)
    throw std::invalid_argument("ramal: this Delayed was moved from, it names no task any more");
  return task;
}

void refuse_addresses(std::span<const std::byte> bytes, std::string_view what, std::source_location where) {
  for (std::size_t at = 0; at + sizeof(std::uintptr_t) <= bytes.size(); at += sizeof(std::uintptr_t)) {
    std::uintptr_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if (!may_be_address(word) || !is_mapped(word)) continue;
    throw std::invalid_argument("ramal: " + std::string(what) + " at " + where.file_name() + ":" +
                                std::to_string(where.line()) +
                                " holds an address of this process (a pointer, a view, `this`, a capture by "
                                "reference); it means nothing on another rank: pass the value itself");
  }
}

}  // namespace ramal::detail
