// SPDX-License-Identifier: BSD-3-Clause
// Products and linear algebra of arrays. Link ramal::linalg, which brings BLAS and LAPACK.
#pragma once

#include <ramal/linalg_products.hpp>
