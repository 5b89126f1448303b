// SPDX-License-Identifier: BSD-3-Clause
// What the blocks of all ranks make together.
#pragma once

#include "io/hdf5/api.hpp"

#include <ramal/detail/hdf5_jobs.hpp>

namespace ramal::detail {

/// The shape of the whole: `wanted`, or if that is empty, what the blocks reach. Collective. Fails,
/// everywhere alike, unless all ranks' pieces fill it exactly: as many elements as it has, within it, and no
/// two of them overlapping. O(n log n) in the pieces of all ranks, but for those that share their first
/// index.
Extents covered_shape(Communicator& communicator, const std::vector<Hdf5Piece>& mine, const Extents& wanted,
                      const Hdf5Place& place);
/// The same of a job; O(1) for an array's.
inline Extents covered_shape(Communicator& communicator, const Hdf5Job& job, const Hdf5Place& place) {
  return job.is_array ? job.options.shape
                      : covered_shape(communicator, job.mine, job.options.shape, place);
}

}  // namespace ramal::detail
