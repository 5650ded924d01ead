// Where one SQL statement of a text ends, so that the shell knows when to run it. This
// only looks for the end; what the statement means is the server's to say. Pure
// functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace pintail::cli {

// The position after the first semicolon that is not within quotes, a dollar-quoted text
// or a comment; npos when there is none yet.
size_t EndOfStatement(std::string_view text);

// Whether there is nothing but white space, comments and semicolons.
bool IsBlank(std::string_view text);

}  // namespace pintail::cli
