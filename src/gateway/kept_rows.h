// A result that is there already and can be read again: what a statement with an effect
// returned, for the client that fetches it later. Thread-safe; each reader is for one
// thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"

namespace pintail::gateway {

class KeptRows : public std::enable_shared_from_this<KeptRows> {
 public:
  // Reads `rows` ahead until they are all here or `max_bytes` of them are. What is beyond
  // stays where it is and can be read once.
  static arrow::Result<std::shared_ptr<KeptRows>> Make(
      std::shared_ptr<arrow::RecordBatchReader> rows, int64_t max_bytes);

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  int64_t rows() const { return kept_count_; }   // that are kept
  int64_t bytes() const { return kept_bytes_; }  // of memory that they take

  // A reader from the first row. ResourceExhausted when a result that was too large to
  // keep has been read before.
  arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Open();
  // Whether Open will give a reader.
  bool Available() const;

 private:
  explicit KeptRows(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {}

  const std::shared_ptr<arrow::Schema> schema_;
  // Constant after Make.
  std::vector<std::shared_ptr<arrow::RecordBatch>> kept_;
  int64_t kept_count_ = 0;
  int64_t kept_bytes_ = 0;
  bool complete_ = false;

  mutable std::mutex mutex_;
  std::shared_ptr<arrow::RecordBatchReader> rest_;  // protected by mutex_
};

}  // namespace pintail::gateway
