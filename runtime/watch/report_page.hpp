// SPDX-License-Identifier: BSD-3-Clause
// The page of a report without its data: sources of report/, which the build makes a part of the library.
#pragma once

#include <string_view>

namespace ramal::detail {

/// Up to where the style stands, the script, and the data.
extern const std::string_view report_html;
extern const std::string_view report_css;
extern const std::string_view report_js;

}  // namespace ramal::detail
