// SPDX-License-Identifier: BSD-3-Clause
// Arrow's formats of types, as <ramal/arrow.hpp> lists them.
#pragma once

#include <ramal/arrow.hpp>

namespace ramal::detail {

/// How an array's values become a column's.
enum class ArrowStorage {
  same,       ///< as they lie in memory
  none,       ///< there are none
  bits,       ///< a bitmap
  decimal32,  ///< integers of that size, of decimals
  decimal64,
  scaled32,  ///< integers of that size, times `multiply`, divided by `divide`
  scaled64,
  offsets32,  ///< text, blobs or lists between offsets of that size
  offsets64,
  fixed,  ///< blobs or lists of `length` bytes or elements each
  structure,
};
struct ArrowFormat {
  ColumnType type;  // of dictionaries: of the values
  ArrowStorage storage = ArrowStorage::same;
  std::int64_t multiply = 1, divide = 1;
  std::int64_t length = 0;
};

/// Of a type of ours.
std::string arrow_format(const ColumnType& type);
/// Of a schema, but for its dictionary. Throws std::invalid_argument, naming the column, for a format that is
/// not listed.
ArrowFormat read_arrow_format(const ArrowSchema& schema, const std::string& name);
/// The type of what comes from such an array: of a dictionary, that of its values. Throws the same.
ColumnType arrow_type(const ArrowSchema& schema, const std::string& name);
/// The fields of a structure, by its children. Throws the same.
std::vector<Field> arrow_fields(const ArrowSchema& schema, const std::string& name);

/// Throws std::invalid_argument.
[[noreturn]] void refuse_arrow(const std::string& name, const std::string& what);

}  // namespace ramal::detail
