#include "columnar/guarded_reader.h"

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "arrow/util/byte_size.h"
#include "base/error.h"

namespace pintail::columnar {
namespace {

using base::ErrorKind;

template <typename Call>
arrow::Status Guarded(std::string_view what, const Call& call) {
  try {
    return AsBadInput(call(), what);
  } catch (const std::bad_alloc&) {
    return base::MakeError(ErrorKind::kResourceExhausted, "cannot read ", what,
                           ": it asks for more memory than there is");
  } catch (const std::exception& error) {
    return base::MakeError(ErrorKind::kInvalidArgument, "cannot read ", what, ": ",
                           error.what());
  }
}

class GuardedReader final : public arrow::RecordBatchReader {
 public:
  GuardedReader(std::string_view what, int64_t max_total_bytes,
                std::shared_ptr<arrow::RecordBatchReader> source)
      : what_(what), max_total_bytes_(max_total_bytes), source_(std::move(source)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return source_->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    *out = nullptr;
    ARROW_RETURN_NOT_OK(Guarded(what_, [&] { return source_->ReadNext(out); }));
    if (*out == nullptr) return arrow::Status::OK();
    total_bytes_ += arrow::util::TotalBufferSize(**out);
    if (total_bytes_ <= max_total_bytes_) return arrow::Status::OK();
    *out = nullptr;
    return base::MakeError(ErrorKind::kResourceExhausted, what_, " grows past ",
                           max_total_bytes_,
                           " bytes when it is decoded; send it in smaller pieces");
  }

  arrow::Status Close() override {
    return Guarded(what_, [&] { return source_->Close(); });
  }

 private:
  const std::string what_;
  const int64_t max_total_bytes_;
  const std::shared_ptr<arrow::RecordBatchReader> source_;
  int64_t total_bytes_ = 0;
};

}  // namespace

arrow::Status AsBadInput(const arrow::Status& status, std::string_view what) {
  if (status.ok() || base::HasKind(status)) return status;
  if (status.IsCancelled()) return status;
  const bool no_memory = status.IsOutOfMemory() || status.IsCapacityError();
  return base::MakeError(
      no_memory ? ErrorKind::kResourceExhausted : ErrorKind::kInvalidArgument,
      "cannot read ", what, ": ", status.message());
}

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> OpenGuarded(
    std::string_view what, int64_t max_total_bytes,
    const std::function<arrow::Result<std::shared_ptr<arrow::RecordBatchReader>>()>&
        open) {
  std::shared_ptr<arrow::RecordBatchReader> reader;
  ARROW_RETURN_NOT_OK(Guarded(what, [&] { return open().Value(&reader); }));
  return std::make_shared<GuardedReader>(what, max_total_bytes, std::move(reader));
}

}  // namespace pintail::columnar
