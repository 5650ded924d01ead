// Tells afterwards whether a pulled series of batches failed at its source: whether the
// client's bytes were at fault, or what was done with them.
#pragma once

#include <memory>
#include <utility>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "base/error.h"
#include "http/status.h"

namespace pintail::http {

class ObservedReader final : public arrow::RecordBatchReader {
 public:
  explicit ObservedReader(std::shared_ptr<arrow::RecordBatchReader> source)
      : source_(std::move(source)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return source_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    arrow::Status read = source_->ReadNext(batch);
    if (!read.ok()) failure_ = read;
    return read;
  }
  arrow::Status Close() override { return source_->Close(); }

  // OK unless ReadNext has failed. The reading thread's, or after it has ended.
  const arrow::Status& failure() const { return failure_; }

 private:
  const std::shared_ptr<arrow::RecordBatchReader> source_;
  arrow::Status failure_;
};

// What a body that could not be read is answered with: one that grows past the limits is
// too large (413), which is not the same as a server that is short of something (429).
inline arrow::Status BodyRefusal(const arrow::Status& failure) {
  if (base::KindOf(failure) == base::ErrorKind::kResourceExhausted) {
    return Refusal(413, "payload_too_large", failure.message());
  }
  return failure;
}

}  // namespace pintail::http
