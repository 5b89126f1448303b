// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/hash.hpp"

#include "io/tables/order.hpp"

#include <bit>

namespace ramal::detail {

namespace {

void add_value(KeyHasher& hasher, std::string_view text) {
  hasher.add(text.size());
  hasher.add_bytes(reinterpret_cast<const std::byte*>(text.data()), text.size());
}
void add_value(KeyHasher& hasher, double value) {
  hasher.add(value == 0 ? 0 : std::isnan(value) ? 0x7ff8000000000000 : std::bit_cast<std::uint64_t>(value));
}
/// What 64 bits hold is as it is in these.
void add_value(KeyHasher& hasher, Int128 value) {
  hasher.add(static_cast<std::uint64_t>(value));
  const auto high = static_cast<std::int64_t>(value >> 64);
  if (high != 0 && value != static_cast<std::int64_t>(value)) hasher.add(static_cast<std::uint64_t>(high));
}
void add_value(KeyHasher& hasher, const Interval& value) { add_value(hasher, interval_length(value)); }

}  // namespace

void hash_column(const Column& column, std::span<KeyHasher> hashers) {
  if (column.type().id() == TypeId::null) return;  // one value says nothing
  with_value_type(column.type(), [&]<class T>() {
    const ColumnView<T> view(column);
    for (std::int64_t row = 0; row < view.size(); ++row) {
      KeyHasher& hasher = hashers[static_cast<std::size_t>(row)];
      if (view.is_null(row)) {
        hasher.add(0x6e756c6c);  // as any other number, which only makes them meet
      } else if constexpr (std::integral<T> && sizeof(T) <= sizeof(std::int64_t)) {
        hasher.add(static_cast<std::uint64_t>(static_cast<std::int64_t>(view[row])));
      } else {
        add_value(hasher, view[row]);
      }
    }
  });
}

}  // namespace ramal::detail
