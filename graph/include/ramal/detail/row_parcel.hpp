// SPDX-License-Identifier: BSD-3-Clause
// RowParcel: the rows of a group of parts for one group of results, sorted by result. One piece of memory,
// which travels as it is and is looked at where it lies:
//
//   parcel := pieces:u64 all-rows:u64 piece[pieces] rows     the rows from the next multiple of 64 bytes on
//   piece  := begin:u64 rows:u32 result:u32                   results rise; `begin` counts from the rows' own
//
// Rows of plain types lie there as in a vector; others by their codecs, one behind the other.
#pragma once

#include <ramal/codec.hpp>
#include <ramal/detail/block_memory.hpp>
#include <ramal/detail/shuffle.hpp>
#include <ramal/key.hpp>

namespace ramal::detail {

class RowParcel {
 public:
  struct Piece {
    std::uint64_t begin;
    std::uint32_t rows, result;
  };

  /// No rows.
  RowParcel() = default;
  /// Memory that is not initialised.
  explicit RowParcel(std::size_t bytes)
      : memory_(bytes > 0 ? allocate_block_memory(bytes) : nullptr), bytes_(bytes) {}

  std::size_t pieces() const { return bytes_ > 0 ? static_cast<std::size_t>(head().pieces) : 0; }
  std::int64_t result(std::size_t i) const { return piece(i).result; }
  std::size_t rows(std::size_t i) const { return piece(i).rows; }
  std::span<const std::byte> bytes(std::size_t i) const {
    const std::size_t end = i + 1 < pieces() ? static_cast<std::size_t>(piece(i + 1).begin) : row_bytes();
    return memory().subspan(rows_begin(pieces()) + static_cast<std::size_t>(piece(i).begin),
                            end - static_cast<std::size_t>(piece(i).begin));
  }
  /// How many rows the parts have in all, for whatever result.
  std::uint64_t all_rows() const { return head().all_rows; }
  std::span<const std::byte> memory() const { return {static_cast<const std::byte*>(memory_.get()), bytes_}; }
  std::byte* data() { return static_cast<std::byte*>(memory_.get()); }
  /// Throws DecodeError if it is not laid out as above, for one that has come from elsewhere.
  void check() const;

  struct Head {
    std::uint64_t pieces, all_rows;
  };
  /// Where rows begin behind so many pieces.
  static constexpr std::size_t rows_begin(std::size_t pieces) {
    return (sizeof(Head) + pieces * sizeof(Piece) + 63) / 64 * 64;
  }

 private:
  const Head& head() const { return *static_cast<const Head*>(memory_.get()); }
  const Piece& piece(std::size_t i) const {
    return reinterpret_cast<const Piece*>(static_cast<const Head*>(memory_.get()) + 1)[i];
  }
  std::size_t row_bytes() const { return bytes_ - rows_begin(pieces()); }

  std::shared_ptr<void> memory_;
  std::size_t bytes_ = 0;
};

/// A row's memory is its encoding, and many can be copied at once.
template <class T>
inline constexpr bool is_plain_row =
    MemoryCodec<T>&& std::is_trivially_copyable_v<T>&& std::is_default_constructible_v<T>;

/// A counting sort of rows by result, in two passes: `add` each row, then `allocate`, then put each row where
/// `room` says and move that on.
class RowSorter {
 public:
  /// `row_bytes`: of each; 0: they differ. Throws std::length_error for 2^32 rows or more.
  RowSorter(const ShuffleGroups& cut, std::size_t rows, std::size_t row_bytes);
  void add(std::uint64_t hash) {
    ++counts_[result_of_[added_++] = static_cast<std::uint32_t>(cut_.result_of(hash))];
  }
  void add(std::uint64_t hash, std::size_t bytes) {
    add(hash);
    bytes_[result_of_[added_ - 1]] += bytes;
  }
  /// A parcel for each group, whose rows are to be written.
  std::vector<RowParcel> allocate();
  /// Where the next row of the same result as the i-th goes.
  std::byte*& room(std::size_t i) { return room_[result_of_[i]]; }

