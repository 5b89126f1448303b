// SPDX-License-Identifier: BSD-3-Clause
// Types: their names, their form in memory, and which conversions lose nothing.
#include "io/hdf5/api.hpp"

#include <algorithm>

namespace ramal::detail {

namespace {

struct FloatFormat {
  std::size_t sign = 0, exponent_at = 0, exponent = 0, mantissa_at = 0, mantissa = 0, bias = 0;
};
FloatFormat float_format(hid_t type) {
  FloatFormat format;
  H5Tget_fields(type, &format.sign, &format.exponent_at, &format.exponent, &format.mantissa_at,
                &format.mantissa);
  format.bias = H5Tget_ebias(type);
  return format;
}

std::string order_suffix(hid_t type) {
  const H5T_order_t order = H5Tget_order(type);
  if (H5Tget_size(type) < 2 || order == H5Tget_order(H5T_NATIVE_INT)) return "";
  return order == H5T_ORDER_BE   ? " big-endian"
         : order == H5T_ORDER_LE ? " little-endian"
                                 : " in an odd byte order";
}

std::string number_name(const char* stem, hid_t type) {
  const std::size_t bits = 8 * H5Tget_size(type);
  const std::size_t precision = H5Tget_precision(type);
  std::string name = stem + std::to_string(bits);
  if (H5Tget_class(type) == H5T_INTEGER && precision != bits)
    name += " of " + std::to_string(precision) + " bits";
  return name + order_suffix(type);
}

std::string member_name(hid_t type, unsigned index) {
  char* name = H5Tget_member_name(type, index);
  std::string copy = name != nullptr ? name : "?";
  H5free_memory(name);
  return copy;
}
TypeHandle member_type(hid_t type, unsigned index) { return TypeHandle(H5Tget_member_type(type, index)); }
TypeHandle super_of(hid_t type) { return TypeHandle(H5Tget_super(type)); }
unsigned members_of(hid_t type) { return static_cast<unsigned>(std::max(0, H5Tget_nmembers(type))); }

std::string compound_name(hid_t type) {
  constexpr unsigned longest = 40;
  std::string name = "compound{";
  for (unsigned i = 0; i < members_of(type); ++i) {
    if (i == longest) return name + ", …}";
    name += (i > 0 ? ", " : "") + member_name(type, i) + ": " + hdf5_type_name(member_type(type, i));
  }
  return name + '}';
}
std::string enum_name(hid_t type) {
  constexpr unsigned longest = 8;
  std::string name = "enum of " + hdf5_type_name(super_of(type)) + " {";
  for (unsigned i = 0; i < members_of(type); ++i) {
    if (i == longest) return name + ", …}";
    name += (i > 0 ? ", " : "") + member_name(type, i);
  }
  return name + '}';
}
std::vector<std::uint64_t> array_dimensions(hid_t type) {
  const int count = H5Tget_array_ndims(type);
  std::vector<hsize_t> dimensions(static_cast<std::size_t>(std::max(0, count)));
  if (count > 0) H5Tget_array_dims2(type, dimensions.data());
  return {dimensions.begin(), dimensions.end()};
}
std::string array_name(hid_t type) {
  std::string name = hdf5_type_name(super_of(type)) + '[';
  const char* separator = "";
  for (const std::uint64_t extent : array_dimensions(type)) {
    name += separator + std::to_string(extent);
    separator = ", ";
  }
  return name + ']';
}

TypeHandle number_type(const Hdf5Type& type) {
  if (type.kind == Hdf5Type::Class::floating)
    return TypeHandle(H5Tcopy(type.bytes == 4 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE));
  const auto pick = [&](hid_t with_sign, hid_t without) {
    return TypeHandle(H5Tcopy(type.is_signed ? with_sign : without));
  };
  switch (type.bytes) {
    case 1:
      return pick(H5T_NATIVE_INT8, H5T_NATIVE_UINT8);
    case 2:
      return pick(H5T_NATIVE_INT16, H5T_NATIVE_UINT16);
    case 4:
      return pick(H5T_NATIVE_INT32, H5T_NATIVE_UINT32);
    default:
      return pick(H5T_NATIVE_INT64, H5T_NATIVE_UINT64);
  }
}
TypeHandle element_type(const Hdf5Type& type) {
  if (type.kind != Hdf5Type::Class::compound) return number_type(type);
  TypeHandle compound(H5Tcreate(H5T_COMPOUND, type.bytes));
  for (const Hdf5Member& member : type.members)
    H5Tinsert(compound, member.name.c_str(), member.offset, memory_type(member.type));
  return compound;
}

std::string quoted_names(hid_t from, const Hdf5Type& to) {
  return hdf5_type_name(from) + " as " + hdf5_type_name(memory_type(to));
}

std::string why_not_integer(hid_t from, const Hdf5Type& to) {
  const bool is_signed = H5Tget_sign(from) != H5T_SGN_NONE;
  const std::size_t digits = H5Tget_precision(from) - (is_signed ? 1 : 0);
  if (to.kind == Hdf5Type::Class::floating) {
    const std::size_t room = to.bytes == 4 ? 24 : 53;
    return digits <= room ? ""
                          : hdf5_type_name(from) + " would lose digits as " + hdf5_type_name(memory_type(to));
  }
  if (is_signed && !to.is_signed)
    return hdf5_type_name(from) + " has negative values, " + hdf5_type_name(memory_type(to)) + " has none";
  const std::size_t room = 8 * to.bytes - (to.is_signed ? 1 : 0);
  return digits <= room ? "" : hdf5_type_name(from) + " does not fit into " + hdf5_type_name(memory_type(to));
}

std::string why_not_float(hid_t from, const Hdf5Type& to) {
  if (to.kind != Hdf5Type::Class::floating)
    return hdf5_type_name(from) + " would lose what is behind the point as " +
           hdf5_type_name(memory_type(to));
  const FloatFormat has = float_format(from);
  const FloatFormat room = float_format(number_type(to));
  if (has.mantissa > room.mantissa || has.exponent > room.exponent || has.bias > room.bias)
    return hdf5_type_name(from) + " would lose digits as " + hdf5_type_name(memory_type(to));
  return "";
}

std::string why_not_compound(hid_t from, const Hdf5Type& to) {
  for (const Hdf5Member& member : to.members) {
    const int index = H5Tget_member_index(from, member.name.c_str());
    if (index < 0) return "expected a field '" + member.name + "', found " + hdf5_type_name(from);
    const std::string reason = why_not(member_type(from, static_cast<unsigned>(index)), member.type);
    if (!reason.empty()) return "field '" + member.name + "': " + reason;
  }
  return "";
}

std::string why_not_array(hid_t from, Hdf5Type to) {
  if (array_dimensions(from) != to.dimensions) return quoted_names(from, to) + ": the lengths differ";
  to.dimensions.clear();
  return why_not(super_of(from), to);
}

}  // namespace

std::string hdf5_type_name(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return number_name(H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int", type);
    case H5T_FLOAT:
      return number_name("float", type);
    case H5T_BITFIELD:
      return number_name("bitfield", type);
    case H5T_STRING:
      if (H5Tis_variable_str(type) > 0) return "variable-length string";
      return "string of " + std::to_string(H5Tget_size(type)) + " bytes";
    case H5T_COMPOUND:
      return compound_name(type);
    case H5T_ENUM:
      return enum_name(type);
    case H5T_ARRAY:
      return array_name(type);
    case H5T_VLEN:
      return "variable-length sequence of " + hdf5_type_name(super_of(type));
    case H5T_REFERENCE:
      return H5Tequal(type, H5T_STD_REF_OBJ) > 0 ? "object reference" : "region reference";
    case H5T_OPAQUE:
      return "opaque of " + std::to_string(H5Tget_size(type)) + " bytes";
    case H5T_TIME:
      return "time";
    default:
      return "unknown type";
  }
}

TypeHandle memory_type(const Hdf5Type& type) {
  TypeHandle element = element_type(type);
  if (type.dimensions.empty()) return element;
  const std::vector<hsize_t> dimensions(type.dimensions.begin(), type.dimensions.end());
  return TypeHandle(H5Tarray_create2(element, static_cast<unsigned>(dimensions.size()), dimensions.data()));
}

std::optional<Hdf5Type> narrowest_number(hid_t type) {
  for (const Hdf5Type& candidate :
       {Hdf5TypeOf<std::int8_t>::make(), Hdf5TypeOf<std::uint8_t>::make(), Hdf5TypeOf<std::int16_t>::make(),
        Hdf5TypeOf<std::uint16_t>::make(), Hdf5TypeOf<std::int32_t>::make(),
        Hdf5TypeOf<std::uint32_t>::make(), Hdf5TypeOf<std::int64_t>::make(),
        Hdf5TypeOf<std::uint64_t>::make(), Hdf5TypeOf<float>::make(), Hdf5TypeOf<double>::make()}) {
    if (why_not(type, candidate).empty()) return candidate;
  }
  return {};
}

std::string why_not(hid_t from, const Hdf5Type& to) {
  const H5T_class_t kind = H5Tget_class(from);
  const bool to_number = to.dimensions.empty() && to.kind != Hdf5Type::Class::compound;
  if (kind == H5T_ARRAY && !to.dimensions.empty()) return why_not_array(from, to);
  if (kind == H5T_INTEGER && to_number) return why_not_integer(from, to);
  if (kind == H5T_FLOAT && to_number) return why_not_float(from, to);
  if (kind == H5T_ENUM && to_number) return why_not(super_of(from), to);
  if (kind == H5T_COMPOUND && to.dimensions.empty() && !to_number) return why_not_compound(from, to);
  return "cannot read " + quoted_names(from, to);
}

}  // namespace ramal::detail
