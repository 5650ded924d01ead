// Attaching and detaching in an open DuckDB. Private to the engine; callable from any
// thread.
#pragma once

#include <string>

#include "arrow/result.h"
#include "engine/attach.h"

namespace duckdb {
class DatabaseInstance;
}

namespace pintail::engine {

// The schema that the attached database's names are looked for in.
arrow::Result<std::string> AttachToInstance(duckdb::DatabaseInstance& instance,
                                            const AttachRequest& request);
// OK when it is not attached. Statements that use it go on.
arrow::Status DetachFromInstance(duckdb::DatabaseInstance& instance,
                                 const std::string& name);
// One statement on a connection of its own, its rows dropped.
arrow::Status RunOnInstance(duckdb::DatabaseInstance& instance, const std::string& sql);

}  // namespace pintail::engine
