// SPDX-License-Identifier: BSD-3-Clause
// Appending to a dataset that is there, by all ranks; see writing.hpp.
#include "io/hdf5/writing.hpp"

#include <ramal/hdf5_append.hpp>

namespace ramal::detail {
namespace {

/// What rank 0 has found at the dataset's path.
struct Existing {
  bool is_there = false;
  std::uint64_t length = 0;  ///< along the axis
  bool has_filters = false;
  std::string text() const {
    return (is_there ? "1 " : "0 ") + std::string(has_filters ? "1 " : "0 ") + std::to_string(length);
  }
  static Existing of(const std::string& text) {
    return {text[0] == '1', std::stoull(text.substr(4)), text[2] == '1'};
  }
};

/// Throws for a dataset that the array cannot be appended to.
Existing look_at(const Hdf5Place& place, const Hdf5Type& type, const Extents& shape, std::size_t axis) {
  if (!fs::exists(place.file)) return {};
  const FileHandle file(
      place.check(H5Fopen(place.file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), "cannot be opened to add to it"));
  if (H5LTpath_valid(file, place.object.c_str(), true) <= 0) return {};
  const ObjectHandle dataset(
      place.check(H5Dopen2(file, place.object.c_str(), H5P_DEFAULT), "is not a dataset"));
  const TypeHandle in_file(place.check(H5Dget_type(dataset), "its type cannot be read"));
  if (H5Tget_size(in_file) != H5Tget_size(memory_type(type)) || !why_not(in_file, type).empty())
    place.fail("expected elements of type " + hdf5_type_name(in_file) + ", as it has, found " +
               hdf5_type_name(memory_type(type)));
  const SpaceHandle space(place.check(H5Dget_space(dataset), "its shape cannot be read"));
  const auto found = shape_of(space, place);
  bool fits = found.size() == shape.size();
  for (std::size_t d = 0; fits && d < found.size(); ++d) fits = d == axis || found[d] == shape[d];
  if (!fits)
    place.fail("expected an array whose shape differs along axis " + std::to_string(axis) + " alone from " +
               Extents(found.data(), std::min(found.size(), Extents::most)).text() + ", found " +
               shape.text());
  const ListHandle creation(place.check(H5Dget_create_plist(dataset), "its layout cannot be read"));
  if (H5Pget_layout(creation) != H5D_CHUNKED)
    place.fail("cannot grow: it has no chunks; write it with `unlimited_axis`, or h5repack it");
  std::vector<hsize_t> most(found.size());
  H5Sget_simple_extent_dims(space, nullptr, most.data());
  if (most[axis] != H5S_UNLIMITED && most[axis] < found[axis] + shape[axis])
    place.fail("cannot grow along axis " + std::to_string(axis) + " beyond " + std::to_string(most[axis]) +
               " elements");
  return {true, found[axis], H5Pget_nfilters(creation) > 0};
}

/// One appending. All ranks make the same calls.
class Appending {
 public:
  Appending(Communicator& communicator, const std::vector<Hdf5Piece>& mine, const Hdf5Type& type,
            const Hdf5Place& place, const Extents& shape, const Hdf5AppendOptions& options)
      : communicator_(communicator),
        mine_(mine),
        type_(type),
        place_(place),
        shape_(shape),
        options_(options),
        axis_(static_cast<std::size_t>(options.axis)),
        file_options_{.hints = options.hints},
        mpi_(static_cast<const MPI_Comm*>(communicator.mpi_communicator())),
        first_(communicator.rank() == 0) {
    if (axis_ < options.dimension_scales.size() && !options.dimension_scales[axis_].values.empty())
      scale_ = &options.dimension_scales[axis_];
    if (scale_ != nullptr && scale_->values.size() != shape[axis_])
      place.fail("dimension scale '" + scale_->name + "' has " + std::to_string(scale_->values.size()) +
                 " values for " + std::to_string(shape[axis_]) + " elements");
  }

