#include "engine/batch_builder.h"

#include <algorithm>

#include "duckdb/common/vector_size.hpp"
#include "duckdb/storage/storage_info.hpp"

namespace pintail::engine {
namespace {

// As many rows as fit, so that a row group, which is what DuckDB scans in one piece, is
// cut into equal batches of whole chunks.
int64_t RowsOfBatch(const arrow::Schema& schema, int64_t batch_bytes) {
  constexpr int64_t kChunk = STANDARD_VECTOR_SIZE;
  constexpr int64_t kRowGroup = DEFAULT_ROW_GROUP_SIZE;
  int64_t row_bytes = 1;
  for (const auto& field : schema.fields())
    row_bytes += EstimatedRowBytes(*field->type());
  if (row_bytes > 1) --row_bytes;
  int64_t fitting = std::clamp<int64_t>(batch_bytes / row_bytes, 1, kRowGroup);
  int64_t pieces = (kRowGroup + fitting - 1) / fitting;
  int64_t rows = (kRowGroup + pieces - 1) / pieces;
  return (rows + kChunk - 1) / kChunk * kChunk;
}

}  // namespace

BatchBuilder::BatchBuilder(std::shared_ptr<arrow::Schema> schema,
                           const duckdb::vector<duckdb::LogicalType>& types,
                           int64_t batch_bytes, arrow::MemoryPool* pool)
    : schema_(std::move(schema)),
      batch_bytes_(batch_bytes + batch_bytes / 8),
      batch_rows_(RowsOfBatch(*schema_, batch_bytes)) {
  ColumnWriterOptions options{.pool = pool, .whole_rows = batch_rows_};
  for (size_t i = 0; i < types.size(); ++i) {
    columns_.push_back(
        MakeColumnWriter(types[i], schema_->field(static_cast<int>(i))->type(), options));
  }
}

int64_t BatchBuilder::Append(duckdb::DataChunk& chunk, int64_t from) {
  auto size = static_cast<int64_t>(chunk.size());
  int64_t count = std::min(size - from, batch_rows_ - rows_);
  int64_t budget = std::max<int64_t>(batch_bytes_ - bytes_, 1);
  for (size_t i = 0; i < columns_.size(); ++i) {
    count = columns_[i]->RowsWithin(chunk.data[i], size, from, count, budget);
  }
  bytes_ = 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    columns_[i]->Append(chunk.data[i], size, from, count);
    bytes_ += columns_[i]->bytes();
  }
  rows_ += count;
  return count;
}

std::shared_ptr<arrow::RecordBatch> BatchBuilder::Finish() {
  std::vector<std::shared_ptr<arrow::ArrayData>> arrays;
  arrays.reserve(columns_.size());
  for (auto& column : columns_) arrays.push_back(column->Finish());
  int64_t rows = rows_;
  rows_ = 0;
  bytes_ = 0;
  return arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
}

}  // namespace pintail::engine
