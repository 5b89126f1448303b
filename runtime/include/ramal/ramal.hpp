// SPDX-License-Identifier: BSD-3-Clause
// All of Ramal but what has its own dependencies. Brings in neither MPI nor Boost. A source that makes graphs
// but runs none can include the headers that it needs by themselves.
//
//   tasks        delayed.hpp, operators.hpp, map.hpp, reduce.hpp, collective.hpp
//   families     family.hpp, map.hpp, reduce.hpp, iterate.hpp, index.hpp
//   data         block.hpp; codec.hpp and serialize.hpp say what can travel
//   running      run.hpp, session.hpp, options.hpp, error.hpp
//   within tasks this_task.hpp
//   pictures     visualize.hpp
//
// Not included here:
//
//   <ramal/array.hpp>, <ramal/array_random.hpp>     arrays of blocks, and random ones
//   <ramal/mpi.hpp>                  MPI programs that exist, and MPI in collective tasks: mpi.h
//   <ramal/boost_mpi.hpp>            the same with Boost.MPI
//   <ramal/boost_serialization.hpp>  values by Boost's own archives
//   <ramal/hdf5.hpp>, <ramal/hdf5_write.hpp>, <ramal/hdf5_decode.hpp>     files; the library ramal::hdf5
#pragma once

#include <ramal/block.hpp>
#include <ramal/collective.hpp>
#include <ramal/delayed.hpp>
#include <ramal/family.hpp>
#include <ramal/iterate.hpp>
#include <ramal/map.hpp>
#include <ramal/operators.hpp>
#include <ramal/reads.hpp>
#include <ramal/reduce.hpp>
#include <ramal/run.hpp>
#include <ramal/session.hpp>
#include <ramal/this_task.hpp>
#include <ramal/visualize.hpp>
