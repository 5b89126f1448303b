// SPDX-License-Identifier: BSD-3-Clause
// What this process has freed, given back to the system. The heap keeps what is freed for what is allocated
// next, and returns by itself no more than what lies at its end: a program that let go of all its results
// could still keep gigabytes from others.
#pragma once

#include <cstddef>

namespace ramal::detail {

/// Gives back what the heap and the pool of pages hold for later, if it is worth the time: at least this
/// much, and the process has grown by that since it was last done. Takes some microseconds if not, else about
/// a millisecond for 50 MiB, and what is given back is fresh memory to whoever allocates it next: for those
/// who have nothing to do. Heaps other than glibc's are left alone. Any thread.
void give_back_free_memory();
constexpr std::size_t worth_giving_back_bytes = std::size_t{64} << 20;

/// What the process occupies of the machine's memory, in bytes; 0 if the system does not tell.
std::size_t resident_bytes();

}  // namespace ramal::detail
