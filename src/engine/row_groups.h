// A stream of batches in pieces that DuckDB inserts well. Private to the engine; one
// thread at a time.
//
// DuckDB gives each batch to one thread and compresses a row group of 122,880 rows at a
// time: small batches are put together to about that, large ones are sliced.
#pragma once

#include <cstdint>
#include <memory>

#include "arrow/record_batch.h"
#include "arrow/result.h"

namespace pintail::engine {

class RowGroups {
 public:
  // `schema` is what StorableSchema gave for the reader's.
  RowGroups(arrow::RecordBatchReader& reader, std::shared_ptr<arrow::Schema> schema)
      : reader_(reader), schema_(std::move(schema)) {}

  // The next pieces, until they have about `rows` rows or `bytes` bytes; none at the end.
  // An error of the reader is given as it is.
  arrow::Result<arrow::RecordBatchVector> Next(int64_t rows, int64_t bytes);
  // Whether Next has come to the end.
  bool done() const { return done_; }

 private:
  arrow::Status Pull();
  // Puts the small batches together into one piece, where Arrow can.
  void Merge(arrow::RecordBatchVector& small, arrow::RecordBatchVector& pieces) const;

  arrow::RecordBatchReader& reader_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::RecordBatch> current_;  // what is left of the last batch
  bool done_ = false;
};

}  // namespace pintail::engine
