// SPDX-License-Identifier: BSD-3-Clause
#include "io/files/zarr_metadata.hpp"

#include "io/files/codecs.hpp"
#include "io/files/element_type.hpp"
#include "io/files/zarr_fill.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace ramal::detail {

namespace {

Extents row_order(std::size_t dims) {
  Extents order = Extents::filled(dims, 0);
  for (std::size_t d = 0; d < dims; ++d) order[d] = d;
  return order;
}

/// The shape and that of chunks, which must be of a size that can be.
void set_shapes(ZarrPlan& plan, const JsonObject& in, const std::vector<std::uint64_t>& shape,
                const std::vector<std::uint64_t>& chunk) {
  if (shape.size() > Extents::most)
    in.refuse("expected at most 8 dimensions, found " + std::to_string(shape.size()));
  if (chunk.size() != shape.size())
    in.refuse("chunks of " + std::to_string(chunk.size()) + " dimensions, an array of " +
              std::to_string(shape.size()));
  std::uint64_t bytes = plan.type.bytes;
  for (const std::uint64_t length : chunk) {
    if (__builtin_mul_overflow(bytes, length, &bytes) || bytes >> 62 != 0)
      in.refuse("its chunks are too large");
  }
  bytes = plan.type.bytes;
  for (const std::uint64_t length : shape) {
    if (length >> 62 != 0 || (length > 0 && __builtin_mul_overflow(bytes, length, &bytes)) ||
        bytes >> 62 != 0)
      in.refuse("its shape is too large");
  }
  plan.shape = Extents(shape.data(), shape.size());
  plan.chunk = Extents(chunk.data(), chunk.size());
}

/// What is decoded as a whole: chunks, or those within shards.
void expect_small_chunks(const ZarrPlan& plan, const JsonObject& in) {
  if (chunk_bytes(plan) > most_chunk_bytes) in.refuse("expected chunks of at most 2 GiB");
}

void add_codec(ZarrPlan& plan, const JsonObject& in, const std::string& name) {
  if (const std::string why = why_no_codec(name); !why.empty()) in.refuse(why);
  plan.codecs.push_back({name, 0});
}

void set_separator(ZarrPlan& plan, const JsonObject& in, const char* name, const std::string& usual) {
  plan.separator = in.find(name) != nullptr ? in.text(name) : usual;
  if (plan.separator != "." && plan.separator != "/")
    in.refuse('\'' + std::string(name) + "': expected '.' or '/'");
}

}  // namespace

// --- format 2 ---------------------------------------------------------------------------------------------

ZarrPlan parse_zarr_v2(const Json& metadata, const std::string& file, const ElementType& wanted) {
  const JsonObject in(metadata, file, "");
  if (in.at("zarr_format") != 2) in.refuse("expected 'zarr_format' 2");
  ZarrPlan plan{.type = wanted};
  const Json& type = in.at("dtype");
  if (!type.is_string() && !type.is_array()) in.refuse("expected a text as 'dtype'");
  plan.is_swapped = is_type_swapped(file, type.is_string() ? type.get<std::string>() : "", wanted);
  set_shapes(plan, in, in.lengths("shape", 0), in.lengths("chunks", 1));
  expect_small_chunks(plan, in);
  const std::string order = in.text("order");
  if (order != "C" && order != "F") in.refuse("'order': expected 'C' or 'F'");
  plan.order = row_order(plan.shape.size());
  if (order == "F") std::reverse(&plan.order[0], &plan.order[0] + plan.order.size());
  if (const Json* filters = in.find("filters"); filters != nullptr && !filters->is_null()) {
    if (!filters->is_array()) in.refuse("'filters': expected a list");
    for (const Json& filter : *filters)
      in.refuse("filter '" + JsonObject(filter, file, "filters").text("id") + "' is none that Ramal knows");
  }
  if (const Json& compressor = in.at("compressor"); !compressor.is_null()) {
    const JsonObject of(compressor, file, "compressor");
    add_codec(plan, of, of.text("id"));
  }
  set_separator(plan, in, "dimension_separator", ".");
  const Json& fill = in.at("fill_value");
  plan.fill = fill.is_null() ? std::string(wanted.bytes, '\0') : fill_bytes(fill, wanted, in);
  return plan;
}

std::string zarr_v2_text(const ZarrPlan& plan) {
  Json metadata{{"zarr_format", 2},
                {"shape", std::vector<std::uint64_t>(plan.shape.begin(), plan.shape.end())},
                {"chunks", std::vector<std::uint64_t>(plan.chunk.begin(), plan.chunk.end())},
                {"dtype", plan.type.numpy_text()},
                {"compressor", nullptr},
                {"fill_value", nullptr},  // xarray would take elements that have it for missing
                {"order", "C"},
                {"filters", nullptr},
                {"dimension_separator", plan.separator}};
  for (const ZarrCodec& codec : plan.codecs) {
    metadata["compressor"] = {{"id", codec.name}, {"level", codec.level}};
    if (codec.name == "blosc")
      metadata["compressor"] = {
          {"id", "blosc"}, {"cname", "lz4"}, {"clevel", codec.level}, {"shuffle", 1}, {"blocksize", 0}};
  }
  return metadata.dump(2);
}

