// SPDX-License-Identifier: BSD-3-Clause
// Writing one dataset by all ranks. Every call into parallel HDF5 that is collective stands in a
// Communicator::agree of its own: it either succeeds on all ranks or throws on all, so that no rank waits in
// the next one alone.
#include "graph/core/atomic_file.hpp"
#include "io/hdf5/api.hpp"
#include "io/hdf5/coverage.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace ramal::detail {
namespace {

namespace fs = std::filesystem;

using InfoHandle = std::unique_ptr<MPI_Info, void (*)(MPI_Info*)>;

/// The file until it is complete, which takes its name then. Rank 0's to make and to remove.
class Unfinished {
 public:
  Unfinished(const std::string& target, bool mine) : file_(target), mine_(mine) {}

  const std::string& path() const { return file_.part(); }
  /// Empty, or a copy of what is there. Refused while somebody else has one.
  void make(bool copy, const Hdf5Place& place) {
    if (!mine_) return;
    try {
      file_.make(true);
    } catch (const std::system_error& failure) {
      if (failure.code() == std::errc::file_exists) {
        place.fail("another job is writing it: " + path() +
                   " is there; if none is, a killed one has left it: remove it");
      }
      place.fail("cannot make " + std::string(failure.what()));
    }
    if (!copy) return;
    std::error_code error;
    fs::copy_file(file_.file(), path(), fs::copy_options::overwrite_existing, error);
    if (error) place.fail("cannot be copied to " + path() + ": " + error.message());
  }
  /// Room on the disk for so many bytes, held by the file without changing its size. False if there is not
  /// that much. Where a file system cannot hold room, we go without.
  bool reserve(std::uint64_t bytes) const {
    if (!mine_) return true;
    const int file = open(path().c_str(), O_WRONLY | O_CLOEXEC);
    struct stat status {};
    if (file < 0 || fstat(file, &status) != 0) return true;  // the next step will say why
    const int result = fallocate(file, FALLOC_FL_KEEP_SIZE, status.st_size, static_cast<off_t>(bytes));
    const bool full = result != 0 && (errno == ENOSPC || errno == EDQUOT);
    close(file);
    return !full;
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

// --- what is written ------------------------------------------------------------------------------------

ListHandle new_list(hid_t kind, const Hdf5Place& place) {
  return ListHandle(place.check(H5Pcreate(kind), "HDF5 makes no property list"));
}

ListHandle file_access(const Hdf5WriteOptions& options, const MPI_Comm* communicator,
                       const Hdf5Place& place) {
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

/// One file being written, seen by one rank. All ranks make the same calls.
class Writing {
 public:
  Writing(const std::string& path, const Hdf5WriteOptions& options, const Hdf5Place& place)
      : path_(path), options_(options), place_(place) {}

  void create(bool anew, const MPI_Comm* communicator) {
    const ListHandle access = file_access(options_, communicator, place_);
    if (!anew) {
      file_ = FileHandle(
          place_.check(H5Fopen(path_.c_str(), H5F_ACC_RDWR, access), "cannot be opened to add to it"));
      return;
    }
    const ListHandle creation = new_list(H5P_FILE_CREATE, place_);
    const unsigned in_order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    H5Pset_link_creation_order(creation, in_order);
    H5Pset_attr_creation_order(creation, in_order);
    file_ =
        FileHandle(place_.check(H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, creation, access), "cannot be made"));
  }
  void open() {
    file_ =
        FileHandle(place_.check(H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), "cannot be opened again"));
    dataset_ = ObjectHandle(place_.check(H5Dopen2(file_, place_.object.c_str(), H5P_DEFAULT), "has gone"));
  }
  void add_dataset(const Hdf5Type& type, const Extents& shape) {
    const char* name = place_.object.c_str();
    if (H5LTpath_valid(file_, name, true) > 0)
      place_.fail("is in the file already; datasets are never overwritten");
    const ListHandle links = new_list(H5P_LINK_CREATE, place_);
    H5Pset_create_intermediate_group(links, 1);
    const ListHandle creation = new_list(H5P_DATASET_CREATE, place_);
    H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);  // every element is written
    if (!options_.chunk.empty() && shape.product() > 0) set_chunks(creation, shape);
    const std::vector<hsize_t> extents(shape.begin(), shape.end());
    const SpaceHandle space(
        shape.empty() ? H5Screate(H5S_SCALAR)
                      : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr));
    type_ = memory_type(type);
    dataset_ = ObjectHandle(
        place_.check(H5Dcreate2(file_, name, type_, space, links, creation, H5P_DEFAULT), "cannot be made"));
  }
  void add_attributes() {
    for (const auto& [name, value] : options_.attributes) write_value(dataset_, name, value, place_);
  }
  /// Every rank writes the same few numbers; HDF5 asks for the calls to be collective, not for the data to be
  /// shared out.
  void add_scales(const Extents& shape, bool writes) {
    const std::string folder = place_.object.substr(0, place_.object.rfind('/') + 1);
    for (std::size_t d = 0; d < options_.dimension_scales.size(); ++d) {
      const Hdf5Scale& scale = options_.dimension_scales[d];
      if (scale.name.empty()) continue;
      std::vector<double> values = scale.values;
      if (values.empty()) {
        for (std::uint64_t i = 0; i < shape[d]; ++i) values.push_back(static_cast<double>(i));
      }
      if (values.size() != shape[d])
        place_.fail("dimension scale '" + scale.name + "' has " + std::to_string(values.size()) +
                    " values for a dimension of " + std::to_string(shape[d]));
      const std::string path = folder + scale.name;
      const bool there = H5LTpath_valid(file_, path.c_str(), true) > 0;
      const hsize_t extent = values.size();
      const SpaceHandle space(H5Screate_simple(1, &extent, nullptr));
      const ObjectHandle made(place_.check(there ? H5Dopen2(file_, path.c_str(), H5P_DEFAULT)
                                                 : H5Dcreate2(file_, path.c_str(), H5T_NATIVE_DOUBLE, space,
                                                              H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                                           "a dimension scale cannot be made"));
      if (!there) {
        if (writes)
          place_.check(H5Dwrite(made, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
                       "a dimension scale cannot be written");
        place_.check(H5DSset_scale(made, scale.name.c_str()), "a dimension scale cannot be made");
        if (!scale.units.empty()) write_value(made, "units", scale.units, place_);
      }
      place_.check(H5DSattach_scale(dataset_, made, static_cast<unsigned>(d)),
                   "a dimension scale cannot be attached");
    }
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
    place_.check(H5Dwrite(dataset_, type_, in_memory, in_file, transfer,
                          piece != nullptr && piece->memory != nullptr ? piece->memory : &nothing),
                 "cannot be written");
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
  void set_chunks(hid_t creation, const Extents& shape) const {
    std::vector<hsize_t> chunk(options_.chunk.begin(), options_.chunk.end());
    if (chunk.size() != shape.size())
      place_.fail("chunks of shape " + options_.chunk.text() + " do not fit a dataset of shape " +
                  shape.text());
    for (std::size_t d = 0; d < chunk.size(); ++d) chunk[d] = std::min<hsize_t>(chunk[d], shape[d]);
    place_.check(H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data()),
                 "refuses these chunks");
    if (options_.deflate == 0) return;
    place_.check(H5Pset_shuffle(creation), "cannot shuffle");
    place_.check(H5Pset_deflate(creation, static_cast<unsigned>(options_.deflate)), "cannot compress");
  }

  const std::string path_;
  const Hdf5WriteOptions& options_;
  const Hdf5Place place_;
  FileHandle file_;
  ObjectHandle dataset_;
  TypeHandle type_;
};

/// Opens what was written as any reader would. HDF5 1.10 closes a file on a full disk without a word.
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

}  // namespace

void check_hdf5_write(const std::string& file, const std::string& dataset, const Hdf5WriteOptions& options) {
  const std::string name = "ramal: write_hdf5: " + file + ": " + dataset + ": ";
  if (file.empty()) throw std::invalid_argument("ramal: write_hdf5: the file has no name");
  if (dataset.empty() || dataset.back() == '/')
    throw std::invalid_argument(name + "expected a dataset's path");
  if (options.deflate < 0 || options.deflate > 9)
    throw std::invalid_argument(name + "expected a deflate level from 0 to 9, found " +
                                std::to_string(options.deflate));
  if (options.deflate > 0 && options.chunk.empty())
    throw std::invalid_argument(name + "compression needs chunks, as in {.chunk = {64, 64}, .deflate = 4}");
  if (std::ranges::find(options.chunk, 0u) != options.chunk.end())
    throw std::invalid_argument(name + "chunks of shape " + options.chunk.text() + " hold nothing");
}

void write_hdf5_pieces(Communicator& communicator, const std::vector<Hdf5Piece>& mine, const Hdf5Type& type,
                       const std::string& file, const std::string& dataset, const Hdf5WriteOptions& options) {
  const Hdf5Place place{file, dataset.starts_with('/') ? dataset : '/' + dataset};
  const auto* mpi = static_cast<const MPI_Comm*>(communicator.mpi_communicator());
  const bool first = communicator.rank() == 0;
  const auto step = [&](const auto& action) {
    communicator.agree([&] {
      const Hdf5Call call;
      action();
    });
  };
  const Extents shape = covered_shape(communicator, mine, options.shape, place);
  if (options.dimension_scales.size() > shape.size())
    place.fail("there are more dimension scales than dimensions");

  Unfinished unfinished(file, first);
  bool anew = true;
  step([&] {
    anew = !options.keep_file || !fs::exists(file);
    unfinished.make(!anew, place);
    const auto closed = hdf5_lock();  // HDF5 must not have it open for reading
  });
  // A disk that fills up within a collective MPI write leaves ranks waiting for ever (Open MPI 4.1), so
  // the room is taken before. Compressed data most likely need less: they are then written in turn.
  std::uint64_t bytes = 0;
  step([&] { bytes = shape.product() * H5Tget_size(memory_type(type)); });
  const bool room = communicator.gather(unfinished.reserve(bytes) ? "" : "no").front().empty();
  if (!room && options.deflate == 0) {
    place.fail("the disk is full: " + std::to_string(bytes) + " bytes are needed beside what is there, " +
               std::to_string(fs::space(fs::absolute(file).parent_path()).available) + " are free");
  }
  Writing writing(unfinished.path(), options, place);
  if (mpi != nullptr && room) {
    step([&] { writing.create(anew, mpi); });
    step([&] {
      if (!unfinished.reserve(bytes)) place.fail("the disk is full");  // creating it gave the room back
    });
    step([&] { writing.add_dataset(type, shape); });
    step([&] { writing.add_attributes(); });
    step([&] { writing.add_scales(shape, first); });
    // Filters have the ranks work on chunks together; without them each writes by itself.
    const bool together = !options.chunk.empty();
    std::size_t calls = mine.size();
    for (const std::string& text : communicator.gather(std::to_string(mine.size())))
      calls = together ? std::max<std::size_t>(calls, std::stoull(text)) : calls;
    if (together) {
      for (std::size_t k = 0; k < calls; ++k)
        step([&] { writing.write(k < mine.size() ? &mine[k] : nullptr, type, true); });
    } else {
      step([&] {
        for (const Hdf5Piece& piece : mine) writing.write(&piece, type, false);
      });
    }
    step([&] { writing.flush(); });
    step([&] { writing.close(); });
  } else {
    step([&] {
      if (!first) return;
      writing.create(anew, nullptr);
      writing.add_dataset(type, shape);
      writing.add_attributes();
      writing.add_scales(shape, true);
      writing.flush();
      writing.close();
    });
    for (int turn = 0; turn < communicator.size(); ++turn) {
      step([&] {
        if (turn != communicator.rank() || mine.empty()) return;
        writing.open();
        for (const Hdf5Piece& piece : mine) writing.write(&piece, type, false);
        writing.flush();
        writing.close();
      });
    }
  }
  step([&] { sync_to_disk(unfinished.path(), first, place); });
  step([&] {
    if (first) verify(unfinished.path(), type, shape, place);
  });
  step([&] { unfinished.publish(place); });
}

}  // namespace ramal::detail
