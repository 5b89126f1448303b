// SPDX-License-Identifier: BSD-3-Clause
// One file being written by all ranks: what write.cpp and append.cpp share. Every call into parallel HDF5
// that is collective stands in a Communicator::agree of its own: it either succeeds on all ranks or throws on
// all, so that no rank waits in the next one alone.
#pragma once

#include "graph/core/atomic_file.hpp"
#include "graph/core/descriptor.hpp"
#include "io/hdf5/api.hpp"
#include "io/hdf5/coverage.hpp"

#include <ramal/detail/hdf5_jobs.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace ramal::detail {

namespace fs = std::filesystem;

/// Another job has this unfinished file.
[[noreturn]] void fail_for_other(const Hdf5Place& place, const std::string& unfinished);

/// The file until it is complete, which takes its name then. Rank 0's to make and to remove.
class UnfinishedFile {
 public:
  /// `mark`: as in AtomicFile.
  UnfinishedFile(const std::string& target, bool mine, const std::string& mark = {})
      : file_(target, mark), mine_(mine) {}

  const std::string& path() const { return file_.part(); }
  /// Empty, or a copy of what is there. Refused while somebody else has one.
  void make(bool copy, const Hdf5Place& place) {
    if (!mine_) return;
    if (std::error_code error; fs::is_directory(file_.file(), error)) place.fail("is a folder, not a file");
    try {
      file_.make(true);
    } catch (const std::system_error& failure) {
      if (failure.code() == std::errc::file_exists) fail_for_other(place, path());
      place.fail("cannot make " + std::string(failure.what()));
    }
    if (!copy) return;
    std::error_code error;
    fs::copy_file(file_.file(), path(), fs::copy_options::overwrite_existing, error);
    if (error) place.fail("cannot be copied to " + path() + ": " + error.message());
  }
  /// Room on the disk for so many bytes, held by the file without changing its size. False if there is not
  /// that much. Where a file system cannot hold room, we go without.
  bool reserve(std::uint64_t bytes) const { return reserve(path(), bytes); }
  /// The same of another file.
  bool reserve(const std::string& of, std::uint64_t bytes) const {
    if (!mine_) return true;
    const int file = open(of.c_str(), O_WRONLY | O_CLOEXEC);
    struct stat status {};
    if (file < 0 || fstat(file, &status) != 0) return true;  // the next step will say why
    const int result = fallocate(file, FALLOC_FL_KEEP_SIZE, status.st_size, static_cast<off_t>(bytes));
    const bool full = result != 0 && (errno == ENOSPC || errno == EDQUOT);
    close(file);
    return !full;
  }
  /// Room for all that the file says it has, which may have been left out so far. False as `reserve`.
  bool fill() const {
    const Descriptor file(open(path().c_str(), O_WRONLY | O_CLOEXEC));
    struct stat status {};
    if (!file.is_open() || fstat(file.number(), &status) != 0 || status.st_size == 0) return true;
    return fallocate(file.number(), FALLOC_FL_KEEP_SIZE, 0, status.st_size) == 0 ||
           (errno != ENOSPC && errno != EDQUOT);
  }
  void publish(const Hdf5Place& place) {
    if (!mine_) return;
    try {
      file_.publish();
    } catch (const std::system_error& error) {
      place.fail("cannot be given its name: " + error.code().message());
    }
  }

 private:
  AtomicFile file_;
  const bool mine_;
};

/// Returns when the file is on the disk. `trim`: room that was reserved behind its end is given back, too.
void sync_to_disk(const std::string& path, bool trim, const Hdf5Place& place);
ListHandle new_list(hid_t kind, const Hdf5Place& place);
ListHandle file_access(const Hdf5FileOptions& options, const MPI_Comm* communicator, const Hdf5Place& place);
void write_value(hid_t object, const std::string& name, const Hdf5Value& value, const Hdf5Place& place);
/// Chunks of about a MiB: the last axes whole, as far as that fits.
Extents default_chunk(const Extents& shape, std::size_t unlimited_axis, std::size_t element_bytes);
/// The part of a dataset's path up to its name.
std::string folder_of(const std::string& dataset);
inline std::string rooted(const std::string& dataset) {
  return dataset.starts_with('/') ? dataset : '/' + dataset;
}
/// Opens what was written as any reader would. HDF5 1.10 closes a file on a full disk without a word.
void verify(const std::string& path, const Hdf5Type& type, const Extents& shape, const Hdf5Place& place);
[[noreturn]] void fail_for_room(const Hdf5Place& place, const std::string& file, std::uint64_t bytes);
/// Collective; the number of pieces of the rank that has the most.
std::size_t most_pieces(Communicator& communicator, std::size_t own);