// --- format 3 ---------------------------------------------------------------------------------------------

namespace {

/// A name, or an object with one and maybe a configuration, as format 3 has them everywhere.
struct Named {
  std::string name;
  const Json& configuration;

  static Named of(const Json& value, const JsonObject& in, const std::string& what) {
    static const Json none = Json::object();
    if (value.is_string()) return {value.get<std::string>(), none};
    const JsonObject object(value, in.file(), what);
    const Json* configuration = object.find("configuration");
    return {object.text("name"), configuration != nullptr ? *configuration : none};
  }
};

/// What Ramal does not know may be left aside only where it is said so.
void refuse_unknown(const JsonObject& in) {
  constexpr std::string_view known[] = {
      "zarr_format",         "node_type",  "shape",  "data_type",  "chunk_grid",
      "chunk_key_encoding",  "fill_value", "codecs", "attributes", "dimension_names",
      "storage_transformers"};
  for (const auto& [name, value] : in.value().items()) {
    if (std::ranges::find(known, name) != std::end(known)) continue;
    if (value.is_object() && value.contains("must_understand") && value["must_understand"] == false) continue;
    in.refuse('\'' + name + "' is nothing that Ramal knows");
  }
  const Json* transformers = in.find("storage_transformers");
  if (transformers != nullptr && !(transformers->is_array() && transformers->empty()))
    in.refuse("storage transformers are none that Ramal knows");
}

/// The array's axes that those of a transposed chunk are.
void transpose(ZarrPlan& plan, const JsonObject& codec) {
  const std::vector<std::uint64_t> order = codec.lengths("order", 0);
  std::vector<std::uint64_t> sorted = order;
  std::ranges::sort(sorted);
  std::vector<std::uint64_t> axes(plan.shape.size());
  std::iota(axes.begin(), axes.end(), 0u);
  if (sorted != axes) codec.refuse("'order': expected each axis once");
  const Extents before = plan.order;
  for (std::size_t d = 0; d < order.size(); ++d) plan.order[d] = before[order[d]];
}

void set_codecs(ZarrPlan& plan, const JsonObject& in);

/// Chunks are shards, and hold chunks of their own.
void set_shards(ZarrPlan& plan, const JsonObject& codec) {
  if (plan.is_sharded) codec.refuse("shards within shards are not supported");
  if (plan.order != row_order(plan.shape.size())) codec.refuse("'transpose' ahead of it is not supported");
  const std::vector<std::uint64_t> chunk = codec.lengths("chunk_shape", 1);
  plan.is_sharded = true;
  plan.shard = plan.chunk;
  bool fits = chunk.size() == plan.shard.size();
  for (std::size_t d = 0; fits && d < chunk.size(); ++d) fits = plan.shard[d] % chunk[d] == 0;
  if (!fits) codec.refuse("'chunk_shape': expected lengths that divide " + plan.shard.text());
  plan.chunk = Extents(chunk.data(), chunk.size());
  const std::string location = codec.find("index_location") != nullptr ? codec.text("index_location") : "end";
  if (location != "start" && location != "end") codec.refuse("'index_location': expected 'start' or 'end'");
  ZarrPlan of_index{.type = {ElementType::Kind::natural, 8}, .order = row_order(1)};
  Json index = Json::object();
  index["codecs"] = codec.at("index_codecs");
  set_codecs(of_index, JsonObject(index, codec.file(), "index_codecs"));
  const auto& codecs = of_index.codecs;
  if (of_index.is_sharded || codecs.size() > 1 || (codecs.size() == 1 && codecs[0].name != "crc32c"))
    codec.refuse("'index_codecs': expected 'bytes', and maybe 'crc32c'");
  plan.index = {location == "start", of_index.is_swapped, !codecs.empty()};
  set_codecs(plan, codec);
}

void set_codecs(ZarrPlan& plan, const JsonObject& in) {
  const Json& codecs = in.at("codecs");
  constexpr std::size_t most_codecs = 16;
  if (!codecs.is_array() || codecs.size() > most_codecs)
    in.refuse("'codecs': expected a list of at most " + std::to_string(most_codecs));
  bool is_bytes = false;  // what stands behind `bytes`
  for (const Json& one : codecs) {
    const auto [name, configuration] = Named::of(one, in, "codecs");
    const JsonObject codec(configuration, in.file(), "codec '" + name + '\'');
    const bool is_of_array = name == "transpose" || name == "bytes" || name == "sharding_indexed";
    if (is_of_array && is_bytes) codec.refuse("cannot stand behind 'bytes'");
    if (name == "sharding_indexed") {
      is_bytes = true;
      if (codecs.size() > 1) codec.refuse("other codecs beside it are not supported");
      set_shards(plan, codec);
    } else if (name == "transpose") {
      transpose(plan, codec);
    } else if (name == "bytes") {
      is_bytes = true;
      const std::string endian =
          codec.find("endian") != nullptr || plan.type.word_bytes() > 1 ? codec.text("endian") : "little";
      if (endian != "little" && endian != "big") codec.refuse("'endian': expected 'little' or 'big'");
      plan.is_swapped =
          plan.type.word_bytes() > 1 && (endian == "big") != (std::endian::native == std::endian::big);
    } else {
      if (name == "zlib") codec.refuse("is none of format 3");
      add_codec(plan, codec, name);
      if (!is_bytes) codec.refuse("must stand behind 'bytes'");
    }
  }
  if (!is_bytes) in.refuse("'codecs': expected 'bytes' among them");
}

}  // namespace

