#include "gateway/kept_rows.h"

#include <utility>

#include "arrow/util/byte_size.h"
#include "base/error.h"

namespace pintail::gateway {
namespace {

// The kept batches, then those that were too many to keep.
class Reader final : public arrow::RecordBatchReader {
 public:
  Reader(std::shared_ptr<arrow::Schema> schema,
         std::vector<std::shared_ptr<arrow::RecordBatch>> kept,
         std::shared_ptr<arrow::RecordBatchReader> rest)
      : schema_(std::move(schema)), kept_(std::move(kept)), rest_(std::move(rest)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (next_ < kept_.size()) {
      *batch = kept_[next_++];
      return arrow::Status::OK();
    }
    return rest_ ? rest_->ReadNext(batch) : arrow::Status::OK();
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<std::shared_ptr<arrow::RecordBatch>> kept_;
  const std::shared_ptr<arrow::RecordBatchReader> rest_;
  size_t next_ = 0;
};

}  // namespace

arrow::Result<std::shared_ptr<KeptRows>> KeptRows::Make(
    std::shared_ptr<arrow::RecordBatchReader> rows, int64_t max_bytes) {
  std::shared_ptr<KeptRows> kept(new KeptRows(rows->schema()));
  while (kept->kept_bytes_ < max_bytes) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(rows->ReadNext(&batch));
    if (!batch) {
      kept->complete_ = true;
      return kept;
    }
    kept->kept_count_ += batch->num_rows();
    kept->kept_bytes_ += arrow::util::TotalBufferSize(*batch);
    kept->kept_.push_back(std::move(batch));
  }
  kept->rest_ = std::move(rows);
  return kept;
}

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> KeptRows::Open() {
  std::shared_ptr<arrow::RecordBatchReader> rest;
  {
    std::lock_guard lock(mutex_);
    rest = std::move(rest_);
    rest_ = nullptr;
  }
  if (!complete_ && !rest) {
    return base::MakeError(base::ErrorKind::kResourceExhausted,
                           "the result is too large to be read twice and has been read "
                           "once; its statement has taken effect");
  }
  return std::make_shared<Reader>(schema_, kept_, std::move(rest));
}

bool KeptRows::Available() const {
  std::lock_guard lock(mutex_);
  return complete_ || rest_ != nullptr;
}

}  // namespace pintail::gateway
