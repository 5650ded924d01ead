// The database file before and after DuckDB opens it. Private to the engine.
#pragma once

#include <string>

#include "arrow/status.h"
#include "engine/database.h"

namespace pintail::engine {

// Makes the missing parent folders. Unavailable when that cannot be done.
arrow::Status MakeParentFolders(const std::string& path);

// Unavailable when this process has the file open already: the lock that DuckDB takes
// keeps out other processes only, and two that write one file destroy it. Opens nothing.
arrow::Status CheckNotOpenHere(const std::string& path);

// Why the file could not be opened, as far as it can be seen from outside; `reason` is
// what DuckDB said. Looks only.
arrow::Status ExplainOpenFailure(const std::string& path, const arrow::Status& reason);

}  // namespace pintail::engine
