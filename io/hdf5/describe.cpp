// SPDX-License-Identifier: BSD-3-Clause
// Walking through a file.
#include "io/hdf5/api.hpp"

#include <algorithm>

namespace ramal {
namespace detail {

std::string attribute_preview(hid_t object, const std::string& name, const Hdf5Place& place);

namespace {

Hdf5Attributes attributes_of(hid_t object, const Hdf5Place& place) {
  std::vector<std::string> names;
  const H5A_operator2_t take = [](hid_t, const char* name, const H5A_info_t*, void* to) -> herr_t {
    try {
      static_cast<std::vector<std::string>*>(to)->push_back(name);
      return 0;
    } catch (...) {
      return -1;
    }
  };
  place.check(H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, take, &names),
              "its attributes cannot be read");
  Hdf5Attributes attributes;
  for (const std::string& name : names) attributes.emplace(name, attribute_preview(object, name, place));
  return attributes;
}

std::vector<std::string> filters_of(hid_t creation, const Hdf5Place& place) {
  std::vector<std::string> filters;
  const int count = place.check(H5Pget_nfilters(creation), "its filters cannot be read");
  for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
    unsigned flags = 0, config = 0, values[1] = {};
    std::size_t length = 1;
    char name[80] = {};
    const auto filter = H5Pget_filter2(creation, i, &flags, &length, values, sizeof name, name, &config);
    if (filter < 0) place.fail_in_hdf5("its filters cannot be read");
    std::string text = filter_name(filter, name);
    if (filter == H5Z_FILTER_DEFLATE && length > 0) text += ' ' + std::to_string(values[0]);
    if (H5Zfilter_avail(filter) <= 0) text += " (not installed)";
    filters.push_back(text);
  }
  return filters;
}

const char* layout_name(hid_t creation) {
  switch (H5Pget_layout(creation)) {
    case H5D_COMPACT:
      return "compact";
    case H5D_CHUNKED:
      return "chunked";
    case H5D_VIRTUAL:
      return "virtual";
    default:
      return H5Pget_external_count(creation) > 0 ? "external" : "contiguous";
  }
}

Hdf5Dataset describe_dataset(hid_t dataset, const Hdf5Place& place) {
  Hdf5Dataset found{.path = place.object};
  found.type = hdf5_type_name(TypeHandle(place.check(H5Dget_type(dataset), "its type cannot be read")));
  const SpaceHandle space(place.check(H5Dget_space(dataset), "its shape cannot be read"));
  const ListHandle creation(place.check(H5Dget_create_plist(dataset), "its layout cannot be read"));
  found.null = H5Sget_simple_extent_type(space) == H5S_NULL;
  found.shape = shape_of(space, place);
  hsize_t extents[H5S_MAX_RANK] = {};
  H5Sget_simple_extent_dims(space, nullptr, extents);
  found.max_shape.assign(extents, extents + found.shape.size());
  found.layout = layout_name(creation);
  if (found.layout == "chunked") {
    const int count =
        place.check(H5Pget_chunk(creation, H5S_MAX_RANK, extents), "its chunks' shape cannot be read");
    found.chunk.assign(extents, extents + count);
  }
  found.filters = filters_of(creation, place);
  found.stored_bytes = H5Dget_storage_size(dataset);
  found.attributes = attributes_of(dataset, place);
  return found;
}

/// Depth first, with its own stack; each object once, under the first of its names.
class FileWalk {
 public:
  FileWalk(const OpenFile& file, Hdf5File& found) : file_(file), found_(found) {}
  void run() {
    std::vector<std::string> left{"/"};
    while (!left.empty()) {
      const Hdf5Place place{found_.path, left.back()};
      left.pop_back();
      const ObjectHandle object(H5Oopen(file_.id, place.object.c_str(), H5P_DEFAULT));
      if (!object) place.fail_in_hdf5("is damaged");
      const auto [first, is_new] = names_.emplace(address_of(object, place), place.object);
      if (!is_new) {
        found_.links.push_back({place.object, "hard", first->second});
      } else if (const H5I_type_t kind = H5Iget_type(object); kind == H5I_DATASET) {
        found_.datasets.push_back(describe_dataset(object, place));
      } else if (kind == H5I_GROUP) {
        enter(object, place, left);
      }
    }
  }

 private:
  void enter(hid_t group, const Hdf5Place& place, std::vector<std::string>& left) {
    found_.groups.push_back({place.object, attributes_of(group, place)});
    auto entries = entries_of(group, place);
    std::reverse(entries.begin(), entries.end());
    for (const Entry& entry : entries) {
      const Hdf5Place inside{place.file, join(place.object, entry.name)};
      if (entry.kind == H5L_TYPE_HARD) {
        left.push_back(inside.object);
      } else {
        found_.links.push_back(describe_link(group, entry, inside));
      }
    }
  }

  const OpenFile& file_;
  Hdf5File& found_;
  std::map<std::uint64_t, std::string> names_;
};

}  // namespace
}  // namespace detail

Hdf5File describe(const std::string& file) {
  const detail::Hdf5Call call;
  Hdf5File found{.path = file};
  const detail::OpenFile opened = detail::open_hdf5(file);
  detail::FileWalk(opened, found).run();
  return found;
}

const Hdf5Dataset* Hdf5File::find(const std::string& dataset) const {
  const auto found = std::find_if(datasets.begin(), datasets.end(), [&](const Hdf5Dataset& one) {
    return one.path == dataset || one.path == '/' + dataset;
  });
  return found == datasets.end() ? nullptr : &*found;
}

namespace {

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string text = "(";
  for (const std::uint64_t extent : shape) {
    text += (text.size() > 1 ? ", " : "") + (extent == hdf5_unlimited ? "unlimited" : std::to_string(extent));
  }
  return text + ')';
}
std::string attribute_lines(const Hdf5Attributes& attributes) {
  std::string text;
  for (const auto& [name, value] : attributes) text += "    " + name + " = " + value + '\n';
  return text;
}

}  // namespace

std::string Hdf5File::text() const {
  std::string text = path + '\n';
  for (const Hdf5Group& group : groups) text += "  " + group.path + '\n' + attribute_lines(group.attributes);
  for (const Hdf5Dataset& one : datasets) {
    text += "  " + one.path + ": " + one.type + (one.null ? " null" : ' ' + shape_text(one.shape));
    if (one.max_shape != one.shape) text += " of at most " + shape_text(one.max_shape);
    text += ", " + one.layout + (one.chunk.empty() ? "" : ' ' + shape_text(one.chunk));
    for (const std::string& filter : one.filters) text += ", " + filter;
    text += '\n' + attribute_lines(one.attributes);
  }
  for (const Hdf5Link& link : links)
    text += "  " + link.path + " -> " + link.target + " (" + link.kind +
            (link.dangling ? ", dangling)\n" : ")\n");
  return text;
}

}  // namespace ramal
