// The file that keeps the sources made at run time. Pure functions.
#pragma once

#include <string>

#include "arrow/status.h"

namespace pintail::catalog {

// Replaces the file's content as a whole, for its owner's eyes only: after a crash it has
// the old content or the new. Unavailable when it cannot be written.
arrow::Status WriteSourceFile(const std::string& path, const std::string& content);

}  // namespace pintail::catalog
