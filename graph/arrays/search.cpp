// SPDX-License-Identifier: BSD-3-Clause
#include <ramal/array_statistics.hpp>

namespace ramal::detail {

void expect_one_axis(const ArrayState& state, const char* what, const char* of, std::source_location where) {
  if (state.dims() != 1)
    refuse_array(std::string(what) + ": expected " + of + " of one axis, found shape " + state.shape().text(),
                 where);
}

}  // namespace ramal::detail
