// Writing TOML. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace pintail::config {

// The text as a TOML basic string, with its quotes.
std::string TomlQuote(std::string_view text);

}  // namespace pintail::config
