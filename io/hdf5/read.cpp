// SPDX-License-Identifier: BSD-3-Clause
// One look at a dataset, and reading a block of it.
#include "io/hdf5/api.hpp"

#include <sys/stat.h>

#include <filesystem>

namespace ramal::detail {

namespace {

/// What HDF5 could only find out by failing, or not at all, while blocks are read.
void check_filters(hid_t creation, const Hdf5Place& place) {
  const int count = place.check(H5Pget_nfilters(creation), "its filters cannot be read");
  for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
    unsigned flags = 0, config = 0;
    std::size_t values = 0;
    char name[80] = {};
    const H5Z_filter_t filter =
        H5Pget_filter2(creation, i, &flags, &values, nullptr, sizeof name, name, &config);
    if (filter < 0) place.fail_in_hdf5("its filters cannot be read");
    if (H5Zfilter_avail(filter) > 0 &&
        (H5Zget_filter_info(filter, &config) < 0 || (config & H5Z_FILTER_CONFIG_DECODE_ENABLED) != 0))
      continue;
    place.fail(
        "is compressed by the filter " + filter_name(filter, name) +
        ", which this HDF5 does not have; if there is a plugin of it, set HDF5_PLUGIN_PATH to its folder");
  }
}

/// HDF5 1.10 believes what a damaged header says of contiguous data.
void check_storage(hid_t dataset, hid_t creation, hid_t type, std::uint64_t elements,
                   std::uint64_t file_bytes, const Hdf5Place& place) {
  const H5D_layout_t layout = H5Pget_layout(creation);
  if (layout == H5D_VIRTUAL)
    place.fail("is a virtual dataset, put together from others; read those by themselves");
  if (layout < 0) place.fail_in_hdf5("its layout cannot be read");
  if (layout == H5D_CHUNKED) return;
  if (H5Pget_external_count(creation) > 0)
    place.fail("keeps its elements in other files (external storage); copy it with h5repack");
  const std::uint64_t stored = H5Dget_storage_size(dataset);
  const std::uint64_t element_bytes = H5Tget_size(type);
  if (layout == H5D_CONTIGUOUS && stored != 0 && elements > stored / element_bytes)
    place.fail("is damaged: its shape needs more than the " + std::to_string(stored) + " bytes it has");
  const haddr_t from = H5Dget_offset(dataset);
  if (from != HADDR_UNDEF && (from > file_bytes || stored > file_bytes - from))
    place.fail("is damaged or truncated: its elements lie behind the end of the file");
}

/// Throws unless elements of that type can be had from this dataset.
struct Dataset {
  ObjectHandle object;
  TypeHandle type;
  ListHandle creation;
  SpaceHandle space;
};
Dataset open_dataset(const OpenFile& file, const Hdf5Place& place) {
  Dataset made{open_object(file, place), {}, {}, {}};
  if (H5Iget_type(made.object) != H5I_DATASET) place.fail("is not a dataset but a group or a named type");
  made.type = TypeHandle(place.check(H5Dget_type(made.object), "its type cannot be read"));
  made.space = SpaceHandle(place.check(H5Dget_space(made.object), "its shape cannot be read"));
  made.creation = ListHandle(place.check(H5Dget_create_plist(made.object), "its layout cannot be read"));
  return made;
}

Hdf5Type number_of(hid_t type, const Hdf5Place& place) {
  const auto number = narrowest_number(type);
  if (!number)
    place.fail("expected integers or floating-point numbers of up to 8 bytes, found " + hdf5_type_name(type));
  return *number;
}

Extents extents_of(const std::vector<std::uint64_t>& values, const Hdf5Place& place) {
  if (values.size() > Extents::most) {
    place.fail("has " + std::to_string(values.size()) + " dimensions; a block has at most " +
               std::to_string(Extents::most));
  }
  return Extents(values.data(), values.size());
}

Extents chunk_of(hid_t creation, const Extents& shape, const Hdf5Place& place) {
  if (H5Pget_layout(creation) != H5D_CHUNKED) return Extents::filled(shape.size(), 1);
  hsize_t chunk[H5S_MAX_RANK] = {};
  const int count =
      place.check(H5Pget_chunk(creation, H5S_MAX_RANK, chunk), "its chunks' shape cannot be read");
  if (static_cast<std::size_t>(count) != shape.size())
    place.fail("is damaged: its chunks have other dimensions");
  Extents extents = shape;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (chunk[d] == 0) place.fail("is damaged: its chunks are empty");
    extents[d] = chunk[d];
  }
  return extents;
}

