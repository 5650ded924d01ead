// Calls that may take long, and end when their statement is interrupted. DuckDB only sets
// a flag then, which nobody looks at while a thread of it waits for somebody else.
// Private to the engine; the caller is a thread that works for the statement.
#pragma once

#include <functional>
#include <stop_token>

#include "arrow/status.h"
#include "duckdb/main/client_context.hpp"

namespace pintail::engine {

// Runs `call` in a thread of its own and waits for its end. Its token is stopped when the
// statement is interrupted meanwhile; it should end soon then. What it returned, or
// Cancelled when it was interrupted.
arrow::Status RunInterruptibly(
    duckdb::ClientContext& context,
    const std::function<arrow::Status(std::stop_token stop)>& call);

}  // namespace pintail::engine
