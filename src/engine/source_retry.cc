#include "engine/source_retry.h"

#include <utility>

#include "arrow/type.h"
#include "base/error.h"

namespace pintail::engine {
namespace {

using Stream = arrow::Result<std::unique_ptr<ResultStream>>;

// A result whose first batch has been read.
class Begun final : public ResultStream {
 public:
  Begun(std::unique_ptr<ResultStream> rows, std::shared_ptr<arrow::RecordBatch> first)
      : rows_(std::move(rows)), first_(std::move(first)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }
  std::optional<int64_t> rows_changed() const override { return rows_->rows_changed(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (!first_) return rows_->ReadNext(batch);
    *batch = std::exchange(first_, nullptr);
    return arrow::Status::OK();
  }
  arrow::Status Close() override {
    first_.reset();
    return rows_->Close();
  }

 private:
  const std::unique_ptr<ResultStream> rows_;
  std::shared_ptr<arrow::RecordBatch> first_;
};

Stream Begin(Stream rows) {
  ARROW_RETURN_NOT_OK(rows);
  if ((*rows)->rows_changed()) return rows;
  std::shared_ptr<arrow::RecordBatch> first;
  ARROW_RETURN_NOT_OK((*rows)->ReadNext(&first));
  return std::make_unique<Begun>(*std::move(rows), std::move(first));
}

}  // namespace

duckdb::shared_ptr<ChangedTables> ChangedTables::Of(duckdb::ClientContext& context) {
  return context.registered_state->GetOrCreate<ChangedTables>("pintail_source_change");
}

Stream RunWithRetry(duckdb::ClientContext& context, const arrow::Schema& announced,
                    const std::function<Stream()>& run) {
  const auto change = ChangedTables::Of(context);
  (void)change->Take();
  if (!context.transaction.IsAutoCommit()) return run();
  Stream rows = Begin(run());
  if (rows.ok() || !change->Take()) return rows;
  ARROW_ASSIGN_OR_RAISE(auto again, Begin(run()));
  if (again->schema()->num_fields() == 0 ||
      again->schema()->Equals(announced, /*check_metadata=*/false)) {
    return again;
  }
  return base::MakeError(base::ErrorKind::kConflict,
                         "a table of a source has other columns than when the statement "
                         "was prepared; prepare and run it again");
}

}  // namespace pintail::engine
