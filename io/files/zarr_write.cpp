// SPDX-License-Identifier: BSD-3-Clause
#include "graph/core/atomic_file.hpp"
#include "io/files/codecs.hpp"
#include "io/files/zarr_metadata.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <mutex>

namespace ramal::detail {

namespace fs = std::filesystem;

// --- what is to be written --------------------------------------------------------------------------------

std::vector<Axis> zarr_write_axes(const std::vector<Axis>& axes, const Chunks& chunks, const Extents& shape,
                                  std::size_t element_bytes, std::source_location where) {
  std::vector<Axis> regular = chunks.empty() ? axes : chunks.axes(shape, element_bytes, where);
  for (std::size_t d = 0; d < regular.size(); ++d) {
    const AxisView& view = regular[d].view();
    if (view.count <= 1 || (view.table == nullptr && view.first == view.width)) continue;
    if (!chunks.empty())
      refuse_array("write_zarr: chunks: expected one length along axis " + std::to_string(d) +
                       ", which all chunks of a store have but the last, found others",
                   where);
    regular[d] = Axis::regular(view.length, std::max<std::int64_t>(1, view.widest()));
  }
  return regular;
}

namespace {

void check_name(const std::string& name, std::source_location where) {
  for (const std::string& part : parts_of_name(name)) {
    if (part.starts_with('.') || part.starts_with("__") || part == "zarr.json")
      refuse_array("write_zarr: '" + name + "' cannot be the name of an array", where);
  }
}

void set_compressor(ZarrPlan& plan, const ZarrWriteOptions& options, std::source_location where) {
  const std::string& name = options.compressor;
  if (name.empty()) return;
  if (name == "crc32c" || (name == "zlib" && options.format == 3))
    refuse_array("write_zarr: '" + name + "' is no compressor of format " + std::to_string(options.format),
                 where);
  if (const std::string why = why_no_codec(name); !why.empty()) refuse_array("write_zarr: " + why, where);
  const int level = options.level < 0 ? usual_level(name) : options.level;
  if (level > highest_level(name))
    refuse_array("write_zarr: " + name + ": expected a level from 0 to " +
                     std::to_string(highest_level(name)) + ", found " + std::to_string(level),
                 where);
  plan.codecs.push_back({name, level});
}

}  // namespace

ZarrTarget zarr_target(const std::string& store, const std::string& name, const ElementType& type,
                       const std::vector<Axis>& axes, const ZarrWriteOptions& options,
                       std::source_location where) {
  if (store.empty()) refuse_array("write_zarr: expected the name of a store", where);
  check_name(name, where);
  if (options.format != 2 && options.format != 3)
    refuse_array("write_zarr: expected format 2 or 3, found " + std::to_string(options.format), where);
  const std::string& separator = options.separator;
  if (!separator.empty() && separator != "." && separator != "/")
    refuse_array("write_zarr: expected '.' or '/' as separator, found '" + separator + '\'', where);
  const auto& names = options.dimension_names;
  if (!names.empty() && names.size() != axes.size())
    refuse_array("write_zarr: expected names for the " + std::to_string(axes.size()) + " axes, found " +
                     std::to_string(names.size()),
                 where);
  ZarrTarget target{.store = zarr_folder(store, {}), .name = name, .format = options.format};
  ZarrPlan& plan = target.plan;
  plan = {.folder = zarr_folder(store, name),
          .type = type,
          .shape = shape_of(axes),
          .chunk = Extents::filled(axes.size(), 1),
          .key_begin = options.format == 3 ? "c" : "",
          .separator = !separator.empty()    ? separator
                       : options.format == 3 ? "/"
                                             : "."};
  plan.order = plan.chunk;
  std::uint64_t bytes = type.bytes;
  for (std::size_t d = 0; d < axes.size(); ++d) {
    const AxisView& view = axes[d].view();
    plan.chunk[d] =
        static_cast<std::uint64_t>(std::max<std::int64_t>(1, view.count > 1 ? view.width : view.length));
    plan.order[d] = d;
    if (__builtin_mul_overflow(bytes, plan.chunk[d], &bytes))
      bytes = std::numeric_limits<std::uint64_t>::max();
  }
  set_compressor(plan, options, where);
  constexpr std::uint64_t most_of_blosc = std::numeric_limits<std::int32_t>::max() - 16;
  if (bytes > (options.compressor == "blosc" ? most_of_blosc : most_chunk_bytes))
    refuse_array("write_zarr: expected chunks of less than 2 GiB, found chunks of shape " + plan.chunk.text(),
                 where);
  try {
    const std::string dimensions = names.empty() ? "" : "\"_ARRAY_DIMENSIONS\": " + names_text(names);
    target.metadata =
        options.format == 3 ? zarr_v3_text(plan, names, options.attributes) : zarr_v2_text(plan);
    if (options.format == 2 && (!names.empty() || !options.attributes.empty()))
      target.attributes = attributes_text(options.attributes, dimensions);
  } catch (const Json::exception&) {
    refuse_array("write_zarr: expected names and attributes in UTF-8", where);
  }
  return target;
}

// --- its place --------------------------------------------------------------------------------------------

namespace {

/// A folder that is removed at the end, unless it has been given its place.
class UnfinishedFolder {
 public:
  explicit UnfinishedFolder(std::string path) : path_(std::move(path)) {}
  ~UnfinishedFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  UnfinishedFolder(const UnfinishedFolder&) = delete;
  UnfinishedFolder& operator=(const UnfinishedFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

void make_folders(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) refuse_file(folder, "cannot be made: " + error.message());
}
void rename_folder(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) refuse_file(to, "cannot be put there: " + error.message());
}

/// Gives a folder its place. What was there is removed after that.
void put_in_place(const std::string& part, const std::string& folder, bool is_there) {
  const std::string old = part + ".old";
  if (is_there) rename_folder(folder, old);
  try {
    rename_folder(part, folder);
  } catch (...) {
    if (is_there) rename_folder(old, folder);
    throw;
  }
  std::error_code ignored;
  fs::remove_all(old, ignored);
}

/// The folders from the store's to before the array's, the groups that it is in.
std::vector<std::string> groups_of(const ZarrTarget& target) {
  std::vector<std::string> groups;
  std::string folder = target.store;
  for (const std::string& part : parts_of_name(target.name)) {
    groups.push_back(folder);
    folder += '/' + part;
  }
  return groups;
}

/// Refuses what must not be replaced. True if an array is there.
bool check_place(const ZarrTarget& target) {
  for (const std::string& group : groups_of(target)) {
    const ZarrNodeFound found = find_zarr_node(group);
    if (found.node == ZarrNode::array) refuse_file(group, "is an array, which holds no others");
    if (found.node == ZarrNode::group && found.format != target.format)
      refuse_file(group, "is a store of format " + std::to_string(found.format) + ", not " +
                             std::to_string(target.format));
  }
  const std::string& folder = target.plan.folder;
  std::error_code error;
  if (!fs::exists(folder, error)) return false;
  if (find_zarr_node(folder).node == ZarrNode::array) return true;
  if (!fs::is_directory(folder, error) || !fs::is_empty(folder, error))
    refuse_file(folder, "is there already, and is no array of a Zarr store");
  return false;
}

// --- groups -----------------------------------------------------------------------------------------------

void make_groups(const ZarrTarget& target) {
  for (const std::string& group : groups_of(target)) {
    make_folders(group);
    if (find_zarr_node(group).node != ZarrNode::nothing) continue;
    if (target.format == 2) {
      write_whole(group + "/.zgroup", "{\n  \"zarr_format\": 2\n}");
    } else {
      write_whole(group + "/zarr.json", "{\"zarr_format\": 3, \"node_type\": \"group\", \"attributes\": {}}");
    }
  }
}

/// Adds the metadata of a folder, and of all that is in it if it is a group, as it stands in the files.
void add_metadata(const std::string& folder, const std::string& name, std::string& to) {
  for (const char* file : {".zgroup", ".zarray", ".zattrs"}) {
    const auto text = read_whole(folder + '/' + file, most_metadata_bytes);
    if (!text) continue;
    parse_json(folder + '/' + file, *text);
    to += (to.empty() ? "" : ",\n") + Json(name + file).dump() + ": " + *text;
  }
  if (find_zarr_node(folder).node != ZarrNode::group) return;
  std::vector<std::string> inner;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory() && !entry.is_symlink()) inner.push_back(entry.path().filename().string());
  std::ranges::sort(inner);
  for (const std::string& one : inner) add_metadata(folder + '/' + one, name + one + '/', to);
}
void consolidate(const std::string& store) {
  std::string all;
  add_metadata(store, "", all);
  write_whole(store + "/.zmetadata",
              "{\n\"zarr_consolidated_format\": 1,\n\"metadata\": {\n" + all + "\n}\n}\n");
}

}  // namespace

