// The version of this program.
#pragma once

#include <string_view>

namespace pintail::config {

// "0.1.0".
std::string_view Version();

}  // namespace pintail::config
