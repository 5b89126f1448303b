// SPDX-License-Identifier: BSD-3-Clause
// The header of .npy files (NumPy enhancement proposal 1, and numpy/lib/format.py):
//
//   file    := "\x93NUMPY" major:u8 minor:u8 length header element*       little endian
//   length  := u16 in version 1.0, u32 in 2.0 and 3.0
//   header  := {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }  a Python dict; spaces; a newline
#pragma once

#include <ramal/detail/array_file.hpp>

#include <string_view>

namespace ramal::detail {

struct NpyHeader {
  std::string descr = {};  ///< such as `<f8`; of structures empty
  bool is_fortran = false;
  std::vector<std::uint64_t> shape = {};
};

/// What stands ahead of the length, and that.
inline constexpr std::size_t npy_magic_bytes = 8;
/// Parses the dict. Throws std::invalid_argument that says what was expected where.
NpyHeader parse_npy_header(std::string_view text);
/// All of what stands ahead of the elements, in the lowest version that can hold it.
std::string npy_header_text(const ElementType& type, const Extents& shape);

}  // namespace ramal::detail
