// pintail.remote('source', 'native SQL'): the rows of a query in the source's own SQL, of
// any attached source, also of those that DuckDB's own extensions attach. Private to the
// engine.
#pragma once

#include "duckdb/main/database.hpp"

namespace pintail::engine {

void AddRemote(duckdb::DatabaseInstance& database);

}  // namespace pintail::engine
