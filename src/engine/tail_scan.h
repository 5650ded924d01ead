// The table function that reads a tail: the other half of the union that stands for a
// table in a plan. Private to the engine.
#pragma once

#include "duckdb/function/table_function.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "engine/tail_rows.h"

namespace pintail::engine {

// Puts the function into the system catalog: DuckDB copies plans by writing them out and
// reading them in again, and looks functions up by name then. Called by name it refuses.
void AddTailScan(duckdb::DatabaseInstance& database);

// Reads all rows of the tail in the view of the running transaction, with the columns of
// `table`, a scan of the table itself.
duckdb::unique_ptr<duckdb::LogicalGet> MakeTailScan(duckdb::idx_t table_index,
                                                    const TailKey& key,
                                                    const duckdb::LogicalGet& table);

}  // namespace pintail::engine
