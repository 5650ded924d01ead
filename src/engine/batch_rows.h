// Rows of Arrow batches, a chunk of DuckDB's at a time. Private to the engine; one thread
// at a time. Throws DuckDB's exceptions.
#pragma once

#include <memory>
#include <vector>

#include "arrow/record_batch.h"
#include "duckdb/common/types/data_chunk.hpp"
#include "engine/arrow_input.h"

namespace pintail::engine {

class BatchRows {
 public:
  // For batches of this schema, which need not be storable. In the context's transaction.
  static arrow::Result<std::unique_ptr<BatchRows>> Make(duckdb::ClientContext& context,
                                                        const arrow::Schema& schema);

  const duckdb::vector<duckdb::LogicalType>& types() const { return input_->types(); }

  // Goes on with the rows of this batch, whose values are checked.
  arrow::Status Open(duckdb::ClientContext& context, const arrow::RecordBatch& batch);
  bool at_end() const { return done_ == rows_; }
  // The next rows of the batch, as many as the chunk has room for, into its columns. The
  // chunk may refer to the batch's memory, and keeps it alive.
  void Read(duckdb::DataChunk& chunk);

 private:
  std::shared_ptr<arrow::Schema> storable_;
  std::unique_ptr<ArrowInput> input_;
  duckdb::shared_ptr<duckdb::ArrowArrayWrapper> batch_;
  std::vector<duckdb::unique_ptr<duckdb::ArrowArrayScanState>> states_;
  int64_t rows_ = 0;
  int64_t done_ = 0;
};

}  // namespace pintail::engine
