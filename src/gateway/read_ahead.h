// The beginning of a result that was read already, and the rest of it. Made by the thread
// that runs the statement, then read like any reader.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"

namespace pintail::gateway {

struct ReadAhead {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  bool complete = false;  // there is no more

  // Reads until the end, or until more than `max_bytes` are there.
  static arrow::Result<ReadAhead> Make(arrow::RecordBatchReader& rows, int64_t max_bytes);
  // All rows; `rest` is what Make read from, null when it is complete.
  std::shared_ptr<arrow::RecordBatchReader> Read(
      std::shared_ptr<arrow::Schema> schema,
      std::shared_ptr<arrow::RecordBatchReader> rest) &&;
};

}  // namespace pintail::gateway
