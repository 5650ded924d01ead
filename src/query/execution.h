// A prepared statement, run once for each row of its parameters.
//
// The connection and the statement are the caller's: it holds both for as long as the
// rows are read. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "base/call_context.h"
#include "engine/connection.h"

namespace pintail::query {

struct Execution {
  engine::Connection& connection;
  engine::PreparedStatement& statement;
  // A row an execution; null: one execution without parameters.
  std::shared_ptr<arrow::RecordBatch> parameters;
  // Keep results in DuckDB instead of pulling them, so that the connection is free at
  // once. Statements with an effect are always run so.
  bool materialize = false;
  // Ends the execution, also while its rows are read.
  std::stop_token stop = {};
};

struct Outcome {
  // Never null; the results of all executions, one after the other. No columns when the
  // statement returns no rows.
  std::shared_ptr<arrow::RecordBatchReader> rows;
  std::optional<int64_t> rows_changed;  // over all executions
  // The rows no longer need the connection or the statement.
  bool detached = false;
};

// Runs it. A change of several rows is one transaction: all of them or none (within a
// transaction of the connection, that one). Reads of several rows start one after the
// other, as they are pulled. InvalidArgument when the parameters do not fit. Stops
// between rows when `call` is cancelled.
arrow::Result<Outcome> Execute(const base::CallContext& call, const Execution& execution);

// Runs it to its end and drops the rows: for all but the last statement of a text.
arrow::Status RunToEnd(const base::CallContext& call, const Execution& execution);

}  // namespace pintail::query