ZarrPlan parse_zarr_v3(const Json& metadata, const std::string& file, const ElementType& wanted) {
  const JsonObject in(metadata, file, "");
  if (in.at("zarr_format") != 3) in.refuse("expected 'zarr_format' 3");
  if (in.text("node_type") != "array") in.refuse("expected an array, found a group");
  refuse_unknown(in);
  ZarrPlan plan{.type = wanted};
  const std::string type = Named::of(in.at("data_type"), in, "data_type").name;
  if (type != wanted.text())
    in.refuse("expected elements of type " + wanted.text() + ", found '" + type + '\'');
  const auto [grid, of_grid] = Named::of(in.at("chunk_grid"), in, "chunk_grid");
  if (grid != "regular") in.refuse("chunk grid '" + grid + "' is none that Ramal knows");
  set_shapes(plan, in, in.lengths("shape", 0),
             JsonObject(of_grid, file, "chunk_grid").lengths("chunk_shape", 1));
  plan.order = row_order(plan.shape.size());
  const auto [encoding, of_encoding] = Named::of(in.at("chunk_key_encoding"), in, "chunk_key_encoding");
  if (encoding != "default" && encoding != "v2")
    in.refuse("chunk key encoding '" + encoding + "' is none that Ramal knows");
  plan.key_begin = encoding == "default" ? "c" : "";
  set_separator(plan, JsonObject(of_encoding, file, "chunk_key_encoding"), "separator",
                encoding == "default" ? "/" : ".");
  set_codecs(plan, in);
  expect_small_chunks(plan, in);
  plan.fill = fill_bytes(in.at("fill_value"), wanted, in);
  return plan;
}

std::string zarr_v3_text(const ZarrPlan& plan, const std::vector<std::string>& dimension_names,
                         const std::map<std::string, ZarrValue>& attributes) {
  Json bytes = Json::object({{"name", "bytes"}});
  if (plan.type.word_bytes() > 1)
    bytes["configuration"] = {{"endian", std::endian::native == std::endian::big ? "big" : "little"}};
  Json codecs = Json::array({bytes});
  for (const ZarrCodec& codec : plan.codecs) {
    Json configuration = Json::object({{"level", codec.level}});
    if (codec.name == "zstd") configuration["checksum"] = false;
    if (codec.name == "blosc")
      configuration = {{"cname", "lz4"},
                       {"clevel", codec.level},
                       {"shuffle", "shuffle"},
                       {"typesize", plan.type.bytes},
                       {"blocksize", 0}};
    codecs.push_back({{"name", codec.name}, {"configuration", configuration}});
  }
  Json fill = 0;
  if (plan.type.kind == ElementType::Kind::boolean) fill = false;
  if (plan.type.kind == ElementType::Kind::floating) fill = 0.0;
  if (plan.type.kind == ElementType::Kind::complex) fill = {0.0, 0.0};
  const Json metadata{
      {"zarr_format", 3},
      {"node_type", "array"},
      {"shape", std::vector<std::uint64_t>(plan.shape.begin(), plan.shape.end())},
      {"data_type", plan.type.text()},
      {"chunk_grid",
       {{"name", "regular"},
        {"configuration",
         {{"chunk_shape", std::vector<std::uint64_t>(plan.chunk.begin(), plan.chunk.end())}}}}},
      {"chunk_key_encoding", {{"name", "default"}, {"configuration", {{"separator", plan.separator}}}}},
      {"fill_value", fill},
      {"codecs", codecs}};
  std::string text = metadata.dump();
  text.pop_back();
  if (!dimension_names.empty()) text += ",\"dimension_names\":" + names_text(dimension_names);
  return text + ",\"attributes\":" + attributes_text(attributes) + '}';
}

}  // namespace ramal::detail
