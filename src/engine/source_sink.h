// Rows on their way into a table of a source: a queue between the statement that makes
// them and a thread that hands them to the transaction's session. Private to the engine.
// One thread at a time.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "duckdb/main/client_context.hpp"
#include "engine/source_transaction.h"

namespace pintail::engine {

class SourceSink {
 public:
  // Neither the transaction nor what it belongs to may end before this.
  SourceSink(SourceTransaction& transaction, SourceTableName table,
             std::shared_ptr<arrow::Schema> schema);
  // Stops the insert, unless it has been finished.
  ~SourceSink();

  // Waits while much is on its way. The insert's own error when it has failed, Cancelled
  // when the statement is interrupted.
  arrow::Status Push(duckdb::ClientContext& context,
                     std::shared_ptr<arrow::RecordBatch> batch);
  // All rows are pushed: waits until they are in the table. How many.
  arrow::Result<int64_t> Finish(duckdb::ClientContext& context);

 private:
  class Reader;
  struct Queue;

  template <typename Ready>
  arrow::Status WaitFor(duckdb::ClientContext& context, const Ready& ready);

  const std::shared_ptr<Queue> queue_;
  int64_t rows_ = 0;
  std::jthread thread_;  // last: ends before the rest goes
};

}  // namespace pintail::engine
