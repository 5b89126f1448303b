// SPDX-License-Identifier: BSD-3-Clause
#include "io/files/codecs.hpp"
#include "io/files/element_type.hpp"
#include "io/files/zarr_metadata.hpp"
#include "io/files/zarr_shard.hpp"

#include <algorithm>

namespace ramal::detail {

ZarrPlan plan_zarr(const std::string& store, const std::string& name, const ElementType& wanted) {
  const std::string folder = zarr_folder(store, name);
  const auto parsed = [&](const char* file_name, const auto& parse) -> std::optional<ZarrPlan> {
    const std::string file = folder + file_name;
    const auto text = read_whole(file, most_metadata_bytes);
    if (!text) return std::nullopt;
    ZarrPlan plan = parse(parse_json(file, *text), file, wanted);
    plan.folder = folder;
    return plan;
  };
  if (auto plan = parsed("/zarr.json", parse_zarr_v3)) return *std::move(plan);
  if (auto plan = parsed("/.zarray", parse_zarr_v2)) return *std::move(plan);
  refuse_file(folder, find_zarr_node(folder).node == ZarrNode::group
                          ? "is a group of a Zarr store; expected the name of an array in it"
                          : "is no array of a Zarr store: there is no zarr.json or .zarray");
}

std::vector<Axis> zarr_axes(const ZarrPlan& plan) {
  std::vector<Axis> axes;
  const Extents& chunk = plan.is_sharded ? plan.shard : plan.chunk;
  for (std::size_t d = 0; d < plan.shape.size(); ++d)
    axes.push_back(Axis::regular(
        static_cast<std::int64_t>(plan.shape[d]),
        static_cast<std::int64_t>(std::min(chunk[d], std::max<std::uint64_t>(1, plan.shape[d])))));
  return axes;
}

namespace {

/// The elements of a stored chunk, in this machine's order of bytes; nothing if it is not there.
std::optional<std::string> read_chunk(const ZarrPlan& plan, const Extents& place, ShardReader& shards) {
  const std::uint64_t bytes = chunk_bytes(plan);
  // Encoded, a chunk may take some more than its elements do. Between two codecs, too.
  const std::uint64_t most = bytes + bytes / 2 + (std::uint64_t{64} << 10);
  const std::uint64_t limit = plan.codecs.empty() ? bytes : most;
  std::string file = plan.folder + '/' + chunk_key(plan, place);
  std::optional<std::string> content = plan.is_sharded ? shards.read(place, limit) : read_whole(file, limit);
  if (plan.is_sharded) file = shards.file();
  if (!content) return std::nullopt;
  try {
    for (std::size_t k = plan.codecs.size(); k-- > 0;)
      content = decode(plan.codecs[k].name, *content, k == 0 ? bytes : most);
  } catch (const std::runtime_error& error) {
    refuse_file(file, error.what());
  }
  if (content->size() != bytes)
    refuse_file(file, "expected a chunk of " + std::to_string(bytes) + " bytes, found " +
                          std::to_string(content->size()));
  if (plan.is_swapped) swap_bytes(content->data(), bytes, plan.type.word_bytes());
  if (plan.type.kind == ElementType::Kind::boolean) normalise_booleans(content->data(), bytes);
  return content;
}

}  // namespace

void read_zarr_into(void* memory, const ZarrPlan& plan, const Extents& offset, const Extents& shape) {
  if (shape.product() == 0) return;
  const std::size_t dims = shape.size(), element = plan.type.bytes;
  const Extents strides = chunk_strides(plan), block_strides = row_strides(shape);
  const Extents none = Extents::filled(dims, 0);
  Extents place = none;
  for (std::size_t d = 0; d < dims; ++d) place[d] = offset[d] / plan.chunk[d];
  const Extents first = place;
  ShardReader shards(plan);
  while (true) {
    // What the chunk at this place and the block have in common.
    Extents lengths = shape;
    std::uint64_t in_block = 0, in_chunk = 0;
    for (std::size_t d = 0; d < dims; ++d) {
      const std::uint64_t begin = place[d] * plan.chunk[d];
      const std::uint64_t low = std::max(begin, offset[d]);
      lengths[d] = std::min(begin + plan.chunk[d], offset[d] + shape[d]) - low;
      in_block += (low - offset[d]) * block_strides[d];
      in_chunk += (low - begin) * strides[d];
    }
    auto* to = static_cast<std::byte*>(memory) + in_block * element;
    if (const std::optional<std::string> chunk = read_chunk(plan, place, shards)) {
      const auto* from = reinterpret_cast<const std::byte*>(chunk->data()) + in_chunk * element;
      copy_box(to, block_strides, from, strides, lengths, element);
    } else {
      copy_box(to, block_strides, reinterpret_cast<const std::byte*>(plan.fill.data()), none, lengths,
               element);
    }
    std::size_t d = dims;
    while (d-- > 0) {  // the next chunk, the last axis first
      if (++place[d] * plan.chunk[d] < offset[d] + shape[d]) break;
      place[d] = first[d];
    }
    if (d == ~std::size_t{0}) return;
  }
}

}  // namespace ramal::detail