/// One file being written, seen by one rank, and one of its datasets at a time. All ranks make the same
/// calls.
class Writing {
 public:
  Writing(const std::string& path, const Hdf5FileOptions& options, const Hdf5Place& place)
      : path_(path), options_(options), place_(place) {}

  void create(bool anew, const MPI_Comm* communicator) {
    if (!anew) return open(communicator);
    const ListHandle access = file_access(options_, communicator, place_);
    const ListHandle creation = new_list(H5P_FILE_CREATE, place_);
    const unsigned in_order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    H5Pset_link_creation_order(creation, in_order);
    H5Pset_attr_creation_order(creation, in_order);
    file_ =
        FileHandle(place_.check(H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, creation, access), "cannot be made"));
  }
  void open(const MPI_Comm* communicator) {
    const ListHandle access = file_access(options_, communicator, place_);
    file_ = FileHandle(
        place_.check(H5Fopen(path_.c_str(), H5F_ACC_RDWR, access), "cannot be opened to add to it"));
  }
  /// From here on it is this dataset's turn.
  void at(const std::string& dataset) {
    dataset_ = {};
    type_ = {};
    place_.object = dataset;
  }
  void open_dataset() {
    dataset_ = ObjectHandle(place_.check(H5Dopen2(file_, place_.object.c_str(), H5P_DEFAULT), "has gone"));
  }
  void add_dataset(const Hdf5Type& type, const Extents& shape, const Hdf5WriteOptions& options,
                   H5D_alloc_time_t when_allocated = H5D_ALLOC_TIME_DEFAULT) {
    const char* name = place_.object.c_str();
    if (H5LTpath_valid(file_, name, true) > 0)
      place_.fail("is in the file already; datasets are never overwritten");
    const ListHandle links = new_list(H5P_LINK_CREATE, place_);
    H5Pset_create_intermediate_group(links, 1);
    const ListHandle creation = new_list(H5P_DATASET_CREATE, place_);
    H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);  // every element is written
    H5Pset_alloc_time(creation, when_allocated);
    const std::vector<hsize_t> extents(shape.begin(), shape.end());
    std::vector<hsize_t> most = extents;
    if (options.unlimited_axis) most[unlimited_axis(shape, options)] = H5S_UNLIMITED;
    type_ = memory_type(type);
    if (options.unlimited_axis || (!options.chunk.empty() && shape.product() > 0))
      set_chunks(creation, shape, options);
    const SpaceHandle space(
        shape.empty() ? H5Screate(H5S_SCALAR)
                      : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), most.data()));
    dataset_ = ObjectHandle(
        place_.check(H5Dcreate2(file_, name, type_, space, links, creation, H5P_DEFAULT), "cannot be made"));
  }
  /// Where its elements begin in the file, if they lie in one piece and have been allocated; 0: nowhere.
  std::uint64_t begin() const {
    const haddr_t offset = H5Dget_offset(dataset_);
    return offset == HADDR_UNDEF ? 0 : offset;
  }
  void add_attributes(const Hdf5WriteOptions& options) {
    for (const auto& [name, value] : options.attributes) write_value(dataset_, name, value, place_);
  }
  void add_file_attributes() {
    const ObjectHandle root(place_.check(H5Oopen(file_, "/", H5P_DEFAULT), "has no root group"));
    for (const auto& [name, value] : options_.attributes) write_value(root, name, value, place_);
  }
  /// Every rank writes the same few numbers; HDF5 asks for the calls to be collective, not for the data to be
  /// shared out.
  void add_scales(const Extents& shape, const Hdf5WriteOptions& options, bool writes) {
    if (options.dimension_scales.size() > shape.size())
      place_.fail("there are more dimension scales than dimensions");
    for (std::size_t d = 0; d < options.dimension_scales.size(); ++d) {
      const Hdf5Scale& scale = options.dimension_scales[d];
      if (scale.name.empty()) continue;
      const bool may_grow = options.unlimited_axis && d == unlimited_axis(shape, options);
      const ObjectHandle made = scale_of(scale, shape[d], may_grow, writes);
      place_.check(H5DSattach_scale(dataset_, made, static_cast<unsigned>(d)),
                   "a dimension scale cannot be attached");
    }
  }
  /// Makes it longer along an axis, or shorter.
  void set_length(std::size_t axis, std::uint64_t length) {
    const SpaceHandle space(H5Dget_space(dataset_));
    std::vector<std::uint64_t> shape = shape_of(space, place_);
    std::vector<hsize_t> extents(shape.begin(), shape.end());
    extents[axis] = length;
    place_.check(H5Dset_extent(dataset_, extents.data()), "cannot be given another length");
  }
  /// The dimension scale of that name has values for the indices from `begin` on; it grows as far as it must.
  void append_scale(const Hdf5Scale& scale, std::uint64_t begin, bool writes) {
    const std::string path = folder_of(place_.object) + scale.name;
    const ObjectHandle made(
        place_.check(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), "there is no dimension scale of that name"));
    const hsize_t end = begin + scale.values.size();
    {
      const SpaceHandle space(H5Dget_space(made));
      const auto shape = shape_of(space, place_);
      if (shape.size() != 1) place_.fail("dimension scale '" + scale.name + "' has not one dimension");
      if (shape[0] < end)
        place_.check(H5Dset_extent(made, &end), "a dimension scale cannot be given another length");
    }
    if (!writes || scale.values.empty()) return;
    const SpaceHandle in_file(H5Dget_space(made));
    const hsize_t start = begin, count = scale.values.size();
    place_.check(H5Sselect_hyperslab(in_file, H5S_SELECT_SET, &start, nullptr, &count, nullptr),
                 "cannot select a block");
    const SpaceHandle in_memory(H5Screate_simple(1, &count, nullptr));
    place_.check(H5Dwrite(made, H5T_NATIVE_DOUBLE, in_memory, in_file, H5P_DEFAULT, scale.values.data()),
                 "a dimension scale cannot be written");
  }
  /// `piece` null: takes part in a collective call without elements.
  void write(const Hdf5Piece* piece, const Hdf5Type& type, bool collective) {
    if (!type_) type_ = memory_type(type);
    const SpaceHandle in_file(H5Dget_space(dataset_));
    SpaceHandle in_memory;
    if (piece == nullptr || piece->shape.product() == 0) {
      H5Sselect_none(in_file);
      in_memory = SpaceHandle(H5Scopy(in_file));
    } else if (piece->shape.empty()) {
      in_memory = SpaceHandle(H5Screate(H5S_SCALAR));
    } else {
      const std::vector<hsize_t> offset(piece->offset.begin(), piece->offset.end());
      const std::vector<hsize_t> shape(piece->shape.begin(), piece->shape.end());
      place_.check(
          H5Sselect_hyperslab(in_file, H5S_SELECT_SET, offset.data(), nullptr, shape.data(), nullptr),
          "cannot select a block");
      in_memory = SpaceHandle(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
    }
    const ListHandle transfer = new_list(H5P_DATASET_XFER, place_);
    if (collective) H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
    const char nothing = 0;
    const void* memory = &nothing;
    Block<std::byte> together;
    if (piece != nullptr && !piece->parts.empty() && piece->shape.product() > 0) {
      together = Block<std::byte>({piece->shape.product() * type.bytes});
      assemble(*piece, type.bytes, together.data());
      memory = together.data();
    } else if (piece != nullptr && piece->memory != nullptr) {
      memory = piece->memory;
    }
    place_.check(H5Dwrite(dataset_, type_, in_memory, in_file, transfer, memory), "cannot be written");
  }
  void flush() { place_.check(H5Fflush(file_, H5F_SCOPE_GLOBAL), "cannot be written out"); }
  /// Closes the file and throws if that fails, which the handles' destructors would keep to themselves.
  void close() {
    dataset_ = {};
    type_ = {};
    const hid_t file = file_.release();
    if (file >= 0) place_.check(H5Fclose(file), "cannot be closed");
  }

 private:
  std::size_t unlimited_axis(const Extents& shape, const Hdf5WriteOptions& options) const {
    const auto dims = static_cast<std::int64_t>(shape.size()), axis = *options.unlimited_axis;
    if (axis < -dims || axis >= dims)
      place_.fail("has no axis " + std::to_string(axis) + ", as its shape is " + shape.text());
    return static_cast<std::size_t>(axis < 0 ? axis + dims : axis);
  }
  void set_chunks(hid_t creation, const Extents& shape, const Hdf5WriteOptions& options) const {
    const Extents wanted = options.chunk.empty()
                               ? default_chunk(shape, unlimited_axis(shape, options), H5Tget_size(type_))
                               : options.chunk;
    std::vector<hsize_t> chunk(wanted.begin(), wanted.end());
    if (chunk.size() != shape.size())
      place_.fail("chunks of shape " + options.chunk.text() + " do not fit a dataset of shape " +
                  shape.text());
    for (std::size_t d = 0; d < chunk.size(); ++d) {
      const bool may_grow = options.unlimited_axis && d == unlimited_axis(shape, options);
      if (!may_grow) chunk[d] = std::min<hsize_t>(chunk[d], std::max<std::uint64_t>(1, shape[d]));
    }
    place_.check(H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data()),
                 "refuses these chunks");
    if (options.deflate == 0) return;
    place_.check(H5Pset_shuffle(creation), "cannot shuffle");
    place_.check(H5Pset_deflate(creation, static_cast<unsigned>(options.deflate)), "cannot compress");
  }
  /// The one that is there, or a new one.
  ObjectHandle scale_of(const Hdf5Scale& scale, std::uint64_t length, bool may_grow, bool writes) const {
    std::vector<double> values = scale.values;
    if (values.empty()) {
      for (std::uint64_t i = 0; i < length; ++i) values.push_back(static_cast<double>(i));
    }
    if (values.size() != length)
      place_.fail("dimension scale '" + scale.name + "' has " + std::to_string(values.size()) +
                  " values for a dimension of " + std::to_string(length));
    const std::string path = folder_of(place_.object) + scale.name;
    if (H5LTpath_valid(file_, path.c_str(), true) > 0) {
      ObjectHandle there(
          place_.check(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), "a dimension scale cannot be opened"));
      if (H5DSis_scale(there) == 0)
        place_.check(H5DSset_scale(there, scale.name.c_str()), "a dimension scale cannot be made");
      return there;
    }
    const hsize_t extent = values.size(), most = may_grow ? H5S_UNLIMITED : extent, chunk = 1024;
    const SpaceHandle space(H5Screate_simple(1, &extent, &most));
    const ListHandle creation = new_list(H5P_DATASET_CREATE, place_);
    if (may_grow) place_.check(H5Pset_chunk(creation, 1, &chunk), "a dimension scale cannot be made");
    ObjectHandle made(place_.check(
        H5Dcreate2(file_, path.c_str(), H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, creation, H5P_DEFAULT),
        "a dimension scale cannot be made"));
    if (writes && !values.empty())
      place_.check(H5Dwrite(made, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
                   "a dimension scale cannot be written");
    place_.check(H5DSset_scale(made, scale.name.c_str()), "a dimension scale cannot be made");
    if (!scale.units.empty()) write_value(made, "units", scale.units, place_);
    for (const auto& [name, value] : scale.attributes) write_value(made, name, value, place_);
    return made;
  }

  const std::string path_;
  const Hdf5FileOptions& options_;
  Hdf5Place place_;
  FileHandle file_;
  ObjectHandle dataset_;
  TypeHandle type_;
};

/// Filters have the ranks work on chunks together; without chunks each writes by itself. `step`: makes a call
/// on all ranks, as Communicator::agree.
template <class Step>
void write_together(Communicator& communicator, Writing& writing, const std::vector<Hdf5Piece>& mine,
                    const Hdf5Type& type, bool in_chunks, const Step& step) {
  const std::size_t calls = most_pieces(communicator, mine.size());
  if (in_chunks) {
    for (std::size_t k = 0; k < calls; ++k)
      step([&] { writing.write(k < mine.size() ? &mine[k] : nullptr, type, true); });
  } else {
    step([&] {
      for (const Hdf5Piece& piece : mine) writing.write(&piece, type, false);
    });
  }
}

}  // namespace ramal::detail
