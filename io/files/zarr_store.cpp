// SPDX-License-Identifier: BSD-3-Clause
// Where arrays and groups lie in a store, their attributes, and chunks' names and elements.
#include "graph/core/copy_elements.hpp"
#include "io/files/zarr_metadata.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ramal::detail {

// --- nodes ------------------------------------------------------------------------------------------------

std::vector<std::string> parts_of_name(const std::string& name) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    if (end > at) parts.push_back(name.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::string zarr_folder(const std::string& store, const std::string& name) {
  std::string folder = absolute_path(store);
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  for (const std::string& part : parts_of_name(name)) folder += '/' + part;
  return folder;
}

ZarrNodeFound find_zarr_node(const std::string& folder) {
  const auto is_there = [&](const char* name) {
    struct stat status {};
    return stat((folder + '/' + name).c_str(), &status) == 0;
  };
  if (const auto text = read_whole(folder + "/zarr.json", most_metadata_bytes)) {
    const std::string file = folder + "/zarr.json";
    const Json metadata = parse_json(file, *text);
    const std::string type = JsonObject(metadata, file, "").text("node_type");
    return {type == "array" ? ZarrNode::array : ZarrNode::group, 3};
  }
  if (is_there(".zarray")) return {ZarrNode::array, 2};
  if (is_there(".zgroup")) return {ZarrNode::group, 2};
  return {};
}

// --- attributes -------------------------------------------------------------------------------------------

namespace {

std::string text_of(double number) {
  if (std::isnan(number)) return "NaN";  // as Python writes and reads it
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  return Json(number).dump();
}
std::string text_of(std::int64_t number) { return std::to_string(number); }
std::string text_of(const std::string& text) { return Json(text).dump(); }
template <class T>
std::string text_of(const std::vector<T>& values) {
  std::string text = "[";
  for (const T& value : values) text += (text.size() > 1 ? ", " : "") + text_of(value);
  return text + ']';
}

std::optional<ZarrValue> value_of(const Json& json) {
  const auto is_number = [](const Json& one) {
    return one.is_number() || (one.is_string() && number_of(one).has_value() &&
                               one.get_ref<const std::string&>().starts_with(special_mark));
  };
  // Beyond int64 only a double holds it.
  const auto is_whole = [](const Json& one) {
    return one.is_number_integer() && !(one.is_number_unsigned() && one.get<std::uint64_t>() >> 63 != 0);
  };
  if (is_whole(json)) return json.get<std::int64_t>();
  if (is_number(json)) return *number_of(json);
  if (json.is_string()) return json.get<std::string>();
  if (!json.is_array()) return std::nullopt;
  if (std::ranges::all_of(json, is_whole)) return json.get<std::vector<std::int64_t>>();
  if (std::ranges::all_of(json, is_number)) {
    std::vector<double> numbers;
    for (const Json& one : json) numbers.push_back(*number_of(one));
    return numbers;
  }
  if (!std::ranges::all_of(json, [](const Json& one) { return one.is_string(); })) return std::nullopt;
  return json.get<std::vector<std::string>>();
}

}  // namespace

std::string names_text(const std::vector<std::string>& names) { return text_of(names); }

std::string attributes_text(const std::map<std::string, ZarrValue>& attributes, std::string first) {
  std::string text = std::move(first);
  for (const auto& [name, value] : attributes) {
    if (!text.empty()) text += ", ";
    text += text_of(name) + ": " + std::visit([](const auto& one) { return text_of(one); }, value);
  }
  return '{' + text + '}';
}

std::optional<ZarrValue> zarr_attribute(const std::string& store, const std::string& name,
                                        const std::string& attribute) {
  const std::string folder = zarr_folder(store, name);
  const ZarrNodeFound found = find_zarr_node(folder);
  if (found.node == ZarrNode::nothing) refuse_file(folder, "is no array or group of a Zarr store");
  const std::string file = folder + (found.format == 3 ? "/zarr.json" : "/.zattrs");
  const auto text = read_whole(file, most_metadata_bytes);
  if (!text) return std::nullopt;
  const Json content = parse_json(file, *text);
  const JsonObject whole(content, file, "");
  const Json* attributes = found.format == 3 ? whole.find("attributes") : &content;
  if (attributes == nullptr) return std::nullopt;
  const Json* value = JsonObject(*attributes, file, "attributes").find(attribute.c_str());
  if (value == nullptr) return std::nullopt;
  const std::optional<ZarrValue> known = value_of(*value);
  if (!known) refuse_zarr_attribute(store, name, attribute);
  return known;
}

void refuse_zarr_attribute(const std::string& store, const std::string& name, const std::string& attribute) {
  refuse_file(zarr_folder(store, name), "attribute '" + attribute + "' is of another type");
}

// --- chunks -----------------------------------------------------------------------------------------------

std::uint64_t chunk_bytes(const ZarrPlan& plan) { return plan.chunk.product() * plan.type.bytes; }

Extents row_strides(const Extents& shape) {
  Extents strides = Extents::filled(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

Extents chunk_strides(const ZarrPlan& plan) {
  Extents stored = plan.chunk, strides = plan.chunk;
  for (std::size_t d = 0; d < stored.size(); ++d) stored[d] = plan.chunk[plan.order[d]];
  const Extents of_stored = row_strides(stored);
  for (std::size_t d = 0; d < stored.size(); ++d) strides[plan.order[d]] = of_stored[d];
  return strides;
}

std::string chunk_key(const ZarrPlan& plan, const Extents& place) {
  std::string key = plan.key_begin;
  for (const std::uint64_t number : place)
    key += (key.empty() ? "" : plan.separator) + std::to_string(number);
  return key.empty() ? "0" : key;
}

namespace {

void copy_row(std::byte* to, std::uint64_t to_stride, const std::byte* from, std::uint64_t from_stride,
              std::uint64_t count, std::size_t bytes) {
  if (to_stride == 1 && from_stride == 1) {
    std::memcpy(to, from, count * bytes);
    return;
  }
  copy_strided(from, static_cast<std::int64_t>(from_stride * bytes), to,
               static_cast<std::int64_t>(to_stride * bytes), static_cast<std::int64_t>(count), bytes);
}

}  // namespace

void copy_box(std::byte* to, const Extents& to_strides, const std::byte* from, const Extents& from_strides,
              const Extents& lengths, std::size_t element_bytes) {
  if (lengths.product() == 0) return;
  if (lengths.empty()) return copy_row(to, 1, from, 1, 1, element_bytes);
  const std::size_t last = lengths.size() - 1;
  Extents at = Extents::filled(last, 0);
  while (true) {
    copy_row(to, to_strides[last], from, from_strides[last], lengths[last], element_bytes);
    std::size_t d = last;
    while (d-- > 0) {
      to += to_strides[d] * element_bytes;
      from += from_strides[d] * element_bytes;
      if (++at[d] < lengths[d]) break;
      to -= at[d] * to_strides[d] * element_bytes;
      from -= at[d] * from_strides[d] * element_bytes;
      at[d] = 0;
    }
    if (d == ~std::size_t{0}) return;
  }
}

}  // namespace ramal::detail
