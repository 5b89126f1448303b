// SPDX-License-Identifier: BSD-3-Clause
#include "io/hdf5/writing.hpp"

#include <cstring>

namespace ramal::detail {

void sync_to_disk(const std::string& path, bool trim, const Hdf5Place& place) {
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct stat status {};
  if (trim && file >= 0 && fstat(file, &status) == 0 && ftruncate(file, status.st_size) != 0)
    errno = 0;  // that is no error: the file only holds more room than it needs
  const bool synced = file >= 0 && fsync(file) == 0;
  const int error = errno;
  if (file >= 0) close(file);
  if (!synced) place.fail("not all of it reached the disk: " + std::string(std::strerror(error)));
}

ListHandle new_list(hid_t kind, const Hdf5Place& place) {
  return ListHandle(place.check(H5Pcreate(kind), "HDF5 makes no property list"));
}

ListHandle file_access(const Hdf5FileOptions& options, const MPI_Comm* communicator, const Hdf5Place& place) {
  ListHandle list = new_list(H5P_FILE_ACCESS, place);
  constexpr hsize_t worth_aligning_bytes = 64 << 10;
  if (options.alignment_bytes > 0)
    place.check(H5Pset_alignment(list, worth_aligning_bytes, options.alignment_bytes), "cannot align");
  if (communicator == nullptr) return list;
  MPI_Info info = MPI_INFO_NULL;
  MPI_Info_create(&info);
  for (const auto& [name, value] : options.hints) MPI_Info_set(info, name.c_str(), value.c_str());
  const herr_t set = H5Pset_fapl_mpio(list, *communicator, info);
  MPI_Info_free(&info);
  place.check(set, "HDF5 has no MPI-IO driver");
  place.check(H5Pset_coll_metadata_write(list, true), "cannot write metadata together");
  return list;
}

void write_value(hid_t object, const std::string& name, const Hdf5Value& value, const Hdf5Place& place) {
  const std::string what = "attribute '" + name + "' cannot be written";
  const auto write = [&](hid_t type, hid_t space, const void* memory) {
    if (H5Aexists(object, name.c_str()) > 0) H5Adelete(object, name.c_str());
    const AttributeHandle attribute(
        place.check(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), what.c_str()));
    // HDF5 refuses the null pointer that an empty vector has, and there is nothing to write.
    if (memory != nullptr) place.check(H5Awrite(attribute, type, memory), what.c_str());
  };
  const SpaceHandle scalar(H5Screate(H5S_SCALAR));
  const auto row = [](std::size_t size) {
    const hsize_t extent = size;
    return SpaceHandle(H5Screate_simple(1, &extent, nullptr));
  };
  if (const auto* text = std::get_if<std::string>(&value)) {
    const TypeHandle type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    const char* characters = text->c_str();
    write(type, scalar, &characters);
  } else if (const auto* number = std::get_if<double>(&value)) {
    write(H5T_NATIVE_DOUBLE, scalar, number);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    write(H5T_NATIVE_INT64, scalar, integer);
  } else if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
    write(H5T_NATIVE_DOUBLE, row(numbers->size()), numbers->data());
  } else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value)) {
    write(H5T_NATIVE_INT64, row(integers->size()), integers->data());
  }
}

Extents default_chunk(const Extents& shape, std::size_t unlimited_axis, std::size_t element_bytes) {
  Extents chunk = Extents::filled(shape.size(), 1);
  std::uint64_t left = std::max<std::uint64_t>(1, (std::uint64_t{1} << 20) / element_bytes);
  for (std::size_t d = shape.size(); d-- > 0;) {
    if (d == unlimited_axis && d > 0) continue;  // last, so that it grows by whole chunks
    chunk[d] = std::clamp<std::uint64_t>(shape[d], 1, left);
    left = std::max<std::uint64_t>(1, left / chunk[d]);
  }
  if (unlimited_axis > 0) chunk[unlimited_axis] = std::clamp<std::uint64_t>(shape[unlimited_axis], 1, left);
  return chunk;
}

std::string folder_of(const std::string& dataset) { return dataset.substr(0, dataset.rfind('/') + 1); }

void verify(const std::string& path, const Hdf5Type& type, const Extents& shape, const Hdf5Place& place) {
  const FileHandle file(
      place.check(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), "cannot be read again"));
  const ObjectHandle dataset(
      place.check(H5Dopen2(file, place.object.c_str(), H5P_DEFAULT), "cannot be read again"));
  const SpaceHandle space(H5Dget_space(dataset));
  if (shape_of(space, place) != std::vector<std::uint64_t>(shape.begin(), shape.end()))
    place.fail("was not written as it should have been");
  const TypeHandle in_file(H5Dget_type(dataset));
  if (const std::string why = why_not(in_file, type); !why.empty()) place.fail("was written wrong: " + why);
  if (shape.product() > 0 && H5Dget_storage_size(dataset) == 0) place.fail("holds no elements after writing");
}

[[noreturn]] void fail_for_other(const Hdf5Place& place, const std::string& unfinished) {
  place.fail("another job is writing it: " + unfinished +
             " is there; if none is, a killed one has left it: remove it");
}

[[noreturn]] void fail_for_room(const Hdf5Place& place, const std::string& file, std::uint64_t bytes) {
  place.fail("the disk is full: " + std::to_string(bytes) + " bytes are needed beside what is there, " +
             std::to_string(fs::space(fs::absolute(file).parent_path()).available) + " are free");
}

std::size_t most_pieces(Communicator& communicator, std::size_t own) {
  std::size_t most = 0;
  for (const std::string& text : communicator.gather(std::to_string(own)))
    most = std::max<std::size_t>(most, std::stoull(text));
  return most;
}

}  // namespace ramal::detail
