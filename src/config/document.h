// The options as documents: the page docs/config.md, a file with every default, and what
// is in force. Pure functions.
#pragma once

#include <string>

#include "config/settings.h"

namespace pintail::config {

// The page docs/config.md, in Markdown.
std::string Page();

// A configuration file in TOML that sets every option to its default; options without one
// are comments.
std::string DefaultsFile();

// The settings in force as TOML, with where each came from as a comment; secrets masked.
std::string ShowToml(const Settings& settings);
// The same as aligned columns: key, value, origin.
std::string ShowTable(const Settings& settings);

}  // namespace pintail::config
