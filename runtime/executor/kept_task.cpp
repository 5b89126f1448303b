// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/executor/kept_task.hpp"

#include "graph/core/atomic_file.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace ramal::detail {

namespace {

constexpr std::string_view kept_task_magic = "ramal task 1\n";

}  // namespace

void write_kept_task(const std::string& file, const std::string& digest, std::span<const std::byte> task) {
  std::string content(kept_task_magic);
  const std::uint64_t size = digest.size();
  content.append(reinterpret_cast<const char*>(&size), sizeof size);
  content += digest;
  content.append(reinterpret_cast<const char*>(task.data()), task.size());
  AtomicFile out(file);
  out.write(content);
  out.publish();
}

std::vector<std::byte> read_kept_task(const std::string& file, const std::string& digest) {
  std::ifstream in(file, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in && content.empty()) throw std::runtime_error("ramal: --ramal-replay: " + file + " cannot be read");
  std::uint64_t size = 0;
  const std::size_t head = kept_task_magic.size() + sizeof size;
  if (content.size() >= head) std::memcpy(&size, content.data() + kept_task_magic.size(), sizeof size);
  if (!content.starts_with(kept_task_magic) || size > content.size() - head)
    throw std::runtime_error("ramal: --ramal-replay: " + file +
                             " is no file that RAMAL_KEEP_FAILED has made, or is damaged");
  if (content.compare(head, size, digest) != 0)
    throw std::runtime_error("ramal: --ramal-replay: " + file +
                             " was made by another program, another version of it, or with other libraries; "
                             "only the same binary knows its functions");
  const auto task = std::as_bytes(std::span(content)).subspan(head + size);
  return {task.begin(), task.end()};
}

}  // namespace ramal::detail
