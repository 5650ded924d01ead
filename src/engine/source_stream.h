// The rows of one scan of a source, read ahead in a thread of their own, so that sources
// answer at the same time and a thread of DuckDB that waits for one can be interrupted.
// Private to the engine. Next by one thread at a time.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "duckdb/main/client_context.hpp"
#include "engine/source.h"

namespace pintail::engine {

class SourceStream {
 public:
  // Calls `take` for each batch, in order; ends when it says so. Runs in the stream's
  // thread; `stop` must end it soon.
  using Take = std::function<arrow::Status(std::shared_ptr<arrow::RecordBatch>)>;
  using Produce = std::function<arrow::Status(std::stop_token stop, const Take& take)>;

  SourceStream(Produce produce, size_t ahead_bytes);
  // Stops the producer and waits for its end.
  ~SourceStream();

  // The next batch, null at the end; Cancelled when the statement is interrupted.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Next(duckdb::ClientContext& context);

 private:
  arrow::Status Push(std::stop_token stop, std::shared_ptr<arrow::RecordBatch> batch);

  const size_t ahead_bytes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable_any room_;
  // Protected by mutex_.
  std::deque<std::shared_ptr<arrow::RecordBatch>> ready_;
  size_t ready_bytes_ = 0;
  bool done_ = false;
  arrow::Status end_;
  std::jthread thread_;  // last: ends before the rest goes
};

// Reads all rows of what `open` asks the session for. The stop token cancels it.
using OpenRows = std::function<arrow::Result<std::shared_ptr<arrow::RecordBatchReader>>(
    SourceSession& session)>;
arrow::Status ReadRows(SourceSession& session, const OpenRows& open, std::stop_token stop,
                       const SourceStream::Take& take);

}  // namespace pintail::engine
