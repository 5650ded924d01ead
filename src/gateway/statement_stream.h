// The rows of a running statement, as a door reads them.
//
// It holds what the statement holds: the run (its entry, timeouts and admission), the
// leased connection and the plan. All of it goes back at the last row, at an error, when
// the stream is dropped, and when the run is stopped while nobody reads. Read by one
// thread at a time; stopped from any.
#pragma once

#include <memory>
#include <mutex>

#include "arrow/record_batch.h"
#include "gateway/plan_cache.h"
#include "gateway/session.h"
#include "gateway/statement_run.h"

namespace pintail::gateway {

class StatementStream final : public arrow::RecordBatchReader,
                              public std::enable_shared_from_this<StatementStream> {
 public:
  struct Parts {
    std::shared_ptr<StatementRun> run;
    Lease lease;                       // empty when the rows need no connection
    Plan plan;                         // likewise
    std::shared_ptr<PlanCache> plans;  // where the plan goes afterwards; may be null
    std::shared_ptr<arrow::RecordBatchReader> rows;
  };

  static std::shared_ptr<arrow::RecordBatchReader> Make(Parts parts);
  ~StatementStream() override;

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override;
  arrow::Status Close() override;

 private:
  explicit StatementStream(Parts parts);
  arrow::Status Pull(std::shared_ptr<arrow::RecordBatch>* batch);  // with mutex_ held
  void End(const arrow::Status& status);                           // with mutex_ held
  void ReleaseIfUnread();

  const std::shared_ptr<StatementRun> run_;
  const std::shared_ptr<arrow::Schema> schema_;

  std::mutex mutex_;  // held while a batch is read
  // Protected by mutex_.
  Parts parts_;
  bool ended_ = false;
  arrow::Status end_;
};

}  // namespace pintail::gateway
