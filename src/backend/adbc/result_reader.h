// The rows of one statement, pulled from its driver.
//
// Each batch is validated in full before anyone looks at it: a driver is code from
// outside. Holds the channel until the last row, or until it is dropped. One thread at a
// time.
#pragma once

#include <memory>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "backend/adbc/channel.h"
#include "backend/adbc/driver.h"

namespace pintail::backend {

class ResultReader : public arrow::RecordBatchReader {
 public:
  // Ends the statement, so that the connection is free. What is read then is Cancelled.
  virtual void End() = 0;
};

// Takes the stream that the statement was executed to, and reads the first batch, so that
// an error which comes with it can be answered by another try.
arrow::Result<std::shared_ptr<ResultReader>> OpenResult(
    std::shared_ptr<Channel> channel, std::unique_ptr<DriverStatement> statement,
    ArrowArrayStream* stream);

// The reader with its columns exactly as the schema's, which has as many.
std::shared_ptr<arrow::RecordBatchReader> ReadAs(
    std::shared_ptr<arrow::RecordBatchReader> reader,
    std::shared_ptr<arrow::Schema> schema, std::string source);

}  // namespace pintail::backend