/// An external link leads to another file: that one is read, and watched.
std::string file_of(hid_t object, const std::string& opened, const Hdf5Place& place) {
  char name[4096] = {};
  place.check(H5Fget_name(object, name, sizeof name), "its file has no name");
  std::error_code ignored;
  return std::filesystem::equivalent(name, opened, ignored) ? opened
                                                            : std::filesystem::absolute(name).string();
}
std::string path_of(hid_t object, const std::string& asked) {
  char name[4096] = {};
  const ssize_t length = H5Iget_name(object, name, sizeof name);
  return length > 0 && static_cast<std::size_t>(length) < sizeof name ? name : asked;
}

void check_identity(const Hdf5Identity& found, Hdf5Identity expected, const Hdf5Place& place) {
  expected.address = 0;
  if (found != expected) {
    place.fail("the file has been changed or replaced since read_hdf5 looked at it: it had " +
               std::to_string(expected.bytes) + " bytes, now " + std::to_string(found.bytes) +
               ", or was written later, or is another");
  }
}

/// A chunk that does not fit into the cache is decoded for each block that reads from it; without filters it
/// is read run by run, at a tenth of the speed if runs are short. What was read is dropped first.
ListHandle with_chunk_cache(const Hdf5Place& place) {
  constexpr std::size_t slots = 10007;  // a prime, so that chunks beside each other have slots of their own
  constexpr double drop_what_was_read = 1.0;
  ListHandle access(H5Pcreate(H5P_DATASET_ACCESS));
  place.check(H5Pset_chunk_cache(access, slots, chunk_cache_bytes, drop_what_was_read),
              "HDF5 cannot be set up");
  return access;
}

/// Whether other blocks need chunks that this one does, and then most likely soon.
bool splits_chunks(const Dataset& dataset, const Hdf5Selection& what, const Hdf5Place& place) {
  const ListHandle creation(place.check(H5Dget_create_plist(dataset.object), "its layout cannot be read"));
  if (H5Pget_layout(creation) != H5D_CHUNKED) return false;
  const Extents chunk = chunk_of(creation, what.count, place);
  const auto whole = shape_of(dataset.space, place);
  for (std::size_t d = 0; d < chunk.size(); ++d) {
    const std::uint64_t begin = what.start[d], count = what.count[d];
    const std::uint64_t end =
        what.step.empty() || count == 0 ? begin + count : begin + (count - 1) * what.step[d] + 1;
    if (begin % chunk[d] != 0 || (end % chunk[d] != 0 && end < whole[d])) return true;
  }
  return false;
}

SpaceHandle select(const Dataset& dataset, const Hdf5Selection& what, const Hdf5Place& place) {
  if (what.count.empty()) return SpaceHandle(H5Screate(H5S_SCALAR));
  const std::vector<hsize_t> start(what.start.begin(), what.start.end()),
      step(what.step.begin(), what.step.end()), count(what.count.begin(), what.count.end());
  place.check(H5Sselect_hyperslab(dataset.space, H5S_SELECT_SET, start.data(),
                                  step.empty() ? nullptr : step.data(), count.data(), nullptr),
              "the block cannot be selected");
  return SpaceHandle(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr));
}

}  // namespace

