// SPDX-License-Identifier: BSD-3-Clause
// Elements as files have them: their types' names, and what is done to their bytes on the way into memory.
#pragma once

#include <ramal/detail/array_file.hpp>

namespace ramal::detail {

/// Whether elements of a type that NumPy names `descr` are those wanted, in the other order of bytes. Throws
/// FileError, naming both, if they are of another type; an empty `descr` stands for structures.
bool is_type_swapped(const std::string& file, const std::string& descr, const ElementType& wanted);
/// Turns the bytes of each word around.
void swap_bytes(void* memory, std::uint64_t bytes, std::size_t word_bytes);
/// Makes true of any byte but 0, so that memory holds what a bool can be.
void normalise_booleans(void* memory, std::uint64_t bytes);

}  // namespace ramal::detail
