// SPDX-License-Identifier: BSD-3-Clause
// All of Ramal but what has its own dependencies. Brings in neither MPI nor Boost.
#pragma once

#include <ramal/block.hpp>
#include <ramal/collective.hpp>
#include <ramal/delayed.hpp>
#include <ramal/family.hpp>
#include <ramal/iterate.hpp>
#include <ramal/map.hpp>
#include <ramal/operators.hpp>
#include <ramal/reduce.hpp>
#include <ramal/run.hpp>
#include <ramal/session.hpp>
#include <ramal/visualize.hpp>
