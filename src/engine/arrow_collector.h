// The last operator of a query whose rows are streamed: it turns DuckDB's chunks into
// Arrow batches in the threads that make them, and hands those to a ResultQueue. Private
// to the engine; DuckDB calls it from its threads.
#pragma once

#include <memory>

#include "arrow/type.h"
#include "duckdb/execution/operator/helper/physical_result_collector.hpp"
#include "engine/result_queue.h"

namespace pintail::engine {

// What the operator and the reader of its batches share.
struct LiveResult {
  explicit LiveResult(int64_t wanted_batch_bytes);

  const int64_t batch_bytes;
  ResultQueue queue;
  // Set when the operator is made, before any batch is.
  std::shared_ptr<arrow::Schema> schema;
};

// Makes the operator for a planned statement. Throws DuckDB's exceptions, also for a type
// that Arrow does not have.
duckdb::unique_ptr<duckdb::PhysicalOperator> MakeArrowCollector(
    duckdb::ClientContext& context, duckdb::PreparedStatementData& statement,
    std::shared_ptr<LiveResult> result);

// The time zone of the session, for columns of TIMESTAMP WITH TIME ZONE.
std::string SessionTimeZone(duckdb::ClientContext& context);

}  // namespace pintail::engine
