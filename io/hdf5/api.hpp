// SPDX-License-Identifier: BSD-3-Clause
// HDF5's C interface behind handles that close themselves. The only file that includes hdf5.h.
//
// Everything here needs an Hdf5Call in scope: it holds the process's lock and keeps HDF5 from printing. Only
// the handles' destructors see to it themselves.
#pragma once

#include <ramal/hdf5.hpp>

#include <hdf5.h>
#include <hdf5_hl.h>

#include <string>
#include <utility>
#include <vector>

namespace ramal::detail {

/// Holds the process's lock, and keeps HDF5 from printing its errors: they become texts of ours.
class Hdf5Call {
 public:
  Hdf5Call();
  ~Hdf5Call();
  Hdf5Call(const Hdf5Call&) = delete;
  Hdf5Call& operator=(const Hdf5Call&) = delete;

 private:
  std::unique_lock<std::recursive_mutex> lock_;
  H5E_auto2_t print_ = nullptr;
  void* print_data_ = nullptr;
};

/// Owns one identifier. Converts to it for calls. Closes it under the lock wherever that happens, also where
/// an exception has left the call in which it was opened.
template <herr_t (*close)(hid_t)>
class Hdf5Handle {
 public:
  Hdf5Handle() = default;
  explicit Hdf5Handle(hid_t id) : id_(id) {}
  Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Hdf5Handle() {
    if (id_ < 0) return;
    const Hdf5Call call;
    close(id_);
  }
  explicit operator bool() const { return id_ >= 0; }
  hid_t id() const { return id_; }
  /// Gives it up, for whoever wants to know how closing went.
  hid_t release() { return std::exchange(id_, -1); }
  operator hid_t() const { return id_; }  // NOLINT: it stands for it in calls

 private:
  hid_t id_ = -1;
};
using FileHandle = Hdf5Handle<H5Fclose>;
using ObjectHandle = Hdf5Handle<H5Oclose>;
using SpaceHandle = Hdf5Handle<H5Sclose>;
using TypeHandle = Hdf5Handle<H5Tclose>;
using ListHandle = Hdf5Handle<H5Pclose>;
using AttributeHandle = Hdf5Handle<H5Aclose>;

/// What HDF5 says about its last error, by the innermost function that saw it.
std::string hdf5_reason();

/// Where an error belongs.
struct Hdf5Place {
  std::string file;
  std::string object;
  /// Throws Hdf5Error: `ramal: <file>: <object>: <what>`.
  [[noreturn]] void fail(const std::string& what) const;
  /// The same as `fail`, with HDF5's reason behind it.
  [[noreturn]] void fail_in_hdf5(const std::string& what) const;
  /// Passes on what did not fail.
  template <class Result>
  Result check(Result result, const char* what) const {
    if (result < 0) fail_in_hdf5(what);
    return result;
  }
};

// --- files (file.cpp) --------------------------------------------------------------------------

/// A file for reading, kept open for the next call. Throws Hdf5Error that says why it cannot be read.
struct OpenFile {
  hid_t id;
  Hdf5Identity identity;  ///< without a dataset's address
};
OpenFile open_hdf5(const std::string& path);

/// Elements that lie nearer to each other than this in a file are read with what is between them.
inline constexpr std::size_t page_bytes = 4096;
/// The size of the chunk cache that each dataset is opened with.
inline constexpr std::size_t chunk_cache_bytes = std::size_t{32} << 20;
/// A dataset of the file that was opened last, if it has been kept, or nothing.
ObjectHandle take_dataset(const std::string& dataset);
/// Keeps it open, and with it its cache, for as long as its file, or until several others have been kept.
void keep_dataset(const std::string& dataset, ObjectHandle open);
/// The identity of the file that is on disk now. Throws Hdf5Error if there is none.
Hdf5Identity identify(const std::string& path);

// --- objects (object.cpp) --------------------------------------------------------------------

struct Entry {
  std::string name;
  H5L_type_t kind;
};
/// The links of a group, by name.
std::vector<Entry> entries_of(hid_t group, const Hdf5Place& place);
std::string join(const std::string& group, const std::string& name);
/// What a soft or external link leads to, and whether that is there.
Hdf5Link describe_link(hid_t group, const Entry& entry, const Hdf5Place& place);

/// Opens a dataset or group. Throws Hdf5Error that names what there is instead.
ObjectHandle open_object(const OpenFile& file, const Hdf5Place& place);
std::uint64_t address_of(hid_t object, const Hdf5Place& place);
std::vector<std::uint64_t> shape_of(hid_t space, const Hdf5Place& place);
/// A filter's name, such as `blosc`, also where it is not installed.
std::string filter_name(H5Z_filter_t filter, const char* name_in_file);

// --- texts (heap.cpp) ---------------------------------------------------------------------------

/// The texts of an attribute whose elements are variable-length strings. Throws Hdf5Error where the file is
/// damaged; see heap.cpp.
std::vector<std::string> variable_texts(hid_t attribute, hid_t type, hid_t space, std::uint64_t count,
                                        const Hdf5Place& place);

// --- attributes (attribute.cpp) ---------------------------------------------------------------------

/// An attribute as it is: numbers, texts or neither.
struct AttributeValue {
  std::string type_name = {};
  Hdf5Type type = {};  ///< of its numbers; without bytes: it has none
  std::vector<std::byte> numbers = {};
  std::vector<std::string> texts = {};
};
/// The attribute of that name; nullopt if there is none.
std::optional<AttributeValue> attribute_value(hid_t object, const std::string& name, const Hdf5Place& place);

// --- types (type.cpp) --------------------------------------------------------------------------

/// A type's name, such as `int16`, `float64 big-endian`, `compound{x: float64}`.
std::string hdf5_type_name(hid_t type);
/// HDF5's description of a type in memory.
TypeHandle memory_type(const Hdf5Type& type);
/// The narrowest number in memory that loses nothing of these; nullopt if they are not numbers, or too wide.
std::optional<Hdf5Type> narrowest_number(hid_t type);
/// Why values of one could be lost in the other; empty if none can.
std::string why_not(hid_t in_file, const Hdf5Type& in_memory);

}  // namespace ramal::detail
