// SPDX-License-Identifier: BSD-3-Clause
// All of Ramal but what has its own dependencies. Brings in neither MPI nor Boost. Those are <ramal/mpi.hpp>,
// <ramal/boost_serialization.hpp> and <ramal/hdf5.hpp>, <ramal/hdf5_write.hpp>, <ramal/hdf5_decode.hpp>.
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
