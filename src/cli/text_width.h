// How wide texts are on a terminal, and cutting them to fit. UTF-8; pure functions that
// need an LC_CTYPE of UTF-8 for characters wider than one column.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pintail::cli {

// Control characters and bytes that are no UTF-8 as visible escapes: a line break as
// "\n".
std::string Printable(std::string_view text);

// Columns that a printable text takes.
size_t TextWidth(std::string_view printable);

// The text cut to `width` columns, the last of them "…", when it is wider.
std::string CutToWidth(const std::string& printable, size_t width);

// With spaces to `width` columns, before it when `right`.
std::string Pad(const std::string& printable, size_t width, bool right);

}  // namespace pintail::cli
