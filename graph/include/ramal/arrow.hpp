// SPDX-License-Identifier: BSD-3-Clause
// Rows to and from whoever has Arrow's C data interface: Arrow itself, pyarrow, Polars, DuckDB and others.
// Two structures of C are all that both sides have to agree on.
//
//   ArrowSchema schema;
//   ArrowArray array;
//   ramal::to_arrow(rows, &schema, &array);       // a record batch, whose columns are those of rows
//   const ramal::Rows back = ramal::from_arrow(&schema, &array);   // which takes both over
//
// Types, and their formats in the interface. What is not in this table is refused by the column's name:
//
//   ours                out        in
//   null                n          n
//   boolean             b          b
//   int8 … uint64       c C s S i I l L
//   int128              d:38,0     (comes back as a decimal)
//   float32, float64    f g        f g
//   decimal             d:w,s      d:w,s  d:w,s,128   d:w,s,64  d:w,s,32
//   text, blob          u z        u z  U Z (if they have at most 2^31 - 1 bytes)   w:n (blob)
//   date                tdD        tdD  tdm (if they are whole days)
//   time                ttu        ttu  tts  ttm  ttn (if they are whole microseconds)
//   timestamp_…         tss: tsm: tsu: tsn:           the same, without a zone
//   timestamp_tz        tsu:UTC    tss:Z tsm:Z tsu:Z tsn:Z with any zone Z: instants (in whole microseconds)
//   interval            tin        tin
//   list                +l         +l  +L  +w:n
//   structure           +s         +s
//   (of the values)                a dictionary of any of these, with indices of any integer type
#pragma once

#include <ramal/rows.hpp>

#include <cstdint>

// The structures as the interface's specification has them, ABI-stable, for whoever includes this or another
// copy of them.
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

extern "C" {

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

}  // extern "C"

#endif  // ARROW_C_DATA_INTERFACE

namespace ramal {

/// Fills both structures, which the caller or whoever it gives them to releases by their `release`, in any
/// thread and any order. The array is a structure of the columns (a record batch) and shares their memory,
/// which it keeps until it, or what was moved out of it, is released. O(columns). Throws
/// std::invalid_argument for a name with a zero in it, and leaves both untouched then.
void to_arrow(const Rows& rows, ArrowSchema* schema, ArrowArray* array);
/// The schema alone.
void to_arrow(const Schema& schema, ArrowSchema* out);

/// The rows of a record batch: an array of format "+s" without nulls of its own. Takes both structures over:
/// they are released, at the latest when the last of the columns is gone, also where this throws; `release`
/// is null afterwards. Fixed-width values that are aligned to 64 bytes and need no conversion are shared, all
/// else is copied. O(bytes copied + rows). Throws std::invalid_argument, naming the column, for what is not
/// in the table above, for values that a conversion would change, and for what the structures cannot hold
/// (lengths below 0, buffers that are missing, offsets that fall); std::length_error for a column of more
/// than 2^31 - 1 bytes of text. What pointers point to cannot be checked. The array may be released by
/// another thread than imported it.
Rows from_arrow(ArrowSchema* schema, ArrowArray* array);
/// The schema alone, which is released.
Schema from_arrow(ArrowSchema* schema);

}  // namespace ramal
