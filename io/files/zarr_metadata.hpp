// SPDX-License-Identifier: BSD-3-Clause
// What Zarr stores say of their arrays: https://zarr-specs.readthedocs.io, format 2 (.zarray) and 3
// (zarr.json).
#pragma once

#include "io/files/json.hpp"

#include <ramal/zarr.hpp>

namespace ramal::detail {

/// Metadata of more bytes is refused.
inline constexpr std::uint64_t most_metadata_bytes = std::uint64_t{16} << 20;
/// Chunks of more bytes are refused; no compressor takes longer ones.
inline constexpr std::uint64_t most_chunk_bytes = std::uint64_t{1} << 31;

/// An array's metadata of either format. All but the folder is filled in. Throws FileError.
ZarrPlan parse_zarr_v2(const Json& metadata, const std::string& file, const ElementType& wanted);
ZarrPlan parse_zarr_v3(const Json& metadata, const std::string& file, const ElementType& wanted);
/// The same of what is to be written.
std::string zarr_v2_text(const ZarrPlan& plan);
std::string zarr_v3_text(const ZarrPlan& plan, const std::vector<std::string>& dimension_names,
                         const std::map<std::string, ZarrValue>& attributes);
/// Attributes as an object, after others that are written already, if any.
std::string attributes_text(const std::map<std::string, ZarrValue>& attributes, std::string first = {});
std::string names_text(const std::vector<std::string>& names);

/// The parts of a name, without leading and trailing slashes.
std::vector<std::string> parts_of_name(const std::string& name);
/// An array or group in a store: where it is.
std::string zarr_folder(const std::string& store, const std::string& name);
/// What a folder is to a store of either format.
enum class ZarrNode { nothing, group, array };
struct ZarrNodeFound {
  ZarrNode node = ZarrNode::nothing;
  int format = 0;
};
ZarrNodeFound find_zarr_node(const std::string& folder);

std::uint64_t chunk_bytes(const ZarrPlan& plan);
/// How many elements lie between neighbours along each of the array's axes in a stored chunk.
Extents chunk_strides(const ZarrPlan& plan);
/// The file of the chunk at a place in the grid, from the array's folder on.
std::string chunk_key(const ZarrPlan& plan, const Extents& place);
/// Copies a box of elements.
void copy_box(std::byte* to, const Extents& to_strides, const std::byte* from, const Extents& from_strides,
              const Extents& lengths, std::size_t element_bytes);
Extents row_strides(const Extents& shape);

}  // namespace ramal::detail
