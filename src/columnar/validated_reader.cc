// Validated, CheckBatch: the gate between what was sent and everything that reads it.
#include <algorithm>
#include <string>
#include <utility>

#include "arrow/memory_pool.h"
#include "arrow/util/align_util.h"
#include "base/error.h"
#include "columnar/array_check.h"
#include "columnar/array_layout.h"
#include "columnar/batch_reader.h"
#include "columnar/plain_encoding.h"

namespace pintail::columnar {
namespace {

arrow::Status CheckShape(const arrow::RecordBatch& batch, const Limits& limits) {
  if (batch.num_columns() != batch.schema()->num_fields()) {
    return Lie("the batch has ", batch.num_columns(), " columns, its schema ",
               batch.schema()->num_fields());
  }
  if (batch.num_rows() < 0 || batch.num_rows() > limits.max_rows_per_batch) {
    return Lie("the batch claims ", batch.num_rows(), " rows; the limit is ",
               limits.max_rows_per_batch);
  }
  if (batch.num_columns() == 0 && batch.num_rows() > 1) {
    return Lie("the batch claims ", batch.num_rows(), " rows, but has no columns");
  }
  return arrow::Status::OK();
}

arrow::Status CheckColumn(const arrow::RecordBatch& batch, int i, ArrayCheck& check) {
  const auto& data = batch.column_data(i);
  if (data == nullptr) return Lie("it is missing");
  if (data->length != batch.num_rows()) {
    return Lie("it has ", data->length, " values, but the batch has ", batch.num_rows(),
               " rows");
  }
  return check.Check(*data, *batch.schema()->field(i));
}

arrow::Status CheckBatchWith(ArrayCheck& check, const arrow::RecordBatch& batch,
                             const Limits& limits) {
  ARROW_RETURN_NOT_OK(CheckShape(batch, limits));
  check.BeginBatch();
  for (int i = 0; i < batch.num_columns(); ++i) {
    const arrow::Status status = CheckColumn(batch, i, check);
    if (status.ok()) continue;
    return base::WithContext(status, "column '" + batch.schema()->field(i)->name() + "'");
  }
  return arrow::Status::OK();
}

// What Arrow overlooks: beside their offsets, list views have sizes.
bool ListViewsAreAligned(const arrow::ArrayData& data) {
  const arrow::Type::type type = StorageOf(*data.type).id();
  if ((type == arrow::Type::LIST_VIEW || type == arrow::Type::LARGE_LIST_VIEW) &&
      data.buffers[2] && data.buffers[2]->address() % sizeof(int64_t) != 0) {
    return false;
  }
  return std::ranges::all_of(data.child_data, [](const auto& child) {
    return !child || ListViewsAreAligned(*child);
  });
}

arrow::Status Align(std::shared_ptr<arrow::RecordBatch>* batch) {
  bool values = true;
  bool list_views = true;
  for (const auto& column : (*batch)->column_data()) {
    values &= arrow::util::CheckAlignment(*column, arrow::util::kValueAlignment);
    list_views &= ListViewsAreAligned(*column);
  }
  if (values && list_views) return arrow::Status::OK();
  const int64_t alignment =
      list_views ? arrow::util::kValueAlignment : arrow::kDefaultBufferAlignment;
  return arrow::util::EnsureAlignment(*batch, alignment, arrow::default_memory_pool())
      .Value(batch);
}

class ValidatedReader final : public arrow::RecordBatchReader {
 public:
  ValidatedReader(std::shared_ptr<arrow::RecordBatchReader> source, const Limits& limits)
      : source_(std::move(source)),
        source_schema_(source_->schema()),
        limits_(limits),
        check_(limits),
        plain_(source_schema_) {}

  std::shared_ptr<arrow::Schema> schema() const override { return plain_.schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    *out = nullptr;
    // After a failure there is nothing more that can be trusted.
    ARROW_RETURN_NOT_OK(failure_);
    failure_ = ReadOne(out);
    return failure_;
  }

  arrow::Status Close() override { return source_->Close(); }

 private:
  arrow::Status ReadOne(std::shared_ptr<arrow::RecordBatch>* out) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(source_->ReadNext(&batch));
    if (batch == nullptr) return arrow::Status::OK();
    ++batches_;
    arrow::Status status = Check(*batch);
    if (status.ok()) status = Align(&batch);
    if (status.ok()) status = plain_.Apply(batch).Value(out);
    if (status.ok()) return status;
    *out = nullptr;
    return base::WithContext(status, "batch " + std::to_string(batches_));
  }

  arrow::Status Check(const arrow::RecordBatch& batch) {
    if (batch.schema() != source_schema_ &&
        !batch.schema()->Equals(*source_schema_, /*check_metadata=*/false)) {
      return Lie("its schema is not the one the stream began with");
    }
    return CheckBatchWith(check_, batch, limits_);
  }

  const std::shared_ptr<arrow::RecordBatchReader> source_;
  const std::shared_ptr<arrow::Schema> source_schema_;
  const Limits limits_;
  ArrayCheck check_;
  const PlainEncoding plain_;
  int64_t batches_ = 0;
  arrow::Status failure_;
};

}  // namespace

arrow::Status CheckBatch(const arrow::RecordBatch& batch, const Limits& limits) {
  ArrayCheck check(limits);
  return CheckBatchWith(check, batch, limits);
}

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Validated(
    std::shared_ptr<arrow::RecordBatchReader> reader, const Limits& limits) {
  ARROW_RETURN_NOT_OK(CheckSchema(*reader->schema(), limits));
  return std::make_shared<ValidatedReader>(std::move(reader), limits);
}

}  // namespace pintail::columnar
