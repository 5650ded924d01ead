// Parquet, a batch at a time in bounded memory: column chunks are read through small
// buffers, never ahead and never whole.
#include <algorithm>
#include <string_view>
#include <utility>

#include "arrow/buffer.h"
#include "columnar/array_layout.h"
#include "columnar/bounded_pool.h"
#include "columnar/format_readers.h"
#include "columnar/parquet_schema_size.h"
#include "columnar/schema_size.h"
#include "parquet/arrow/reader.h"
#include "parquet/properties.h"

namespace pintail::columnar {
namespace {

// What the pages and the batch of one read may take: pages of small files are bounded by
// this, those of large ones by a multiple of the file.
constexpr int64_t kLeastBudgetBytes = int64_t{192} << 20;
constexpr int64_t kBudgetPerFileByte = 8;
constexpr int64_t kReadBufferBytes = int64_t{1} << 20;
// Bounds what the footer's own claims make the Thrift decoder allocate.
constexpr int32_t kMaxThriftString = 16 << 20;
constexpr int32_t kMaxThriftContainer = 250'000;
constexpr int64_t kMaxFooterBytes = int64_t{128} << 20;
// A list takes three elements and levels of a Parquet schema, and is two fields to Arrow.
constexpr int64_t kSchemaLevelsPerNesting = 3;

int64_t BudgetFor(int64_t file_bytes, const Limits& limits) {
  const int64_t by_size = file_bytes < limits.max_batch_bytes / kBudgetPerFileByte
                              ? file_bytes * kBudgetPerFileByte
                              : limits.max_batch_bytes;
  return std::min(limits.max_batch_bytes, std::max(kLeastBudgetBytes, by_size));
}

parquet::ReaderProperties FileProperties(BoundedPool& pool) {
  parquet::ReaderProperties properties(&pool);
  properties.enable_buffered_stream();
  properties.set_buffer_size(kReadBufferBytes);
  properties.set_thrift_string_size_limit(kMaxThriftString);
  properties.set_thrift_container_size_limit(kMaxThriftContainer);
  return properties;
}

// A file ends with its footer, the footer's length in four bytes and "PAR1".
arrow::Status CheckFooter(arrow::io::RandomAccessFile& file, int64_t size,
                          const Limits& limits) {
  constexpr int64_t kTailBytes = 8;
  if (size < kTailBytes) return Lie("a Parquet file cannot be of ", size, " bytes");
  ARROW_ASSIGN_OR_RAISE(auto tail, file.ReadAt(size - kTailBytes, kTailBytes));
  if (static_cast<std::string_view>(*tail).substr(4) != "PAR1") {
    return Lie("this is not a Parquet file, or it is cut short or encrypted");
  }
  const int64_t length = ValueAt<uint32_t>(tail->data(), 0);
  if (length > size - kTailBytes || length > kMaxFooterBytes) {
    return Lie("a Parquet footer of ", length, " bytes in a file of ", size);
  }
  ARROW_ASSIGN_OR_RAISE(auto footer, file.ReadAt(size - kTailBytes - length, length));
  ARROW_ASSIGN_OR_RAISE(
      const ParquetSchemaSize size_of_schema,
      SizeOfParquetSchema({footer->data(), static_cast<size_t>(footer->size())}));
  ARROW_RETURN_NOT_OK(CheckColumnCount(size_of_schema.columns, limits));
  ARROW_RETURN_NOT_OK(CheckFieldCount(size_of_schema.elements * 2 / 3, limits));
  return CheckNesting(size_of_schema.depth / kSchemaLevelsPerNesting - 1, limits);
}

class ParquetBatches final : public arrow::RecordBatchReader {
 public:
  ParquetBatches(BoundedPool::Owner pool, int64_t budget,
                 std::unique_ptr<parquet::arrow::FileReader> file,
                 std::unique_ptr<arrow::RecordBatchReader> reader)
      : pool_(std::move(pool)),
        budget_(budget),
        file_(std::move(file)),
        reader_(std::move(reader)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return reader_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    pool_->Renew(budget_);
    return reader_->ReadNext(out);
  }

 private:
  const BoundedPool::Owner pool_;
  const int64_t budget_;
  const std::unique_ptr<parquet::arrow::FileReader> file_;  // outlives reader_
  const std::unique_ptr<arrow::RecordBatchReader> reader_;
};

}  // namespace

ReaderResult OpenParquet(std::shared_ptr<arrow::io::RandomAccessFile> file,
                         const BatchReaderOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  ARROW_RETURN_NOT_OK(CheckFooter(*file, size, options.limits));
  const int64_t budget = BudgetFor(size, options.limits);
  auto pool = BoundedPool::Make(budget);

  parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
  arrow_properties.set_batch_size(options.batch_rows);
  arrow_properties.set_pre_buffer(false);

  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(std::move(file), FileProperties(*pool)));
  builder.memory_pool(pool.get());
  builder.properties(arrow_properties);
  ARROW_ASSIGN_OR_RAISE(auto reader, builder.Build());
  ARROW_ASSIGN_OR_RAISE(auto batches, reader->GetRecordBatchReader());
  return std::make_shared<ParquetBatches>(std::move(pool), budget, std::move(reader),
                                          std::move(batches));
}

}  // namespace pintail::columnar
