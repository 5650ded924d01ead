// Integers compared with times: a BIGINT (or DOUBLE) counts nanoseconds since 1970-01-01
// 00:00 UTC. Private to the engine. See docs/decisions/003-integer-time.md.
//
// DuckDB refuses such a comparison, in one of two ways. Most are refused by the binder:
// only then are the comparisons of the statement looked at, and both sides put through
// the function pintail_align(value, other), which the binder replaces, the types now
// being known, by the value itself or by epoch_ns(value). Others are bound with a cast
// that does not exist and would fail when it runs; those are changed in the bound plan.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/main/database.hpp"

namespace pintail::engine {

// Before a database is opened.
void PrepareIntegerTime(duckdb::DBConfig& config);

// Once for each database, before the first connection.
void AddAlignFunction(duckdb::DatabaseInstance& database);

// Once for each connection.
void AddIntegerTime(duckdb::ClientContext& context);

}  // namespace pintail::engine