 private:
  RowParcel allocate(std::size_t first, std::size_t end);
  std::size_t bytes_of(std::size_t result) const {
    return row_bytes_ > 0 ? counts_[result] * row_bytes_ : bytes_[result];
  }
  const ShuffleGroups cut_;
  const std::size_t row_bytes_;
  std::size_t added_ = 0;
  std::vector<std::uint32_t> result_of_;  // by row
  std::vector<std::size_t> counts_;       // by result, as all below
  std::vector<std::size_t> bytes_;
  std::vector<std::byte*> room_;
};

/// What a key's function threw, with the place of the row that it was given.
[[noreturn]] void throw_at_row(const std::exception& error, std::int64_t part, std::size_t row);

/// The rows of these parts by the results that `hash_of(row)` leads to, in their order. The parts are counted
/// from `first` on, for errors. O(rows + results).
template <class T, class Rows, class HashOf>
std::vector<RowParcel> split_rows(Inputs<Rows> parts, std::int64_t first, const ShuffleGroups& cut,
                                  const HashOf& hash_of) {
  constexpr bool plain = is_plain_row<T>;
  std::size_t count = 0, in_part = 0;
  for (const Rows& rows : parts) {
    count += std::size(rows);
    if constexpr (plain) look_at(std::data(rows), std::size(rows));
  }
  RowSorter sorter(cut, count, plain ? sizeof(T) : 0);
  std::int64_t part = first;
  try {
    for (const Rows& rows : parts) {
      in_part = 0;
      for (const auto& row : rows) {
        if constexpr (plain) {
          sorter.add(hash_of(row));
        } else {
          Writer size;
          Codec<T>::write(size, row);
          sorter.add(hash_of(row), size.size());
        }
        ++in_part;
      }
      ++part;
    }
  } catch (const std::exception& error) {
    throw_at_row(error, part, in_part);
  }
  std::vector<RowParcel> parcels = sorter.allocate();
  std::size_t i = 0;
  for (const Rows& rows : parts) {
    for (const auto& row : rows) {
      std::byte*& room = sorter.room(i++);
      if constexpr (plain) {
        std::memcpy(room, &row, sizeof(T));
        room += sizeof(T);
      } else {
        Writer writer(room, std::numeric_limits<std::size_t>::max());
        Codec<T>::write(writer, row);
        room += writer.size();
      }
    }
  }
  return parcels;
}

using RowPieces = std::span<const ShufflePiece<RowParcel>>;
inline std::size_t rows_in(RowPieces pieces) {
  std::size_t rows = 0;
  for (const auto& [parcel, index] : pieces) rows += parcel->rows(index);
  return rows;
}
/// Of all parts that have rows for these results.
inline std::uint64_t rows_of_parts(RowPieces pieces) {
  std::uint64_t rows = 0;
  for (const auto& piece : pieces) rows += piece.parcel->all_rows();
  return rows;
}

/// Calls with each row, made anew, in the order of parts and of rows in them.
template <class T, class Take>
void for_each_row(RowPieces pieces, const Take& take) {
  for (const auto& [parcel, index] : pieces) {
    Reader reader(parcel->bytes(index));
    for (std::size_t left = parcel->rows(index); left > 0; --left) take(Codec<T>::read(reader));
  }
}
/// All rows of one result.
template <class T>
std::vector<T> join_rows(RowPieces pieces) {
  std::vector<T> all;
  all.reserve(rows_in(pieces));
  if constexpr (is_plain_row<T>) {
    for (const auto& [parcel, index] : pieces) {
      const std::span<const std::byte> bytes = parcel->bytes(index);
      if (bytes.size() != parcel->rows(index) * sizeof(T)) throw DecodeError("not a whole number of rows");
      const auto* first = reinterpret_cast<const T*>(bytes.data());
      all.insert(all.end(), first, first + parcel->rows(index));
    }
  } else {
    for_each_row<T>(pieces, [&all](T&& row) { all.push_back(std::move(row)); });
  }
  return all;
}

}  // namespace ramal::detail

/// Its memory.
template <>
struct ramal::Codec<ramal::detail::RowParcel> {
  using RowParcel = detail::RowParcel;
  static void write(Writer& writer, const RowParcel& parcel) {
    writer.raw(static_cast<std::uint64_t>(parcel.memory().size()));
    writer.bytes(parcel.memory().data(), parcel.memory().size());
  }
  static RowParcel read(Reader& reader) {
    RowParcel parcel(reader.count(1));
    const std::size_t bytes = parcel.memory().size();
    if (bytes > 0) std::memcpy(parcel.data(), reader.bytes(bytes), bytes);
    return parcel;
  }
  static std::span<const std::byte> memory(const RowParcel& parcel) { return parcel.memory(); }
  static void write_head(Writer&, const RowParcel&) {}
  static RowParcel allocate(Reader&, std::size_t bytes) { return RowParcel(bytes); }
};