// --- tasks ------------------------------------------------------------------------------------------------

Unfinished prepare_zarr(const ZarrTarget& target) {
  check_place(target);
  const std::uint64_t mark = new_mark();
  auto owner = std::make_shared<UnfinishedFolder>(target.store + ".part" + mark_text(mark));
  make_folders(fs::path(target.store).parent_path());
  make_folders(owner->path());
  return {.part = owner->path(), .mark = mark, .owner = owner};
}

void write_zarr_chunk(const void* memory, const Unfinished& unfinished, const ZarrTarget& target,
                      const Extents& offset, const Extents& shape) {
  if (shape.product() == 0) return;
  const ZarrPlan& plan = target.plan;
  Extents place = offset;
  for (std::size_t d = 0; d < place.size(); ++d) place[d] = offset[d] / plan.chunk[d];
  const std::string file = unfinished.part + '/' + chunk_key(plan, place);
  std::string padded, encoded;
  std::string_view bytes(static_cast<const char*>(memory), shape.product() * plan.type.bytes);
  if (shape != plan.chunk) {  // chunks at the end are whole in the store
    padded.resize(chunk_bytes(plan));
    copy_box(reinterpret_cast<std::byte*>(padded.data()), row_strides(plan.chunk),
             static_cast<const std::byte*>(memory), row_strides(shape), shape, plan.type.bytes);
    bytes = padded;
  }
  try {
    for (const ZarrCodec& codec : plan.codecs) {
      encoded = encode(codec, bytes, plan.type.bytes);
      bytes = encoded;
    }
  } catch (const std::runtime_error& error) {
    refuse_file(file, error.what());
  }
  if (plan.separator == "/") make_folders(fs::path(file).parent_path());
  write_whole(file, bytes);
}

void finish_zarr(const WrittenBlocks& written, const Unfinished& unfinished, const ZarrTarget& target) {
  const std::string& folder = target.plan.folder;
  check_written(written, unfinished, folder, target.plan.shape);
  write_whole(unfinished.part + (target.format == 3 ? "/zarr.json" : "/.zarray"), target.metadata);
  if (!target.attributes.empty()) write_whole(unfinished.part + "/.zattrs", target.attributes);
  // Arrays of one store may be finished by several threads.
  static std::mutex& one_at_a_time = *new std::mutex;
  const std::lock_guard lock(one_at_a_time);
  const bool is_there = check_place(target);
  make_groups(target);
  // Should the rest fail, readers find nothing that is no longer true.
  const bool is_consolidated = target.format == 2 && !groups_of(target).empty();
  if (is_consolidated) fs::remove(target.store + "/.zmetadata");
  put_in_place(unfinished.part, folder, is_there);
  if (is_consolidated) consolidate(target.store);
}

}  // namespace ramal::detail
