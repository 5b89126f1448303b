// SPDX-License-Identifier: BSD-3-Clause
#include "io/files/element_type.hpp"

#include "io/files/posix.hpp"

#include <bit>
#include <cstring>

namespace ramal::detail {

namespace {

template <class Word, class Swap>
void swap_words(std::byte* memory, std::uint64_t bytes, const Swap& swap) {
  for (std::uint64_t at = 0; at + sizeof(Word) <= bytes; at += sizeof(Word)) {
    Word word;
    std::memcpy(&word, memory + at, sizeof word);
    word = swap(word);
    std::memcpy(memory + at, &word, sizeof word);
  }
}

}  // namespace

void swap_bytes(void* memory, std::uint64_t bytes, std::size_t word_bytes) {
  auto* at = static_cast<std::byte*>(memory);
  if (word_bytes == 2)
    swap_words<std::uint16_t>(at, bytes, [](std::uint16_t word) { return __builtin_bswap16(word); });
  if (word_bytes == 4)
    swap_words<std::uint32_t>(at, bytes, [](std::uint32_t word) { return __builtin_bswap32(word); });
  if (word_bytes == 8)
    swap_words<std::uint64_t>(at, bytes, [](std::uint64_t word) { return __builtin_bswap64(word); });
}

void normalise_booleans(void* memory, std::uint64_t bytes) {
  auto* at = static_cast<unsigned char*>(memory);
  for (std::uint64_t i = 0; i < bytes; ++i) at[i] = at[i] != 0;
}

char ElementType::letter() const { return "biufc"[static_cast<int>(kind)]; }

std::string ElementType::text() const {
  const char* const names[] = {"bool", "int", "uint", "float", "complex"};
  const std::string name = names[static_cast<int>(kind)];
  return kind == Kind::boolean ? name : name + std::to_string(8 * bytes);
}

std::string ElementType::numpy_text() const {
  const char order = bytes == 1 ? '|' : std::endian::native == std::endian::little ? '<' : '>';
  return std::string{order, letter()} + std::to_string(bytes);
}

bool is_type_swapped(const std::string& file, const std::string& descr, const ElementType& wanted) {
  const std::string expected = wanted.numpy_text();
  const bool has_order =
      descr.size() > 1 && std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
  if (!has_order || descr.substr(1) != expected.substr(1) || (wanted.word_bytes() > 1 && descr[0] == '|'))
    refuse_file(file, "expected elements of type " + wanted.text() + " ('" + expected + "'), found " +
                          (descr.empty() ? "structures" : '\'' + descr + '\''));
  constexpr char foreign = std::endian::native == std::endian::little ? '>' : '<';
  return wanted.word_bytes() > 1 && descr[0] == foreign;
}

}  // namespace ramal::detail
