// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/detail/row_parcel.hpp>

namespace ramal::detail {

void RowParcel::check() const {
  const auto refuse = [](const char* what) { throw DecodeError(std::string("a parcel of rows ") + what); };
  if (bytes_ == 0) return;
  if (bytes_ < sizeof(Head) || pieces() > (bytes_ - sizeof(Head)) / sizeof(Piece) ||
      rows_begin(pieces()) > bytes_)
    refuse("ends before its rows");
  for (std::size_t i = 0; i < pieces(); ++i) {
    const std::uint64_t end = i + 1 < pieces() ? piece(i + 1).begin : row_bytes();
    if (piece(i).begin > end || end > row_bytes()) refuse("has pieces that are not in order");
  }
}

RowSorter::RowSorter(const ShuffleGroups& cut, std::size_t rows, std::size_t row_bytes)
    : cut_(cut),
      row_bytes_(row_bytes),
      result_of_(rows),
      counts_(static_cast<std::size_t>(cut.count)),
      bytes_(row_bytes > 0 ? 0 : counts_.size()) {
  if (rows > std::numeric_limits<std::uint32_t>::max())
    throw std::length_error(
        "ramal: shuffle: expected fewer than 2^32 rows in the parts that are split together, found " +
        std::to_string(rows));
}

std::vector<RowParcel> RowSorter::allocate() {
  room_.resize(counts_.size());
  std::vector<RowParcel> parcels;
  parcels.reserve(static_cast<std::size_t>(cut_.groups));
  for (std::int64_t group = 0; group < cut_.groups; ++group)
    parcels.push_back(allocate(static_cast<std::size_t>(cut_.begin(group)),
                               static_cast<std::size_t>(cut_.begin(group + 1))));
  return parcels;
}

/// For the results from `first` to before `end`.
RowParcel RowSorter::allocate(std::size_t first, std::size_t end) {
  std::size_t pieces = 0, bytes = 0;
  for (std::size_t k = first; k < end; ++k) {
    pieces += counts_[k] > 0 ? 1 : 0;
    bytes += bytes_of(k);
  }
  if (pieces == 0) return {};
  RowParcel parcel(RowParcel::rows_begin(pieces) + bytes);
  std::byte* const rows = parcel.data() + RowParcel::rows_begin(pieces);
  std::memset(parcel.data(), 0, RowParcel::rows_begin(pieces));
  Writer writer(parcel.data(), RowParcel::rows_begin(pieces));
  writer.raw(RowParcel::Head{pieces, added_});
  std::uint64_t begin = 0;
  for (std::size_t k = first; k < end; ++k) {
    if (counts_[k] == 0) continue;
    writer.raw(
        RowParcel::Piece{begin, static_cast<std::uint32_t>(counts_[k]), static_cast<std::uint32_t>(k)});
    room_[k] = rows + begin;
    begin += bytes_of(k);
  }
  return parcel;
}

void throw_at_row(const std::exception& error, std::int64_t part, std::size_t row) {
  throw std::runtime_error(error.what() + std::string(" (of row ") + std::to_string(row) + " of part " +
                           std::to_string(part) + ")");
}

}  // namespace ramal::detail
