// SPDX-License-Identifier: BSD-3-Clause
#include "io/tables/sketches.hpp"

#include "io/tables/hash.hpp"
#include "io/tables/hyperloglog.hpp"
#include "io/tables/merge.hpp"

#include <ramal/detail/tdigest.hpp>
#include <ramal/rows_builder.hpp>

#include <cmath>

namespace ramal::detail {

namespace {

constexpr double usual_compression = 100;

struct QuantileSketch {
  Digest digest{usual_compression};
  void merge(const QuantileSketch& other) {
    digest.add(other.digest);
    digest.finish();
  }
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& digest;
  }
};

/// Calls `use(row, first, last)` with where a row's elements are in the list's child.
template <class Use>
void for_each_list(const Column& lists, const Use& use) {
  const std::span<const std::int32_t> offsets = lists.offsets();
  for (std::int64_t row = 0; row < lists.size(); ++row) {
    const auto at = static_cast<std::size_t>(row);
    use(row, std::int64_t{offsets[at]}, std::int64_t{lists.is_null(row) ? offsets[at] : offsets[at + 1]});
  }
}

Column distinct_sketches(const Column& lists) {
  const Column& values = lists.child();
  std::vector<KeyHasher> hashers(static_cast<std::size_t>(values.size()));
  hash_column(values, hashers);
  ColumnBuilder out(TypeId::blob);
  for_each_list(lists, [&](std::int64_t, std::int64_t first, std::int64_t last) {
    DistinctSketch sketch;
    for (std::int64_t i = first; i < last; ++i)
      if (!values.is_null(i)) sketch.add(hashers[static_cast<std::size_t>(i)].hash());
    sketch.finish();
    out.append_text(bytes_of_state(sketch));
  });
  return out.finish();
}

/// As DuckDB's, of finite numbers.
Column quantile_sketches(const Column& lists) {
  const ColumnView<double> values(lists.child());
  ColumnBuilder out(TypeId::blob);
  for_each_list(lists, [&](std::int64_t, std::int64_t first, std::int64_t last) {
    QuantileSketch sketch;
    for (std::int64_t i = first; i < last; ++i)
      if (!values.is_null(i) && std::isfinite(values[i])) sketch.digest.add(values[i]);
    sketch.digest.finish();
    out.append_text(bytes_of_state(sketch));
  });
  return out.finish();
}

Column counts_of(const ColumnView<std::string_view>& sketches) {
  ColumnBuilder out(TypeId::int64);
  for (std::int64_t row = 0; row < sketches.size(); ++row)
    out.append(state_of_bytes<DistinctSketch>(sketches[row]).estimate());
  return out.finish();
}

Column quantiles_of(const ColumnView<std::string_view>& sketches, const Column& wanted) {
  const ColumnView<double> shares(wanted.child());
  ColumnBuilder out(ColumnType::list(TypeId::float64));
  for_each_list(wanted, [&](std::int64_t row, std::int64_t first, std::int64_t last) {
    const Digest digest = state_of_bytes<QuantileSketch>(sketches[row]).digest;
    if (first == last || std::isnan(digest.quantile(0))) return out.append_null();
    for (std::int64_t i = first; i < last; ++i) out.child().append(digest.quantile(shares[i]));
    out.end_list();
  });
  return out.finish();
}

/// The same rows with other columns in the places of those for which `make(how, position)` gives one.
template <class Make>
Rows with_other_columns(const Rows& rows, const Make& make) {
  std::vector<Field> fields(rows.schema().begin(), rows.schema().end());
  std::vector<Column> columns(rows.columns().begin(), rows.columns().end());
  for (std::size_t k = 0; k < columns.size(); ++k) {
    std::optional<Column> other = make(how_of(fields[k]), k);
    if (!other) continue;
    columns[k] = std::move(*other);
    fields[k].type = columns[k].type();
  }
  return Rows(Schema(std::move(fields)), std::move(columns), rows.size());
}

}  // namespace

MergeBytes merge_of_sketches(std::string_view how) {
  return how == "distinct" ? &merge_bytes<DistinctSketch>
         : how == "digest" ? &merge_bytes<QuantileSketch>
                           : nullptr;
}

bool has_sketches(const Schema& partial) {
  for (const Field& field : partial)
    if (merge_of_sketches(how_of(field)) != nullptr) return true;
  return false;
}

Rows sketched(const Rows& partial) {
  return with_other_columns(partial, [&](std::string_view how, std::size_t k) -> std::optional<Column> {
    if (how == "distinct") return distinct_sketches(partial.column(k));
    if (how == "digest") return quantile_sketches(partial.column(k));
    return std::nullopt;
  });
}

Rows estimated(const Rows& sketches) {
  return with_other_columns(sketches, [&](std::string_view how, std::size_t k) -> std::optional<Column> {
    if (how == "distinct") return counts_of(ColumnView<std::string_view>(sketches.column(k)));
    if (how == "digest")
      return quantiles_of(ColumnView<std::string_view>(sketches.column(k)), sketches.column(k + 1));
    return std::nullopt;
  });
}

}  // namespace ramal::detail
