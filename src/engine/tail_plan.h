// Puts tails into plans: each scan of a table that has one becomes the union of that scan
// and a scan of the tail. Private to the engine; called by the thread that plans.
#pragma once

#include "duckdb/main/config.hpp"

namespace pintail::engine {

// To be called before the database is opened. Plans of connections without a TailSnapshot
// stay as they are.
void PrepareTailPlans(duckdb::DBConfig& config);

}  // namespace pintail::engine
