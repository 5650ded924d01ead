#include "engine/execution.h"

#include <algorithm>
#include <thread>

#include "duckdb/execution/operator/set/physical_cte.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/main/prepared_statement_data.hpp"
#include "duckdb/main/query_result.hpp"
#include "engine/error_translation.h"

namespace pintail::engine {
namespace {

void ForgetRunOf(duckdb::PhysicalOperator& plan) {
  plan.sink_state.reset();
  plan.op_state.reset();
  if (plan.type == duckdb::PhysicalOperatorType::CTE) {
    plan.Cast<duckdb::PhysicalCTE>().working_table->Reset();
  }
  for (const auto& child : plan.GetChildren()) {
    // DuckDB hands out its own, changeable operators as constant here.
    ForgetRunOf(const_cast<duckdb::PhysicalOperator&>(child.get()));
  }
}

}  // namespace

void ForgetRun(duckdb::PreparedStatementData& statement) {
  if (statement.physical_plan) ForgetRunOf(statement.physical_plan->Root());
}

StopGuard::StopGuard(std::stop_token token,
                     duckdb::shared_ptr<duckdb::ClientContext> context)
    : token_(std::move(token)),
      interrupter_{std::move(context)},
      callback_(token_, interrupter_) {}

void StopGuard::Check() const {
  if (token_.stop_requested()) interrupter_();
}

arrow::Status WorkToEnd(duckdb::PendingQueryResult& pending) {
  using duckdb::PendingExecutionResult;
  Patience patience;
  while (true) {
    switch (pending.ExecuteTask()) {
      case PendingExecutionResult::EXECUTION_ERROR:
        return FromDuckDb(pending.GetErrorObject());
      case PendingExecutionResult::EXECUTION_FINISHED:
      case PendingExecutionResult::RESULT_READY:
        return arrow::Status::OK();
      case PendingExecutionResult::RESULT_NOT_READY:
        patience.Reset();
        break;
      default:
        if (auto wait = patience.NextWait(); wait.count() > 0) {
          std::this_thread::sleep_for(wait);
        }
    }
  }
}

arrow::Result<duckdb::unique_ptr<duckdb::QueryResult>> RunNow(
    duckdb::ClientContext& context, duckdb::unique_ptr<duckdb::SQLStatement> statement) {
  auto pending = context.PendingQuery(std::move(statement), duckdb::QueryParameters());
  if (pending->HasError()) return FromDuckDb(pending->GetErrorObject());
  ARROW_RETURN_NOT_OK(WorkToEnd(*pending));
  auto result = pending->Execute();
  if (result->HasError()) return FromDuckDb(result->GetErrorObject());
  return result;
}

arrow::Result<duckdb::unique_ptr<duckdb::QueryResult>> RunText(
    duckdb::ClientContext& context, const std::string& sql) {
  using Result = arrow::Result<duckdb::unique_ptr<duckdb::QueryResult>>;
  return Guarded([&]() -> Result {
    auto result = context.Query(sql, /*allow_stream_result=*/false);
    if (result->HasError()) return FromDuckDb(result->GetErrorObject());
    return result;
  });
}

arrow::Status CommitTransaction(duckdb::ClientContext& context) {
  const arrow::Status status = RunText(context, "COMMIT").status();
  // DuckDB looks once more whether it was interrupted when it has committed already.
  const bool committed = base::KindOf(status) == base::ErrorKind::kCancelled &&
                         context.transaction.IsAutoCommit();
  return committed ? arrow::Status::OK() : status;
}

std::chrono::microseconds Patience::NextWait() {
  constexpr int kYields = 200;
  constexpr int64_t kLongestWait = 200;
  ++turns_;
  if (turns_ <= kYields) {
    std::this_thread::yield();
    return std::chrono::microseconds(0);
  }
  return std::chrono::microseconds(
      std::min<int64_t>(kLongestWait, 20 * int64_t{turns_ - kYields}));
}

}  // namespace pintail::engine
