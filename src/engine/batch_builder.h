// DuckDB's chunks of 2,048 rows to Arrow batches of the wanted size. Private to the
// engine; one thread at a time. Throws DuckDB's exceptions.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/memory_pool.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "duckdb/common/types/data_chunk.hpp"
#include "engine/column_writer.h"

namespace pintail::engine {

class BatchBuilder {
 public:
  // `schema` is what ResultSchema gave for `types`.
  BatchBuilder(std::shared_ptr<arrow::Schema> schema,
               const duckdb::vector<duckdb::LogicalType>& types, int64_t batch_bytes,
               arrow::MemoryPool* pool);

  // Takes rows of the chunk beginning at `from` and returns how many; less than all there
  // are when the batch is full.
  int64_t Append(duckdb::DataChunk& chunk, int64_t from);
  // Whether Finish should be called before the next Append.
  bool full() const { return rows_ >= batch_rows_ || bytes_ >= batch_bytes_; }
  int64_t rows() const { return rows_; }
  // About what Finish will give.
  int64_t bytes() const { return bytes_; }
  std::shared_ptr<arrow::RecordBatch> Finish();

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const int64_t batch_bytes_;
  const int64_t batch_rows_;
  std::vector<std::unique_ptr<ColumnWriter>> columns_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace pintail::engine
