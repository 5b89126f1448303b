// SPDX-License-Identifier: BSD-3-Clause
// Variable-length texts, read without HDF5's global heap: that part of HDF5 1.10 believes what a damaged file
// says, and then reads outside of its memory or never ends. All else of an attribute is checked by HDF5.
#include "io/hdf5/api.hpp"

#include <unistd.h>

#include <array>
#include <cstring>

namespace ramal::detail {

namespace {

// The layout in files (HDF5 File Format Specification, III.E and IV.A.2.d, with addresses of 8 bytes):
//   reference  := length:u32 collection-address:u64 index:u32
//   collection := "GCOL" version:u8 (= 1) 0:u24 bytes:u64 object*            bytes: the whole collection
//   object     := index:u16 references:u16 0:u32 bytes:u64 data padded to 8  index 0: the rest is free
constexpr std::size_t reference_bytes = 16, header_bytes = 16, object_header_bytes = 16;
constexpr std::uint64_t largest_collection = std::uint64_t{16} << 20;

std::uint64_t little_endian(const char* from, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(from[i]);
  return value;
}

/// A conversion that leaves the bytes as the file has them.
herr_t keep_bytes(hid_t, hid_t, H5T_cdata_t* data, std::size_t, std::size_t, std::size_t, void*, void*,
                  hid_t) {
  data->need_bkg = H5T_BKG_NO;
  return 0;
}

/// The only way to see an attribute's references is to convert them to something that is not a text.
std::string read_references(hid_t attribute, hid_t type, std::uint64_t count, const Hdf5Place& place) {
  const TypeHandle opaque(H5Tcreate(H5T_OPAQUE, reference_bytes));
  place.check(H5Tregister(H5T_PERS_SOFT, "ramal_keep_bytes", type, opaque, keep_bytes),
              "HDF5 cannot be set up");
  std::string references(count * reference_bytes, '\0');
  const herr_t status = H5Aread(attribute, opaque, references.data());
  const std::string reason = status < 0 ? hdf5_reason() : "";
  H5Tunregister(H5T_PERS_SOFT, "ramal_keep_bytes", -1, -1, keep_bytes);
  if (status < 0) place.fail("a text cannot be read (HDF5: " + reason + ")");
  return references;
}

/// The bytes of the file that are at an address of HDF5's.
class Heap {
 public:
  Heap(hid_t object, const Hdf5Place& place) : place_(place), file_(H5Iget_file_id(object)) {
    void* descriptor = nullptr;
    if (H5Fget_vfd_handle(file_, H5P_DEFAULT, &descriptor) < 0 || descriptor == nullptr)
      place.fail_in_hdf5("its file cannot be read");
    descriptor_ = *static_cast<int*>(descriptor);
    const ListHandle creation(H5Fget_create_plist(file_));
    place.check(H5Pget_sizes(creation, &address_bytes_, nullptr), "its file cannot be read");
    place.check(H5Pget_userblock(creation, &base_), "its file cannot be read");
  }
  /// Files for machines with other addresses are rare enough to be left to HDF5.
  bool is_known() const { return address_bytes_ == 8; }

  std::string text(const char* reference) {
    const std::uint64_t length = little_endian(reference, 4), address = little_endian(reference + 4, 8);
    if (length == 0 || address == 0) return "";
    if (address != address_) load(address);
    const std::uint64_t index = little_endian(reference + 12, 4);
    for (std::uint64_t at = header_bytes; at + object_header_bytes <= collection_.size();) {
      const std::uint64_t bytes = little_endian(collection_.data() + at + 8, 8);
      const std::uint64_t found = little_endian(collection_.data() + at, 2);
      at += object_header_bytes;
      if (found == 0 || bytes > collection_.size() - at) break;
      if (found == index && length > bytes) break;
      if (found == index) return collection_.substr(at, length);
      at += (bytes + 7) / 8 * 8;
    }
    place_.fail("is damaged: a text is not where it should be");
  }

 private:
  void load(std::uint64_t address) {
    std::array<char, header_bytes> header{};
    read(address, header.data(), header.size());
    const std::uint64_t bytes = little_endian(header.data() + 8, 8);
    if (std::memcmp(header.data(), "GCOL\1", 5) != 0 || bytes < header_bytes || bytes > largest_collection)
      place_.fail("is damaged: a text is not where it should be");
    collection_.resize(bytes);
    read(address, collection_.data(), bytes);
    address_ = address;
  }
  void read(std::uint64_t address, char* to, std::size_t bytes) const {
    if (address > INT64_MAX - base_ ||
        ::pread(descriptor_, to, bytes, static_cast<off_t>(base_ + address)) != static_cast<ssize_t>(bytes))
      place_.fail("is damaged: a text lies behind the end of the file");
  }

  const Hdf5Place& place_;
  FileHandle file_;
  int descriptor_ = -1;
  hsize_t base_ = 0;
  std::size_t address_bytes_ = 0;
  std::uint64_t address_ = 0;
  std::string collection_;
};

std::vector<std::string> texts_by_hdf5(hid_t attribute, hid_t type, hid_t space, std::uint64_t count,
                                       const Hdf5Place& place) {
  std::vector<char*> pointers(count, nullptr);
  place.check(H5Aread(attribute, type, pointers.data()), "a text cannot be read");
  std::vector<std::string> texts;
  for (const char* text : pointers) texts.emplace_back(text != nullptr ? text : "");
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
  return texts;
}

}  // namespace

std::vector<std::string> variable_texts(hid_t attribute, hid_t type, hid_t space, std::uint64_t count,
                                        const Hdf5Place& place) {
  Heap heap(attribute, place);
  if (!heap.is_known()) return texts_by_hdf5(attribute, type, space, count, place);
  const std::string references = read_references(attribute, type, count, place);
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string text = heap.text(references.data() + i * reference_bytes);
    text.resize(std::strlen(text.c_str()));
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace ramal::detail
