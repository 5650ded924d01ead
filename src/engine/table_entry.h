// A table or view in DuckDB's catalog. Private to the engine.
#pragma once

#include "duckdb/catalog/catalog_entry.hpp"
#include "duckdb/main/client_context.hpp"
#include "engine/names.h"

namespace pintail::engine {

// Null when there is none. By the catalog alone: in a statement DuckDB would take the
// name of a missing table for that of a file. Within a transaction.
duckdb::optional_ptr<duckdb::CatalogEntry> FindTableEntry(duckdb::ClientContext& context,
                                                          const TableName& name);

}  // namespace pintail::engine
