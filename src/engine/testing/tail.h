// Shorthand for tests that put batches into the tails of tables.
#pragma once

#include <chrono>
#include <string>

#include "engine/database.h"
#include "engine/tails.h"
#include "engine/testing/sql.h"

namespace pintail::engine::testing {

// Puts the batches at the end of the table's tail, as of the connection's search path.
// The failed Status when the table cannot have one.
arrow::Status Arrive(Database& database, Connection& connection, const std::string& table,
                     const arrow::RecordBatchVector& batches);

// Moves the whole tail of a table in schema main. Returns rows moved.
int64_t MoveAll(Database& database, const std::string& table);

// Rows that wait for a table in schema main.
int64_t Waiting(Database& database, const std::string& table);

}  // namespace pintail::engine::testing
