// SPDX-License-Identifier: BSD-3-Clause
// Datasets of numbers as what they mean: missing values marked, packed ones unpacked, as netCDF has it and
// xarray reads it.
//
//   ramal::Hdf5Grid<double> grid = ramal::read_hdf5_decoded("ocean.nc", "/temperature");
//
// These attributes of a dataset count; all else in it, and every other attribute, does not:
//
//   _FillValue, missing_value   elements that equal one of their numbers are missing: NaN
//   scale_factor, add_offset    an element means stored * scale_factor + add_offset
//   _Unsigned                   "true", "false": integers are stored as those of the other signedness
//
// As in xarray's open_dataset, so also: valid_min, valid_max and valid_range mark nothing, nor do netCDF's
// default fill values, which elements that nobody has written hold.
#pragma once

#include <ramal/hdf5.hpp>

namespace ramal {

/// How a dataset is divided into blocks, and whether it is decoded.
struct Hdf5DecodeOptions {
  Extents block_shape = {};                             ///< as in Hdf5ReadOptions
  std::uint64_t block_bytes = std::uint64_t{64} << 20;  ///< of doubles
  /// False: no attribute counts; numbers are what is stored, converted to double.
  bool mask_and_scale = true;
};

namespace detail {

/// How the stored numbers of one dataset become doubles. It goes with each task as a literal.
struct Hdf5Decoding {
  bool is_floating = false;
  bool is_signed = false;  ///< as stored
  std::uint64_t bytes = 0;
  bool other_sign = false;                  ///< stored are the bits of integers of the other signedness
  std::vector<std::uint64_t> missing = {};  ///< the bits of what stands for missing elements
  double scale = 1;
  double offset = 0;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& is_floating& is_signed& bytes& other_sign& missing& scale& offset;
  }
};

/// What one look at a dataset and its attributes tells.
struct Hdf5DecodedPlan {
  Hdf5Plan plan;
  Hdf5Decoding decoding;
};
Hdf5DecodedPlan plan_hdf5_decoded(const std::string& file, const std::string& dataset, bool mask_and_scale);
Block<double> read_hdf5_decoded_selection(const std::string& file, const std::string& dataset,
                                          const Hdf5Selection& what, const Hdf5Identity& identity,
                                          const Hdf5Decoding& decoding);
Block<double> read_hdf5_decoded_block(const std::string& file, const std::string& dataset,
                                      const Extents& offset, const Extents& shape,
                                      const Hdf5Identity& identity, const Hdf5Decoding& decoding);

}  // namespace detail

/// The same as read_hdf5, for whatever numbers the dataset holds: integers, booleans and enumerations of up
/// to 8 bytes and floating point of up to 8 bytes, of either byte order. What is missing is NaN, and so is
/// what is stored as such. Attributes are read once, now; blocks are decoded where they are read, in place.
///
/// Marks of another type than the dataset's count by their value: one that no element can have marks nothing,
/// nor does one that is no number; one that lies between two floating-point elements marks the nearest.
/// Integers of more than 53 bits are compared as they are and then rounded. Products and sums are those of
/// doubles, also where xarray makes do with float32.
///
///   auto stored = ramal::read_hdf5_decoded("ocean.nc", "/temperature", {.mask_and_scale = false});
///
/// Throws as read_hdf5 does, and Hdf5Error for other elements than numbers and for a scale_factor or
/// add_offset that is not one number.
inline Hdf5Grid<double> read_hdf5_decoded(const std::string& file, const std::string& dataset,
                                          const Hdf5DecodeOptions& options = {},
                                          std::source_location where = std::source_location::current()) {
  const auto [plan, decoding] = detail::plan_hdf5_decoded(file, dataset, options.mask_and_scale);
  return detail::make_hdf5_grid<double, &detail::read_hdf5_decoded_block,
                                &detail::read_hdf5_decoded_selection>(
      plan, dataset, {.block_shape = options.block_shape, .block_bytes = options.block_bytes}, where,
      decoding);
}

}  // namespace ramal
