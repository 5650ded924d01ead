// Which puts that named themselves by a key are in their tables, kept in the database
// itself: written in the transaction that puts their rows there
// (docs/decisions/008-repeats.md). Private to the engine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "duckdb/main/client_context.hpp"
#include "engine/tails.h"

namespace pintail::engine {

// Makes the schema and the table if they are not there, and reads the newest `most` puts
// since then, oldest first.
arrow::Result<std::vector<AppliedPut>> OpenAppliedPuts(duckdb::ClientContext& context,
                                                       const std::string& database,
                                                       base::Clock::Wall since,
                                                       int64_t most);

// In the context's transaction.
arrow::Status WriteAppliedPuts(duckdb::ClientContext& context,
                               const std::string& database,
                               const std::vector<const AppliedPut*>& puts);

}  // namespace pintail::engine
