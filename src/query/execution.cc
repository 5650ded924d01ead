#include "query/execution.h"

#include <utility>
#include <vector>

#include "arrow/type.h"
#include "base/error.h"
#include "query/statement_text.h"

namespace pintail::query {
namespace {

using arrow::RecordBatch;
using arrow::RecordBatchReader;
using arrow::Status;
using base::ErrorKind;
using base::MakeError;
using Rows = std::unique_ptr<engine::ResultStream>;

Status SameColumns(const arrow::Schema& first, const arrow::Schema& next) {
  if (first.Equals(next, /*check_metadata=*/false)) return Status::OK();
  return MakeError(ErrorKind::kInvalidArgument,
                   "the rows of parameters give different columns: ", first.ToString(),
                   " and then ", next.ToString(),
                   "; bind values of the same types in each row");
}

// Results that are all there already, one after the other.
class ChainedRows final : public RecordBatchReader {
 public:
  ChainedRows(std::shared_ptr<arrow::Schema> schema, std::vector<Rows> results)
      : schema_(std::move(schema)), results_(std::move(results)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<RecordBatch>* batch) override {
    batch->reset();
    while (next_ < results_.size()) {
      ARROW_RETURN_NOT_OK(results_[next_]->ReadNext(batch));
      if (*batch) return Status::OK();
      results_[next_++].reset();
    }
    return Status::OK();
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  std::vector<Rows> results_;
  size_t next_ = 0;
};

// Results of one execution after the other, each begun when the one before is read.
class RowByRow final : public RecordBatchReader {
 public:
  RowByRow(const Execution& execution, Rows first)
      : statement_(execution.statement),
        parameters_(execution.parameters),
        options_{.materialize = execution.materialize, .stop = execution.stop},
        schema_(first->schema()),
        current_(std::move(first)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<RecordBatch>* batch) override {
    batch->reset();
    while (current_) {
      ARROW_RETURN_NOT_OK(current_->ReadNext(batch));
      if (*batch) return Status::OK();
      current_.reset();
      if (++row_ >= parameters_->num_rows()) break;
      ARROW_ASSIGN_OR_RAISE(
          current_, statement_.Execute({.batch = parameters_, .row = row_}, options_));
      ARROW_RETURN_NOT_OK(SameColumns(*schema_, *current_->schema()));
    }
    return Status::OK();
  }

 private:
  engine::PreparedStatement& statement_;
  const std::shared_ptr<RecordBatch> parameters_;
  const engine::ExecuteOptions options_;
  const std::shared_ptr<arrow::Schema> schema_;
  Rows current_;
  int64_t row_ = 0;
};

// One transaction around several executions, unless there is one already.
class AllOrNone {
 public:
  AllOrNone(engine::Connection& connection, bool wanted)
      : connection_(connection), own_(wanted && !connection.InTransaction()) {}

  Status Begin() { return own_ ? connection_.Begin() : Status::OK(); }

  Status End(const Status& work) {
    if (!own_) return work;
    if (work.ok()) return connection_.Commit();
    // The work's own error is the one to tell. The interrupt that made it fail may hit
    // the rollback too, hence again.
    for (int i = 0; i < 3 && connection_.InTransaction(); ++i)
      (void)connection_.Rollback();
    return work;
  }

 private:
  engine::Connection& connection_;
  const bool own_;
};

Status ExecuteEachRow(const base::CallContext& call, const Execution& execution,
                      std::vector<Rows>& results, std::optional<int64_t>& changed) {
  const int64_t rows = execution.parameters ? execution.parameters->num_rows() : 1;
  const bool keep = execution.statement.traits().returns_rows;
  for (int64_t row = 0; row < rows; ++row) {
    ARROW_RETURN_NOT_OK(call.CheckAlive());
    ARROW_ASSIGN_OR_RAISE(
        Rows result,
        execution.statement.Execute({.batch = execution.parameters, .row = row},
                                    {.materialize = true, .stop = execution.stop}));
    if (const auto count = result->rows_changed()) changed = changed.value_or(0) + *count;
    if (!keep) continue;
    if (!results.empty()) {
      ARROW_RETURN_NOT_OK(SameColumns(*results[0]->schema(), *result->schema()));
    }
    results.push_back(std::move(result));
  }
  return Status::OK();
}

// Runs a statement with an effect: all rows of parameters now.
arrow::Result<Outcome> TakeEffect(const base::CallContext& call,
                                  const Execution& execution) {
  const engine::StatementTraits& traits = execution.statement.traits();
  const int64_t rows = execution.parameters ? execution.parameters->num_rows() : 1;
  AllOrNone transaction(execution.connection,
                        rows > 1 && traits.kind == engine::StatementKind::kChange);
  std::vector<Rows> results;
  Outcome outcome{.rows = nullptr, .rows_changed = std::nullopt, .detached = true};
  if (traits.kind == engine::StatementKind::kChange) outcome.rows_changed = 0;

  ARROW_RETURN_NOT_OK(transaction.Begin());
  ARROW_RETURN_NOT_OK(
      transaction.End(ExecuteEachRow(call, execution, results, outcome.rows_changed)));
  auto schema = results.empty() ? execution.statement.schema() : results[0]->schema();
  outcome.rows = std::make_shared<ChainedRows>(std::move(schema), std::move(results));
  return outcome;
}

}  // namespace

arrow::Result<Outcome> Execute(const base::CallContext& call,
                               const Execution& execution) {
  ARROW_RETURN_NOT_OK(
      CheckParameters(execution.statement.parameters(), execution.parameters.get()));
  if (!CanStream(execution.statement.traits())) return TakeEffect(call, execution);

  const int64_t rows = execution.parameters ? execution.parameters->num_rows() : 1;
  if (rows == 0) {
    return Outcome{.rows = std::make_shared<ChainedRows>(execution.statement.schema(),
                                                         std::vector<Rows>{}),
                   .rows_changed = std::nullopt,
                   .detached = true};
  }
  ARROW_ASSIGN_OR_RAISE(
      Rows first, execution.statement.Execute(
                      {.batch = execution.parameters, .row = 0},
                      {.materialize = execution.materialize, .stop = execution.stop}));
  if (rows == 1) {
    return Outcome{.rows = std::move(first),
                   .rows_changed = std::nullopt,
                   .detached = execution.materialize};
  }
  return Outcome{.rows = std::make_shared<RowByRow>(execution, std::move(first)),
                 .rows_changed = std::nullopt};
}

Status RunToEnd(const base::CallContext& call, const Execution& execution) {
  ARROW_ASSIGN_OR_RAISE(const Outcome outcome, Execute(call, execution));
  std::shared_ptr<RecordBatch> batch;
  do {
    ARROW_RETURN_NOT_OK(call.CheckAlive());
    ARROW_RETURN_NOT_OK(outcome.rows->ReadNext(&batch));
  } while (batch);
  return Status::OK();
}

}  // namespace pintail::query
