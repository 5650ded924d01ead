// Which known name a mistyped one was probably meant to be. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pintail::config {

// Letters to insert, remove, replace or swap with their neighbour to make one of the
// other.
size_t EditDistance(std::string_view left, std::string_view right);

// The nearest of the names, without regard to case; the first of equally near ones.
// `names` is not empty.
std::string NearestName(std::string_view name, const std::vector<std::string>& names);

}  // namespace pintail::config
