#include "gateway/read_ahead.h"

#include <utility>

#include "columnar/batch_bytes.h"

namespace pintail::gateway {
namespace {

class Reader final : public arrow::RecordBatchReader {
 public:
  Reader(std::shared_ptr<arrow::Schema> schema,
         std::vector<std::shared_ptr<arrow::RecordBatch>> batches,
         std::shared_ptr<arrow::RecordBatchReader> rest)
      : schema_(std::move(schema)),
        batches_(std::move(batches)),
        rest_(std::move(rest)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (next_ < batches_.size()) {
      *batch = std::move(batches_[next_++]);
      return arrow::Status::OK();
    }
    return rest_ ? rest_->ReadNext(batch) : arrow::Status::OK();
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  const std::shared_ptr<arrow::RecordBatchReader> rest_;
  size_t next_ = 0;
};

}  // namespace

arrow::Result<ReadAhead> ReadAhead::Make(arrow::RecordBatchReader& rows,
                                         int64_t max_bytes) {
  ReadAhead ahead;
  int64_t bytes = 0;
  while (bytes <= max_bytes) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(rows.ReadNext(&batch));
    if (!batch) {
      ahead.complete = true;
      return ahead;
    }
    bytes += columnar::BytesOf(*batch);
    ahead.batches.push_back(std::move(batch));
  }
  return ahead;
}

std::shared_ptr<arrow::RecordBatchReader> ReadAhead::Read(
    std::shared_ptr<arrow::Schema> schema,
    std::shared_ptr<arrow::RecordBatchReader> rest) && {
  return std::make_shared<Reader>(std::move(schema), std::move(batches), std::move(rest));
}

}  // namespace pintail::gateway