  /// Whether the dataset is there. Throws if it is and the array does not fit.
  bool look() {
    Existing found;
    step([&] {
      const auto closed = hdf5_lock();  // HDF5 must not have it open for reading
      if (first_) found = look_at(place_, type_, shape_, axis_);
    });
    existing_ = Existing::of(communicator_.gather(found.text()).front());
    for (Hdf5Piece& piece : mine_) piece.offset[axis_] += existing_.length;
    return existing_.is_there;
  }
  void run() {
    UnfinishedFile unfinished(place_.file, first_);  // where no copy is wanted, it keeps others away
    step([&] { unfinished.make(options_.whole_or_nothing, place_); });
    path_ = options_.whole_or_nothing ? unfinished.path() : place_.file;
    try {
      write(unfinished);
      step([&] { sync_to_disk(path_, first_, place_); });
      step([&] {
        Extents whole = shape_;
        whole[axis_] += existing_.length;
        if (first_) verify(path_, type_, whole, place_);
      });
    } catch (...) {
      if (!options_.whole_or_nothing) cut_back();
      throw;
    }
    if (options_.whole_or_nothing) step([&] { unfinished.publish(place_); });
  }

 private:
  template <class Action>
  void step(const Action& action) {
    communicator_.agree([&] {
      const Hdf5Call call;
      action();
    });
  }
  void grow(Writing& writing, bool writes) {
    writing.at(place_.object);
    writing.open_dataset();
    if (scale_ != nullptr) writing.append_scale(*scale_, existing_.length, writes);
    writing.set_length(axis_, existing_.length + shape_[axis_]);
  }
  void write(const UnfinishedFile& unfinished) {
    std::uint64_t bytes = 0;
    step([&] { bytes = shape_.product() * H5Tget_size(memory_type(type_)); });
    const bool room = communicator_.gather(unfinished.reserve(path_, bytes) ? "" : "no").front().empty();
    if (!room && !existing_.has_filters) fail_for_room(place_, place_.file, bytes);
    Writing writing(path_, file_options_, place_);
    if (mpi_ != nullptr && room) {
      step([&] { writing.open(mpi_); });
      step([&] { grow(writing, first_); });
      write_together(communicator_, writing, mine_, type_, true,
                     [this](const auto& action) { step(action); });
      step([&] { writing.flush(); });
      step([&] { writing.close(); });
      return;
    }
    step([&] {
      if (!first_) return;
      writing.open(nullptr);
      grow(writing, true);
      writing.flush();
      writing.close();
    });
    for (int turn = 0; turn < communicator_.size(); ++turn) {
      step([&] {
        if (turn != communicator_.rank() || mine_.empty()) return;
        writing.open(nullptr);
        writing.at(place_.object);
        writing.open_dataset();
        for (const Hdf5Piece& piece : mine_) writing.write(&piece, type_, false);
        writing.flush();
        writing.close();
      });
    }
  }
  /// After a failure, when all have closed the file. What cannot be done is left.
  void cut_back() {
    communicator_.agree([] {});
    if (!first_) return;
    try {
      const Hdf5Call call;
      Writing writing(path_, file_options_, place_);
      writing.open(nullptr);
      writing.at(place_.object);
      writing.open_dataset();
      writing.set_length(axis_, existing_.length);
      writing.close();
    } catch (const Hdf5Error&) {
    }
  }

  Communicator& communicator_;
  std::vector<Hdf5Piece> mine_;
  const Hdf5Type& type_;
  const Hdf5Place place_;
  const Extents shape_;
  const Hdf5AppendOptions& options_;
  const std::size_t axis_;
  const Hdf5FileOptions file_options_;
  const MPI_Comm* const mpi_;
  const bool first_;
  const Hdf5Scale* scale_ = nullptr;
  Existing existing_;
  std::string path_;
};

}  // namespace

void append_hdf5_lists(Communicator& communicator, Inputs<Hdf5Blocks> mine, const std::string& file,
                       const Hdf5Job& dataset, const Hdf5AppendOptions& options) {
  std::vector<Hdf5Job> jobs{dataset};
  add_pieces(mine, jobs);
  Hdf5Job& job = jobs.front();
  const Hdf5Place place{file, rooted(job.dataset)};
  const Extents shape = covered_shape(communicator, job, place);
  Appending appending(communicator, job.mine, job.type, place, shape, options);
  if (appending.look()) return appending.run();
  job.options = {.chunk = options.chunk,
                 .deflate = options.deflate,
                 .attributes = options.attributes,
                 .dimension_scales = options.dimension_scales,
                 .shape = shape,
                 .unlimited_axis = options.axis};
  write_hdf5_jobs(communicator, jobs, file, {.keep_file = true, .hints = options.hints});
}

}  // namespace ramal::detail
