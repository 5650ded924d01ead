// Refuses the statements that would make DuckDB fetch extensions from the network: what
// may be loaded came with the program. Private to the engine; a pure function.
#pragma once

#include "arrow/status.h"

namespace duckdb {
class SQLStatement;
}

namespace pintail::engine {

// Unimplemented, with what to do instead, for INSTALL, UPDATE EXTENSIONS and turning
// installation by itself on.
arrow::Status CheckFetchesNothing(const duckdb::SQLStatement& statement);

}  // namespace pintail::engine
