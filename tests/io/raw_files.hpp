// SPDX-License-Identifier: BSD-3-Clause
// Files that hold elements as they lie in memory, and the types of these as NumPy names them.
#pragma once

#include <complex>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ramal::test {

inline std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void write_content(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
}
/// Bytes that this process has read by now, from files or the cache of their pages.
inline std::uint64_t bytes_read() {
  std::ifstream io("/proc/self/io");
  for (std::string word; io >> word;) {
    std::uint64_t bytes = 0;
    if (word == "rchar:" && io >> bytes) return bytes;
  }
  throw std::runtime_error("/proc/self/io says nothing of reading");
}
template <class T>
std::vector<T> raw_elements(const std::string& path) {
  const std::string bytes = content_of(path);
  std::vector<T> elements(bytes.size() / sizeof(T));
  if (!elements.empty()) std::memcpy(static_cast<void*>(elements.data()), bytes.data(), bytes.size());
  return elements;
}

/// Calls visit.template operator()<T>() for a type of real numbers as NumPy writes it.
template <class Visit>
void with_type(const std::string& type, const Visit& visit) {
  if (type == "i1") return visit.template operator()<std::int8_t>();
  if (type == "u1") return visit.template operator()<std::uint8_t>();
  if (type == "i2") return visit.template operator()<std::int16_t>();
  if (type == "u2") return visit.template operator()<std::uint16_t>();
  if (type == "i4") return visit.template operator()<std::int32_t>();
  if (type == "u4") return visit.template operator()<std::uint32_t>();
  if (type == "i8") return visit.template operator()<std::int64_t>();
  if (type == "u8") return visit.template operator()<std::uint64_t>();
  if (type == "f4") return visit.template operator()<float>();
  if (type == "f8") return visit.template operator()<double>();
  throw std::runtime_error("no such type: " + type);
}
/// The same for these, bool and complex numbers.
template <class Visit>
void with_element(const std::string& type, const Visit& visit) {
  if (type == "b1") return visit.template operator()<bool>();
  if (type == "c8") return visit.template operator()<std::complex<float>>();
  if (type == "c16") return visit.template operator()<std::complex<double>>();
  with_type(type, visit);
}

}  // namespace ramal::test
