// SPDX-License-Identifier: BSD-3-Clause
// Finding an object in a file, and what there is instead.
#include "io/hdf5/api.hpp"

#include <algorithm>
#include <map>

namespace ramal::detail {

std::vector<Entry> entries_of(hid_t group, const Hdf5Place& place) {
  std::vector<Entry> entries;
  const H5L_iterate_t take = [](hid_t, const char* name, const H5L_info_t* info, void* to) -> herr_t {
    try {
      static_cast<std::vector<Entry>*>(to)->push_back({name, info->type});
      return 0;
    } catch (...) {
      return -1;  // no exception may pass through C
    }
  };
  place.check(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, take, &entries),
              "the group cannot be read");
  return entries;
}

std::string join(const std::string& group, const std::string& name) {
  return (group == "/" ? "" : group) + '/' + name;
}

Hdf5Link describe_link(hid_t group, const Entry& entry, const Hdf5Place& place) {
  Hdf5Link link{
      .path = place.object, .kind = entry.kind == H5L_TYPE_SOFT ? "soft" : "external", .target = {}};
  H5L_info_t info{};
  place.check(H5Lget_info(group, entry.name.c_str(), &info, H5P_DEFAULT), "the link cannot be read");
  std::vector<char> value(info.u.val_size + 1, '\0');
  place.check(H5Lget_val(group, entry.name.c_str(), value.data(), info.u.val_size, H5P_DEFAULT),
              "the link cannot be read");
  if (entry.kind == H5L_TYPE_EXTERNAL) {
    unsigned flags = 0;
    const char *file = "?", *object = "?";
    place.check(H5Lunpack_elink_val(value.data(), info.u.val_size, &flags, &file, &object),
                "the link cannot be read");
    link.target = std::string(file) + ':' + object;
  } else if (entry.kind == H5L_TYPE_SOFT) {
    link.target = value.data();
  } else {
    link.kind = "user-defined";
  }
  link.dangling = !ObjectHandle(H5Oopen(group, entry.name.c_str(), H5P_DEFAULT));
  return link;
}

namespace {

/// Changes of one letter that lead from one name to the other.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      corner = above;
    }
  }
  return row.back();
}

/// The names in a group, the nearest first: what somebody may have meant.
std::string names_in(hid_t group, const std::string& name, const Hdf5Place& place) {
  constexpr std::size_t most = 8;
  auto entries = entries_of(group, place);
  std::stable_sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    return distance(a.name.substr(0, 100), name) < distance(b.name.substr(0, 100), name);
  });
  if (entries.empty()) return "nothing";
  std::string text;
  for (std::size_t i = 0; i < std::min(most, entries.size()); ++i)
    text += (i > 0 ? ", " : "") + entries[i].name;
  return entries.size() > most ? text + ", … " + std::to_string(entries.size()) + " in all" : text;
}

/// Finds the first part of a path that leads nowhere.
[[noreturn]] void fail_to_find(const OpenFile& file, const Hdf5Place& place) {
  const std::string reason = hdf5_reason();
  std::string group = "/";
  for (std::size_t at = 0; at < place.object.size();) {
    const std::size_t end = std::min(place.object.find('/', at), place.object.size());
    const std::string name = place.object.substr(at, end - at);
    at = end + 1;
    if (name.empty()) continue;
    const ObjectHandle parent(H5Oopen(file.id, group.c_str(), H5P_DEFAULT));
    const std::string path = join(group, name);
    if (H5Iget_type(parent) != H5I_GROUP) place.fail("there is none: " + group + " is not a group");
    const htri_t is_there = H5Lexists(parent, name.c_str(), H5P_DEFAULT);
    if (is_there == 0) place.fail("there is none: " + group + " holds " + names_in(parent, name, place));
    H5L_info_t info{};
    if (is_there > 0 && H5Lget_info(parent, name.c_str(), &info, H5P_DEFAULT) >= 0 &&
        info.type != H5L_TYPE_HARD) {
      const Hdf5Link link = describe_link(parent, {name, info.type}, {place.file, path});
      if (link.dangling)
        place.fail("the " + link.kind + " link " + path + " leads to " + link.target +
                   ", which cannot be opened");
    }
    group = path;
  }
  place.fail("cannot be opened (HDF5: " + reason + ")");
}

}  // namespace

ObjectHandle open_object(const OpenFile& file, const Hdf5Place& place) {
  const std::string path = place.object.empty() ? "/" : place.object;
  ObjectHandle object(H5Oopen(file.id, path.c_str(), H5P_DEFAULT));
  if (!object) fail_to_find(file, place);
  return object;
}

std::uint64_t address_of(hid_t object, const Hdf5Place& place) {
  H5O_info_t info{};
  place.check(H5Oget_info2(object, &info, H5O_INFO_BASIC), "its address cannot be read");
  return info.addr;
}

std::vector<std::uint64_t> shape_of(hid_t space, const Hdf5Place& place) {
  hsize_t extents[H5S_MAX_RANK] = {};
  if (H5Sget_simple_extent_type(space) == H5S_NULL) return {};
  const int count =
      place.check(H5Sget_simple_extent_dims(space, extents, nullptr), "its shape cannot be read");
  return {extents, extents + count};
}

std::string filter_name(H5Z_filter_t filter, const char* name_in_file) {
  const std::map<H5Z_filter_t, const char*> known{{H5Z_FILTER_DEFLATE, "deflate"},
                                                  {H5Z_FILTER_SHUFFLE, "shuffle"},
                                                  {H5Z_FILTER_FLETCHER32, "fletcher32"},
                                                  {H5Z_FILTER_SZIP, "szip"},
                                                  {H5Z_FILTER_NBIT, "nbit"},
                                                  {H5Z_FILTER_SCALEOFFSET, "scaleoffset"},
                                                  {307, "bzip2"},
                                                  {32000, "lzf"},
                                                  {32001, "blosc"},
                                                  {32004, "lz4"},
                                                  {32008, "bitshuffle"},
                                                  {32013, "zfp"},
                                                  {32015, "zstd"},
                                                  {32017, "sz"},
                                                  {32026, "blosc2"}};
  const auto found = known.find(filter);
  if (found != known.end()) return found->second;
  return (*name_in_file != '\0' ? std::string(name_in_file) + ' ' : "") + '(' + std::to_string(filter) + ')';
}

}  // namespace ramal::detail
