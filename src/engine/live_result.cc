// A result that is made while it is read.
//
// The reading thread works for its own query: it makes batches itself while none is
// ready, side by side with DuckDB's threads. While it is away the others fill the queue
// and are parked; nothing waits for it.

#include <optional>

#include "duckdb/main/client_config.hpp"
#include "duckdb/main/query_result.hpp"
#include "engine/arrow_collector.h"
#include "engine/error_translation.h"
#include "engine/execution.h"

namespace pintail::engine {
namespace {

using duckdb::PendingExecutionResult;

class LiveStream final : public ResultStream {
 public:
  LiveStream(duckdb::shared_ptr<duckdb::ClientContext> context,
             duckdb::shared_ptr<duckdb::PreparedStatementData> statement,
             std::shared_ptr<LiveResult> result,
             duckdb::unique_ptr<duckdb::PendingQueryResult> pending,
             std::unique_ptr<StopGuard> stop)
      : context_(std::move(context)),
        statement_(std::move(statement)),
        result_(std::move(result)),
        pending_(std::move(pending)),
        stop_(std::move(stop)) {}

  ~LiveStream() override { Abandon(); }

  std::shared_ptr<arrow::Schema> schema() const override { return result_->schema; }
  std::optional<int64_t> rows_changed() const override { return std::nullopt; }

  arrow::Status Close() override {
    Abandon();
    return arrow::Status::OK();
  }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    Patience patience;
    while (true) {
      *batch = result_->queue.TryPop();
      if (*batch || !pending_) return *batch ? arrow::Status::OK() : end_;
      ARROW_RETURN_NOT_OK(Guarded([&] { return Work(patience); }));
    }
  }

 private:
  // Does a piece of the query's work, or waits a little for those who do.
  arrow::Status Work(Patience& patience) {
    // Asked for before the work: an error in another thread interrupts the query as well,
    // but is known by then.
    const bool interrupted = context_->IsInterrupted();
    switch (pending_->ExecuteTask()) {
      case PendingExecutionResult::EXECUTION_ERROR:
        return Fail(FromDuckDb(pending_->GetErrorObject()));
      case PendingExecutionResult::EXECUTION_FINISHED:
        return Complete();
      case PendingExecutionResult::RESULT_NOT_READY:
        patience.Reset();
        return arrow::Status::OK();
      default:
        break;
    }
    if (interrupted) return Fail(Cancelled());
    if (auto wait = patience.NextWait(); wait.count() > 0) result_->queue.Wait(wait);
    return arrow::Status::OK();
  }

  // Everything is made: the transaction ends here, though batches may still be unread.
  arrow::Status Complete() {
    stop_.reset();
    auto done = pending_->Execute();
    pending_.reset();
    ForgetRun(*statement_);
    if (done->HasError()) end_ = FromDuckDb(done->GetErrorObject());
    return arrow::Status::OK();
  }

  arrow::Status Fail(arrow::Status status) {
    end_ = std::move(status);
    Abandon();
    while (result_->queue.TryPop()) {
    }
    return end_;
  }

  // Ends the query at once, if it is still this one that the connection runs.
  void Abandon() {
    stop_.reset();
    if (!pending_) return;
    (void)Guarded([&]() -> arrow::Status {
      pending_->CheckPulse();  // throws when the connection runs something else by now
      context_->Interrupt();
      context_->CancelTransaction();
      return arrow::Status::OK();
    });
    pending_.reset();
  }

  static arrow::Status Cancelled() {
    return base::MakeError(base::ErrorKind::kCancelled, "the statement was cancelled");
  }

  const duckdb::shared_ptr<duckdb::ClientContext> context_;
  const duckdb::shared_ptr<duckdb::PreparedStatementData> statement_;
  const std::shared_ptr<LiveResult> result_;
  // Null once the query has ended.
  duckdb::unique_ptr<duckdb::PendingQueryResult> pending_;
  std::unique_ptr<StopGuard> stop_;
  arrow::Status end_;  // what reading past the end gives
};

}  // namespace

arrow::Result<std::unique_ptr<ResultStream>> RunLive(const Execution& execution) {
  auto result = std::make_shared<LiveResult>(execution.batch_bytes);
  auto stop = std::make_unique<StopGuard>(execution.stop, execution.context);
  auto& config = duckdb::ClientConfig::GetConfig(*execution.context);
  const duckdb::ScopedConfigSetting collect(
      config,
      [&](duckdb::ClientConfig& changed) {
        changed.get_result_collector = [result](duckdb::ClientContext& context,
                                                duckdb::PreparedStatementData& planned) {
          return MakeArrowCollector(context, planned, result);
        };
      },
      [](duckdb::ClientConfig& changed) { changed.get_result_collector = nullptr; });
  duckdb::PendingQueryParameters parameters;
  parameters.parameters = execution.parameters;
  auto statement = execution.statement;
  auto pending = execution.context->PendingQuery(execution.text, statement, parameters);
  if (pending->HasError()) return FromDuckDb(pending->GetErrorObject());
  stop->Check();
  return std::make_unique<LiveStream>(execution.context, std::move(statement),
                                      std::move(result), std::move(pending),
                                      std::move(stop));
}

}  // namespace pintail::engine
