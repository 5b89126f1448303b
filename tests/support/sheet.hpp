// SPDX-License-Identifier: BSD-3-Clause
// Sheet: a value whose bulk lies in several pieces of memory, as a table's columns do. Columns are shared by
// counting, so that a sheet with one more column has the others' memory in common with the first.
#pragma once

#include <ramal/codec.hpp>
#include <ramal/detail/block_memory.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace ramal::test {

class Sheet {
 public:
  using Bytes = std::vector<unsigned char>;
  static constexpr std::size_t alignment = 64;

  explicit Sheet(std::string name = {}) : name_(std::move(name)) {}

  /// This sheet and one column more; O(columns), the others' memory is shared.
  Sheet with_column(Bytes bytes) const {
    Sheet wider = *this;
    const auto owner = std::make_shared<const Bytes>(std::move(bytes));
    wider.columns_.push_back({owner, owner->data(), owner->size()});
    wider.slab_ = {};
    return wider;
  }
  const std::string& name() const { return name_; }
  std::size_t columns() const { return columns_.size(); }
  std::span<const unsigned char> column(std::size_t i) const { return {columns_[i].data, columns_[i].size}; }
  /// It came as one piece, in which each column is aligned.
  bool is_slab() const { return !slab_.empty(); }

  bool operator==(const Sheet& other) const {
    return name_ == other.name_ &&
           std::ranges::equal(columns_, other.columns_, [](const Column& a, const Column& b) {
             return std::equal(a.data, a.data + a.size, b.data, b.data + b.size);
           });
  }

 private:
  friend struct Codec<Sheet>;
  struct Column {
    std::shared_ptr<const void> owner;
    const unsigned char* data;
    std::size_t size;
  };
  std::string name_;
  std::vector<Column> columns_;
  std::span<const std::byte> slab_;  // what the columns lie in, with all that is between them
};

}  // namespace ramal::test

namespace ramal {

/// head := name columns:u64 size:u64*; then each column, and behind it zeros up to the next multiple of the
/// alignment.
template <>
struct Codec<test::Sheet> : MemoryEncoding<test::Sheet> {
  using Sheet = test::Sheet;

  static Spans memory(const Sheet& sheet) {
    if (sheet.is_slab()) return sheet.slab_;
    static constexpr std::array<std::byte, Sheet::alignment> zeros{};
    Spans spans;
    for (const Sheet::Column& column : sheet.columns_) {
      spans.add(std::as_bytes(std::span(column.data, column.size)));
      spans.add(std::span(zeros).first(padded(column.size) - column.size));
    }
    return spans;
  }
  static void write_head(Writer& writer, const Sheet& sheet) {
    writer& sheet.name_;
    writer.raw(static_cast<std::uint64_t>(sheet.columns_.size()));
    for (const Sheet::Column& column : sheet.columns_) writer.raw(static_cast<std::uint64_t>(column.size));
  }
  static Sheet allocate(Reader& head, std::size_t bytes) {
    Sheet sheet;
    head& sheet.name_;
    sheet.columns_.resize(head.count(sizeof(std::uint64_t)));
    std::size_t left = bytes;
    for (Sheet::Column& column : sheet.columns_) {
      column.size = head.raw<std::uint64_t>();
      if (column.size > left || padded(column.size) > left)
        throw DecodeError("a column that is larger than its sheet");
      left -= padded(column.size);
    }
    if (left != 0) throw DecodeError("a sheet that is larger than its columns");
    lay_out(sheet, bytes);
    return sheet;
  }

 private:
  static std::size_t padded(std::size_t bytes) {
    return (bytes + Sheet::alignment - 1) / Sheet::alignment * Sheet::alignment;
  }
  static void lay_out(Sheet& sheet, std::size_t bytes) {
    if (bytes == 0) return;
    const auto slab = std::static_pointer_cast<std::byte>(detail::allocate_block_memory(bytes));
    sheet.slab_ = {slab.get(), bytes};
    const auto* at = reinterpret_cast<const unsigned char*>(slab.get());
    for (Sheet::Column& column : sheet.columns_) {
      column.owner = slab;
      column.data = at;
      at += padded(column.size);
    }
  }
};

}  // namespace ramal