Hdf5Plan plan_hdf5(const std::string& path, const std::string& dataset,
                   const std::optional<Hdf5Type>& wanted) {
  const Hdf5Call call;
  const Hdf5Place place{path, dataset};
  std::error_code error;
  Hdf5Plan plan{.file = std::filesystem::absolute(path, error).string()};
  const OpenFile file = open_hdf5(plan.file);
  const Dataset found = open_dataset(file, place);
  if (const std::string target = file_of(found.object, plan.file, place); target != plan.file)
    return plan_hdf5(target, path_of(found.object, dataset), wanted);

  plan.dataset = path_of(found.object, dataset);
  plan.identity = file.identity;
  plan.identity.address = address_of(found.object, place);
  plan.element = wanted ? *wanted : number_of(found.type, place);
  if (const std::string reason = why_not(found.type, plan.element); !reason.empty()) place.fail(reason);
  check_filters(found.creation, place);
  if (H5Sget_simple_extent_type(found.space) == H5S_NULL) {
    plan.shape = plan.chunk = {0};
    plan.chunk[0] = 1;
    return plan;
  }
  plan.shape = extents_of(shape_of(found.space, place), place);
  plan.chunk = chunk_of(found.creation, plan.shape, place);
  if (H5Pget_layout(found.creation) == H5D_CHUNKED && H5Pget_nfilters(found.creation) > 0) {
    plan.chunk_bytes = static_cast<double>(H5Tget_size(found.type));
    for (const std::uint64_t extent : plan.chunk) plan.chunk_bytes *= static_cast<double>(extent);
  }
  std::uint64_t elements = 0;
  try {
    elements = plan.shape.product();
  } catch (const std::length_error&) {
    place.fail("is damaged: its shape " + plan.shape.text() + " is too large");
  }
  check_storage(found.object, found.creation, found.type, elements, file.identity.bytes, place);
  return plan;
}

Hdf5Selection selected(const std::vector<Steps>& elements, const Extents& offset, const Extents& shape) {
  Hdf5Selection made{offset, {}, shape};
  bool has_steps = false;
  Extents step = Extents::filled(shape.size(), 1);
  for (std::size_t d = 0; d < elements.size(); ++d) {
    step[d] = static_cast<std::uint64_t>(elements[d].step);
    made.start[d] = static_cast<std::uint64_t>(elements[d].start) + offset[d] * step[d];
    has_steps = has_steps || step[d] != 1;
  }
  if (has_steps) made.step = step;
  return made;
}

void read_hdf5_into(void* memory, const Hdf5Type& type, const std::string& path, const std::string& dataset,
                    const Hdf5Selection& what, const Hdf5Identity& identity) {
  const Hdf5Call call;
  const Hdf5Place place{path, dataset};
  const OpenFile file = open_hdf5(path);
  check_identity(file.identity, identity, place);
  Dataset found{take_dataset(dataset), {}, {}, {}};
  const bool was_kept = static_cast<bool>(found.object);
  if (!was_kept) {
    const ListHandle access = with_chunk_cache(place);
    found.object = ObjectHandle(H5Dopen2(file.id, dataset.c_str(), access));
  }
  if (!found.object) place.fail_in_hdf5("cannot be opened any more");
  if (address_of(found.object, place) != identity.address)
    place.fail("is not the dataset that read_hdf5 looked at");
  found.space = SpaceHandle(place.check(H5Dget_space(found.object), "its shape cannot be read"));
  const SpaceHandle in_memory = select(found, what, place);
  const TypeHandle element = memory_type(type);
  const bool is_scalar = what.count.empty();
  if (H5Dread(found.object, element, is_scalar ? hid_t{H5S_ALL} : in_memory.id(),
              is_scalar ? hid_t{H5S_ALL} : found.space.id(), H5P_DEFAULT, memory) < 0) {
    const std::string reason = hdf5_reason();
    check_identity(identify(path), identity, place);
    place.fail("the block at " + what.start.text() + " of shape " + what.count.text() +
               (what.step.empty() ? "" : ", in steps of " + what.step.text()) +
               " cannot be read (HDF5: " + reason + ")");
  }
  check_identity(identify(path), identity, place);
  if (was_kept || splits_chunks(found, what, place)) keep_dataset(dataset, std::move(found.object));
}

}  // namespace ramal::detail
