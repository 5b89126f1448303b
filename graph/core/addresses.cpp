// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/addresses.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace ramal::detail {

namespace {

/// The kernel knows whether an address is mapped, whatever it belongs to: stack, heap or image.
bool is_mapped(std::uintptr_t address) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  unsigned char resident = 0;
  return mincore(reinterpret_cast<void*>(address / page * page), 1, &resident) == 0;
}

}  // namespace

void refuse_addresses(std::span<const std::byte> bytes, std::string_view what, std::source_location where,
                      std::string_view name) {
  for (std::size_t at = 0; at + sizeof(std::uintptr_t) <= bytes.size(); at += sizeof(std::uintptr_t)) {
    std::uintptr_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if (!may_be_address(word) || !is_mapped(word)) continue;
    std::string text = "ramal: " + std::string(what) + std::string(name);
    if (where.line() != 0)
      text += " at " + std::string(where.file_name()) + ":" + std::to_string(where.line());
    throw std::invalid_argument(text +
                                " holds an address of this process (a pointer, a view, `this`, a capture by "
                                "reference); it means nothing on another rank: pass the value itself");
  }
}

}  // namespace ramal::detail
