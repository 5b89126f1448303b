// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/image.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <sstream>
#include <stdexcept>

namespace ramal::detail {

namespace {

std::uint32_t hash(std::string_view text) {  // FNV-1a
  std::uint32_t sum = 2166136261u;
  for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 16777619u;
  return sum;
}

/// The linker's build id, as hexadecimal digits; empty if there is none.
std::string build_id(const dl_phdr_info& info) {
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& segment = info.dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* at = reinterpret_cast<const char*>(info.dlpi_addr + segment.p_vaddr);
    const auto* end = at + segment.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const auto* name = at + sizeof note;
      const auto* bytes = name + (note.n_namesz + 3) / 4 * 4;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
        std::string text;
        for (unsigned k = 0; k < note.n_descsz; ++k) {
          constexpr const char* digits = "0123456789abcdef";
          const auto byte = static_cast<unsigned char>(bytes[k]);
          text += {digits[byte >> 4], digits[byte & 15]};
        }
        return text;
      }
      at = bytes + (note.n_descsz + 3) / 4 * 4;
    }
  }
  return {};
}

/// What stands in for a missing build id (some toolchains write none): the loaded code and constants.
std::string segment_hash(const dl_phdr_info& info) {
  std::uint32_t sum = 0;
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& segment = info.dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    sum =
        sum * 31 + hash({reinterpret_cast<const char*>(info.dlpi_addr + segment.p_vaddr), segment.p_filesz});
  }
  return "hash " + std::to_string(sum);
}

}  // namespace

Images Images::loaded() {
  Images images;
  const auto visit = [](dl_phdr_info* info, std::size_t, void* data) {
    auto& self = *static_cast<Images*>(data);
    std::uintptr_t begin = ~std::uintptr_t{0};
    std::uintptr_t end = 0;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const auto& segment = info->dlpi_phdr[i];
      if (segment.p_type != PT_LOAD) continue;
      begin = std::min<std::uintptr_t>(begin, info->dlpi_addr + segment.p_vaddr);
      end = std::max<std::uintptr_t>(end, info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
    }
    const bool is_program = self.images_.empty();
    const auto id = build_id(*info);
    self.images_.push_back({info->dlpi_addr, begin, end, id});
    const std::string_view path = info->dlpi_name;
    const auto file = is_program ? "program" : path.substr(path.rfind('/') + 1);
    // The kernel's own image may differ between hosts; nothing of ours is in it.
    if (file.starts_with("linux-vdso")) return 0;
    self.digest_ += std::string(file) + ' ' + (id.empty() && is_program ? segment_hash(*info) : id) + '\n';
    return 0;
  };
  dl_iterate_phdr(visit, &images);
  return images;
}

const Images::Image* Images::image_of(const void* object) const {
  const auto address = reinterpret_cast<std::uintptr_t>(object);
  const auto found = std::ranges::find_if(
      images_, [&](const Image& image) { return address >= image.begin && address < image.end; });
  return found != images_.end() ? &*found : nullptr;
}

std::string Images::lasting_name(const Kind& kind) const {
  const Image* image = image_of(&kind);
  if (image == nullptr || image->build_id.empty()) return {};
  std::ostringstream name;
  name << image->build_id << '+' << std::hex << reinterpret_cast<std::uintptr_t>(&kind) - image->base;
  return name.str();
}

KindRef Images::refer(const Kind& kind) const {
  if (const Image* image = image_of(&kind)) {
    return {static_cast<std::uint32_t>(image - images_.data()), hash(kind.name),
            reinterpret_cast<std::uintptr_t>(&kind) - image->base};
  }
  throw std::logic_error("ramal: the function " + std::string(kind.name) +
                         " comes from a library that was loaded after ramal::run began; load it before");
}

namespace {

/// Copies from addresses that came from another rank: they lie in the image, but perhaps between its objects,
/// where the address sanitizer lets nobody look.
[[gnu::no_sanitize_address]] void copy_unwatched(void* to, std::uintptr_t from, std::size_t count) {
  const auto* source = reinterpret_cast<const volatile char*>(from);
  for (std::size_t i = 0; i < count; ++i) static_cast<char*>(to)[i] = source[i];
}

}  // namespace

const Kind& Images::resolve(const KindRef& ref) const {
  constexpr std::size_t longest_name = 1 << 16;
  if (ref.image < images_.size()) {
    const auto& image = images_[ref.image];
    const auto address = image.base + ref.offset;
    const bool is_inside = address >= image.begin && address + sizeof(Kind) <= image.end;
    if (is_inside && address % alignof(Kind) == 0) {
      std::string_view name;  // of what may be no Kind at all
      copy_unwatched(&name, address + offsetof(Kind, name), sizeof name);
      const auto begin = reinterpret_cast<std::uintptr_t>(name.data());
      if (begin >= image.begin && begin <= image.end &&
          name.size() <= std::min(longest_name, image.end - begin)) {
        std::string text(name.size(), ' ');
        copy_unwatched(text.data(), begin, text.size());
        if (hash(text) == ref.name_hash) return *reinterpret_cast<const Kind*>(address);
      }
    }
  }
  throw DecodeError("a task's function is not where rank 0 has it; do all ranks run the same program?");
}

CallSiteRef Images::refer(const CallSite& site) const {
  const Image* image = site.line > 0 ? image_of(site.file) : nullptr;
  if (image == nullptr) return {};
  return {static_cast<std::uint32_t>(image - images_.data()), site.line,
          reinterpret_cast<std::uintptr_t>(site.file) - image->base};
}

CallSite Images::resolve(const CallSiteRef& ref) const {
  constexpr std::size_t longest_name = 4096;
  if (ref.line == 0 || ref.image >= images_.size()) return {};
  const Image& image = images_[ref.image];
  const auto address = image.base + ref.offset;
  for (std::uintptr_t at = address; at >= image.begin && at < image.end && at - address < longest_name;
       ++at) {
    char letter = 0;
    copy_unwatched(&letter, at, 1);
    if (letter == 0) return {reinterpret_cast<const char*>(address), ref.line};
  }
  return {};
}

}  // namespace ramal::detail
