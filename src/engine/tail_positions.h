// How far the journal is in the tables, kept in the database itself: written in the
// transaction that puts rows of a tail into their table. Private to the engine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "duckdb/main/client_context.hpp"
#include "engine/tails.h"

namespace pintail::engine {

// Only the server changes what is in it.
inline constexpr const char* kJournalSchema = "pintail_journal";

// Makes a table of the schema, and the schema, if they are not there. `columns` as SQL.
arrow::Status MakeJournalTable(duckdb::ClientContext& context, const TableName& table,
                               const std::string& columns);

// Makes the table if it is not there, and reads what is in it.
arrow::Result<std::vector<TailPosition>> OpenPositions(duckdb::ClientContext& context,
                                                       const std::string& database);

// In the context's transaction.
arrow::Status WritePosition(duckdb::ClientContext& context, const std::string& database,
                            const TailPosition& position);

}  // namespace pintail::engine
