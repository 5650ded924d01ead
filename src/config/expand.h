// References in the values of a configuration file: ${env:NAME} and ${file:/path}, so
// that secrets need not stand in the file itself. Pure but for the files read.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "arrow/result.h"

namespace pintail::config {

using Environment = std::map<std::string, std::string>;

struct Expansion {
  std::string text;
  bool referred = false;  // there was a reference, so the text may be a secret
};

// Replaces every reference; "$${" stands for "${" itself. A file's last line break is
// left out. What a reference stands for is not looked at again. NotFound for a variable
// that is not set or a file that cannot be read.
arrow::Result<Expansion> Expand(std::string_view text, const Environment& environment);

}  // namespace pintail::config
