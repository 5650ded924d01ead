// A result that was made to its end and is kept by DuckDB's buffer manager, which may
// move it to disk. The connection is free while it is read.

#include <optional>

#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/main/materialized_query_result.hpp"
#include "engine/arrow_collector.h"
#include "engine/batch_builder.h"
#include "engine/error_translation.h"
#include "engine/execution.h"
#include "engine/result_types.h"

namespace pintail::engine {
namespace {

using duckdb::StatementReturnType;
using duckdb::StatementType;

class KeptStream final : public ResultStream {
 public:
  KeptStream(duckdb::shared_ptr<duckdb::ClientContext> context,
             duckdb::unique_ptr<duckdb::QueryResult> result,
             std::shared_ptr<arrow::Schema> schema, std::optional<int64_t> rows_changed,
             int64_t batch_bytes)
      : context_(std::move(context)),
        result_(std::move(result)),
        schema_(std::move(schema)),
        rows_changed_(rows_changed) {
    if (schema_->num_fields() == 0) return;
    auto& rows = Rows();
    rows.InitializeScan(scan_);
    rows.InitializeScanChunk(scan_, chunk_);
    builder_.emplace(schema_, result_->types, batch_bytes, arrow::default_memory_pool());
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  std::optional<int64_t> rows_changed() const override { return rows_changed_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    *batch = nullptr;
    if (!builder_) return arrow::Status::OK();
    return Guarded([&]() -> arrow::Status {
      while (!builder_->full()) {
        auto size = static_cast<int64_t>(chunk_.size());
        if (taken_ < size) {
          int64_t rows = builder_->Append(chunk_, taken_);
          taken_ += rows;
          if (taken_ < size) break;
          continue;
        }
        taken_ = 0;
        if (!Rows().Scan(scan_, chunk_)) {
          chunk_.SetCardinality(0);
          break;
        }
      }
      if (builder_->rows() > 0) *batch = builder_->Finish();
      return arrow::Status::OK();
    });
  }

 private:
  duckdb::ColumnDataCollection& Rows() {
    return result_->Cast<duckdb::MaterializedQueryResult>().Collection();
  }

  // Keeps the database open.
  const duckdb::shared_ptr<duckdb::ClientContext> context_;
  const duckdb::unique_ptr<duckdb::QueryResult> result_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::optional<int64_t> rows_changed_;
  duckdb::ColumnDataScanState scan_;
  duckdb::DataChunk chunk_;
  int64_t taken_ = 0;  // rows of the chunk that are in the builder
  std::optional<BatchBuilder> builder_;
};

bool ChangesRows(StatementType type) {
  return type == StatementType::INSERT_STATEMENT ||
         type == StatementType::UPDATE_STATEMENT ||
         type == StatementType::DELETE_STATEMENT ||
         type == StatementType::MERGE_INTO_STATEMENT;
}

std::optional<int64_t> RowsChanged(duckdb::MaterializedQueryResult& result) {
  if (result.properties.return_type == StatementReturnType::CHANGED_ROWS) {
    if (result.RowCount() == 0) return 0;
    return result.GetValue(0, 0).GetValue<int64_t>();
  }
  if (result.properties.return_type == StatementReturnType::QUERY_RESULT &&
      ChangesRows(result.statement_type)) {
    return static_cast<int64_t>(result.RowCount());  // RETURNING
  }
  return std::nullopt;
}

}  // namespace

arrow::Result<std::unique_ptr<ResultStream>> RunKept(const Execution& execution) {
  auto& context = *execution.context;
  StopGuard stop(execution.stop, execution.context);
  duckdb::PendingQueryParameters parameters;
  parameters.parameters = execution.parameters;
  parameters.query_parameters.memory_type = duckdb::QueryResultMemoryType::BUFFER_MANAGED;
  auto statement = execution.statement;
  auto pending = context.PendingQuery(execution.text, statement, parameters);
  if (pending->HasError()) return FromDuckDb(pending->GetErrorObject());
  stop.Check();
  std::shared_ptr<arrow::Schema> schema = arrow::schema({});
  if (pending->properties.return_type == StatementReturnType::QUERY_RESULT) {
    auto made = ResultSchema(pending->names, pending->types, SessionTimeZone(context));
    if (!made.ok()) {
      context.CancelTransaction();
      return made.status();
    }
    schema = *std::move(made);
  }
  ARROW_RETURN_NOT_OK(WorkToEnd(*pending));
  auto result = pending->Execute();
  ForgetRun(*statement);
  if (result->HasError()) return FromDuckDb(result->GetErrorObject());
  auto rows_changed = RowsChanged(result->Cast<duckdb::MaterializedQueryResult>());
  return std::make_unique<KeptStream>(execution.context, std::move(result),
                                      std::move(schema), rows_changed,
                                      execution.batch_bytes);
}

}  // namespace pintail::engine
