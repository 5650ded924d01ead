// Integers compared with times: a BIGINT (or DOUBLE) counts nanoseconds since 1970-01-01
// 00:00 UTC. Private to the engine. See docs/decisions/003-integer-time.md.
//
// DuckDB refuses such a comparison. Only when it has refused a statement are its comparisons
// looked at: both sides are put through the function pintail_align(value, other), which the
// binder replaces, the types now being known, by the value itself or by epoch_ns(value).
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/main/database.hpp"

namespace pintail::engine {

// Once for each database, before the first connection.
void AddAlignFunction(duckdb::DatabaseInstance& database);

// Once for each connection.
void AddIntegerTime(duckdb::ClientContext& context);

}  // namespace pintail::engine
