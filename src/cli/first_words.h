// What the first words of a command line mean before the parser sees them.
#pragma once

#include <string>
#include <vector>

#include "arrow/result.h"

namespace pintail::cli {

// The arguments (without the program's name) with `help` and `help COMMAND` as the flags
// that the parser knows. A usage error that names the nearest of `commands` when the
// first word is none of them.
arrow::Result<std::vector<std::string>> ReadFirstWords(
    std::vector<std::string> arguments, const std::vector<std::string>& commands);

}  // namespace pintail::cli
