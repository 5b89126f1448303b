// SPDX-License-Identifier: BSD-3-Clause
#include "io/hdf5/api.hpp"

#include <ramal/hdf5_decode.hpp>
#include <ramal/hdf5_scales.hpp>

#include <filesystem>

namespace ramal {
namespace {

using namespace detail;

ObjectHandle opened(const Hdf5Place& place) {
  std::error_code ignored;
  return open_object(open_hdf5(std::filesystem::absolute(place.file, ignored).string()), place);
}

/// Names of the text attributes that are HDF5's own, and say how scales are attached.
bool is_internal(const std::string& name) {
  for (const char* own : {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "_Netcdf4Dimid",
                          "_Netcdf4Coordinates", "_nc3_strict", "_NCProperties"})
    if (name == own) return true;
  return false;
}

std::map<std::string, std::string> text_attributes(hid_t object, const Hdf5Place& place) {
  std::vector<std::string> names;
  const H5A_operator2_t add = [](hid_t, const char* name, const H5A_info_t*, void* to) -> herr_t {
    static_cast<std::vector<std::string>*>(to)->emplace_back(name);
    return 0;
  };
  place.check(H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names),
              "its attributes cannot be read");
  std::map<std::string, std::string> texts;
  for (const std::string& name : names) {
    if (name == "NAME") {
      const auto value = attribute_value(object, name, place);
      if (value && value->texts.size() == 1) texts[name] = value->texts.front();
    }
    if (is_internal(name)) continue;
    const auto value = attribute_value(object, name, place);
    if (value && value->texts.size() == 1) texts[name] = value->texts.front();
  }
  return texts;
}

}  // namespace

std::vector<std::string> dimension_scales(const std::string& file, const std::string& dataset) {
  const Hdf5Call call;
  const Hdf5Place place{file, dataset};
  const ObjectHandle object = opened(place);
  const auto path_of = [](hid_t of) {
    char name[4096] = {};
    const ssize_t length = H5Iget_name(of, name, sizeof name);
    return length > 0 && static_cast<std::size_t>(length) < sizeof name ? std::string(name) : std::string();
  };
  if (H5Iget_type(object) != H5I_DATASET) place.fail("is not a dataset but a group or a named type");
  const SpaceHandle space(place.check(H5Dget_space(object), "its shape cannot be read"));
  std::vector<std::string> paths(shape_of(space, place).size());
  if (paths.size() == 1 && H5DSis_scale(object) > 0) return {path_of(object)};
  struct Found {
    std::string path;
    decltype(path_of)* name_of;
  };
  for (std::size_t d = 0; d < paths.size(); ++d) {
    Found found{{}, &path_of};
    const H5DS_iterate_t take_first = [](hid_t, unsigned, hid_t scale, void* to) -> herr_t {
      auto& first = *static_cast<Found*>(to);
      first.path = (*first.name_of)(scale);
      return 1;
    };
    int index = 0;
    if (H5DSget_num_scales(object, static_cast<unsigned>(d)) <= 0) continue;
    place.check(H5DSiterate_scales(object, static_cast<unsigned>(d), &index, take_first, &found),
                "its dimension scales cannot be read");
    paths[d] = found.path;
  }
  return paths;
}

Hdf5Scale read_scale(const std::string& file, const std::string& path) {
  const Hdf5Call call;
  const Hdf5Place place{file, path};
  Hdf5Scale scale{.name = path.substr(path.rfind('/') + 1)};
  {
    const ObjectHandle object = opened(place);
    auto texts = text_attributes(object, place);
    if (texts["NAME"].starts_with("This is a netCDF dimension but not a netCDF variable")) return scale;
    for (const auto& [name, text] : texts) {
      if (name == "units") scale.units = text;
      if (name != "units" && name != "NAME") scale.attributes[name] = text;
    }
    const TypeHandle type(place.check(H5Dget_type(object), "its type cannot be read"));
    if (!narrowest_number(type)) return scale;
  }
  const auto [plan, decoding] = plan_hdf5_decoded(file, path, true);
  const Block<double> values = read_hdf5_decoded_block(
      plan.file, plan.dataset, Extents::filled(plan.shape.size(), 0), plan.shape, plan.identity, decoding);
  if (plan.shape.size() == 1) scale.values.assign(values.begin(), values.end());
  return scale;
}

std::vector<Hdf5Scale> read_scales(const std::string& file, const std::string& dataset) {
  std::vector<Hdf5Scale> scales;
  for (const std::string& path : dimension_scales(file, dataset))
    scales.push_back(path.empty() ? Hdf5Scale() : read_scale(file, path));
  return scales;
}

}  // namespace ramal
