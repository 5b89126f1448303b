// SPDX-License-Identifier: BSD-3-Clause
// What a dataset's dimensions are called, and the coordinates along them: dimension scales, which netCDF-4,
// h5py and xarray write.
//
//   ramal::dimension_scales("ocean.nc", "/t")                      // {"/time", "/lat", "/lon"}
//   const auto scales = ramal::read_scales("ocean.nc", "/t");      // what write_hdf5 takes
#pragma once

#include <ramal/hdf5_write.hpp>

namespace ramal {

/// The path of each dimension's first scale; empty if it has none. A dataset that is a scale itself is its
/// own. Throws Hdf5Error if there is no such file or dataset.
std::vector<std::string> dimension_scales(const std::string& file, const std::string& dataset);

/// The same with values and attributes, so that they can be given to write_hdf5. Of a dimension without a
/// scale nothing; of one whose scale holds no numbers, or is a netCDF dimension without a variable, the name
/// alone. Attributes that are texts are kept; `units` has a place of its own. Values are decoded as by
/// read_hdf5_decoded. Rank 0 reads them now.
std::vector<Hdf5Scale> read_scales(const std::string& file, const std::string& dataset);
/// One of these, by its path.
Hdf5Scale read_scale(const std::string& file, const std::string& path);

}  // namespace ramal
