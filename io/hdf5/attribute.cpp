// SPDX-License-Identifier: BSD-3-Clause
// Attributes: as text to look at, and as numbers to compute with.
#include "io/hdf5/api.hpp"

#include <charconv>
#include <cstring>
#include <filesystem>

namespace ramal::detail {

std::string attribute_preview(hid_t object, const std::string& name, const Hdf5Place& place);

namespace {

constexpr std::uint64_t largest = std::uint64_t{16} << 20;  // bytes; more is no attribute but damage

struct Attribute {
  AttributeHandle handle;
  TypeHandle type;
  SpaceHandle space;
  std::uint64_t count = 0;  ///< elements
};
Attribute open_attribute(hid_t object, const std::string& name, const Hdf5Place& place) {
  Attribute found;
  found.handle = AttributeHandle(H5Aopen(object, name.c_str(), H5P_DEFAULT));
  if (!found.handle) place.fail_in_hdf5("attribute " + name + " cannot be opened");
  found.type = TypeHandle(place.check(H5Aget_type(found.handle), "an attribute's type cannot be read"));
  found.space = SpaceHandle(place.check(H5Aget_space(found.handle), "an attribute's shape cannot be read"));
  found.count = static_cast<std::uint64_t>(
      place.check(H5Sget_simple_extent_npoints(found.space), "an attribute's shape cannot be read"));
  if (found.count > largest / std::max<std::size_t>(8, H5Tget_size(found.type)))
    place.fail("attribute " + name + " is damaged: it has " + std::to_string(found.count) + " elements");
  return found;
}

std::vector<std::byte> read_numbers(const Attribute& attribute, const Hdf5Type& type, const std::string& name,
                                    const Hdf5Place& place) {
  std::vector<std::byte> memory(attribute.count * type.bytes);
  if (attribute.count != 0 && H5Aread(attribute.handle, memory_type(type), memory.data()) < 0)
    place.fail_in_hdf5("attribute " + name + " cannot be read");
  return memory;
}

std::vector<std::string> read_texts(const Attribute& attribute, const std::string& name,
                                    const Hdf5Place& place) {
  std::vector<std::string> texts;
  if (attribute.count == 0) return texts;
  if (H5Tis_variable_str(attribute.type) > 0) {
    texts = variable_texts(attribute.handle, attribute.type, attribute.space, attribute.count,
                           {place.file, place.object + ": attribute " + name});
  } else {
    const std::size_t width = H5Tget_size(attribute.type);
    std::string memory(attribute.count * width, '\0');
    if (H5Aread(attribute.handle, attribute.type, memory.data()) < 0)
      place.fail_in_hdf5("attribute " + name + " cannot be read");
    for (std::uint64_t i = 0; i < attribute.count; ++i) {
      std::string text = memory.substr(i * width, width);
      text.resize(std::strlen(text.c_str()));
      if (H5Tget_strpad(attribute.type) == H5T_STR_SPACEPAD) text.resize(text.find_last_not_of(' ') + 1);
      texts.push_back(text);
    }
  }
  return texts;
}

template <class T>
std::string number_texts(const Attribute& attribute, const std::string& name, const Hdf5Place& place) {
  constexpr std::uint64_t longest = 8;
  const auto memory = read_numbers(attribute, Hdf5TypeOf<T>::make(), name, place);
  std::string text;
  for (std::uint64_t i = 0; i < std::min(attribute.count, longest); ++i) {
    T value{};
    std::memcpy(&value, memory.data() + i * sizeof(T), sizeof(T));
    char digits[64];
    text +=
        (i > 0 ? ", " : "") + std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  return attribute.count > longest ? text + ", … " + std::to_string(attribute.count) + " in all" : text;
}

std::string quoted_texts(const std::vector<std::string>& texts) {
  constexpr std::size_t longest = 200;
  std::string all;
  for (const std::string& text : texts) {
    if (all.size() > longest) return all + ", … " + std::to_string(texts.size()) + " in all";
    all += (all.empty() ? "" : ", ") + text.substr(0, longest) + (text.size() > longest ? "…" : "");
  }
  return all;
}

/// The object, and whether it has such an attribute.
ObjectHandle object_with(const std::string& name, const Hdf5Place& place) {
  std::error_code error;
  ObjectHandle object = open_object(open_hdf5(std::filesystem::absolute(place.file, error).string()), place);
  const htri_t is_there = H5Aexists(object, name.c_str());
  if (is_there < 0) place.fail_in_hdf5("its attributes cannot be read");
  return is_there > 0 ? std::move(object) : ObjectHandle();
}

}  // namespace

std::string attribute_preview(hid_t object, const std::string& name, const Hdf5Place& place) {
  const Attribute attribute = open_attribute(object, name, place);
  if (H5Tget_class(attribute.type) == H5T_STRING) return quoted_texts(read_texts(attribute, name, place));
  if (why_not(attribute.type, Hdf5TypeOf<std::int64_t>::make()).empty())
    return number_texts<std::int64_t>(attribute, name, place);
  if (why_not(attribute.type, Hdf5TypeOf<std::uint64_t>::make()).empty())
    return number_texts<std::uint64_t>(attribute, name, place);
  if (why_not(attribute.type, Hdf5TypeOf<float>::make()).empty())
    return number_texts<float>(attribute, name, place);
  if (why_not(attribute.type, Hdf5TypeOf<double>::make()).empty())
    return number_texts<double>(attribute, name, place);
  return '<' + hdf5_type_name(attribute.type) + '>';
}

std::optional<AttributeValue> attribute_value(hid_t object, const std::string& name, const Hdf5Place& place) {
  if (place.check(H5Aexists(object, name.c_str()), "its attributes cannot be read") == 0) return {};
  const Attribute attribute = open_attribute(object, name, place);
  AttributeValue value{.type_name = hdf5_type_name(attribute.type)};
  if (H5Tget_class(attribute.type) == H5T_STRING) {
    value.texts = read_texts(attribute, name, place);
  } else if (const auto type = narrowest_number(attribute.type)) {
    value.type = *type;
    value.numbers = read_numbers(attribute, *type, name, place);
  }
  return value;
}

bool read_hdf5_numbers(std::vector<std::byte>& memory, const Hdf5Type& type, const std::string& file,
                       const std::string& object, const std::string& name, bool one) {
  const Hdf5Call call;
  const Hdf5Place place{file, object};
  const ObjectHandle owner = object_with(name, place);
  if (!owner) return false;
  const Attribute attribute = open_attribute(owner, name, place);
  if (const std::string reason = why_not(attribute.type, type); !reason.empty())
    place.fail("attribute " + name + ": " + reason);
  if (one && attribute.count != 1)
    place.fail("attribute " + name + ": expected one number, found " + std::to_string(attribute.count));
  memory = read_numbers(attribute, type, name, place);
  return true;
}

std::optional<std::string> read_hdf5_text(const std::string& file, const std::string& object,
                                          const std::string& name) {
  const Hdf5Call call;
  const Hdf5Place place{file, object};
  const ObjectHandle owner = object_with(name, place);
  if (!owner) return {};
  const Attribute attribute = open_attribute(owner, name, place);
  if (H5Tget_class(attribute.type) != H5T_STRING)
    place.fail("attribute " + name + ": expected a text, found " + hdf5_type_name(attribute.type));
  const auto texts = read_texts(attribute, name, place);
  if (texts.size() > 1)
    place.fail("attribute " + name + ": expected one text, found " + std::to_string(texts.size()));
  return texts.empty() ? "" : texts.front();
}

}  // namespace ramal::detail
