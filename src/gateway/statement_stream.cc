#include "gateway/statement_stream.h"

#include <utility>

#include "base/error.h"

namespace pintail::gateway {

std::shared_ptr<arrow::RecordBatchReader> StatementStream::Make(Parts parts) {
  const std::shared_ptr<StatementStream> stream(new StatementStream(std::move(parts)));
  stream->run_->HandOut([weak = stream->weak_from_this()] {
    if (const auto unread = weak.lock()) unread->ReleaseIfUnread();
  });
  return stream;
}

StatementStream::StatementStream(Parts parts)
    : run_(parts.run), schema_(parts.rows->schema()), parts_(std::move(parts)) {}

StatementStream::~StatementStream() {
  std::lock_guard lock(mutex_);
  End(run_->Explain(base::MakeError(base::ErrorKind::kCancelled,
                                    "the result was dropped before its end")));
}

arrow::Status StatementStream::ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) {
  batch->reset();
  std::lock_guard lock(mutex_);
  if (ended_) return end_;
  run_->ReadBegins();
  const arrow::Status status = run_->Explain(Pull(batch));
  run_->ReadEnds();
  if (!status.ok() || !*batch) {
    End(status);
  } else {
    run_->AddReturnedRows((*batch)->num_rows());
  }
  return status;
}

arrow::Status StatementStream::Close() {
  std::lock_guard lock(mutex_);
  End(run_->Explain(base::MakeError(base::ErrorKind::kCancelled,
                                    "the result was closed before its end")));
  return arrow::Status::OK();
}

arrow::Status StatementStream::Pull(std::shared_ptr<arrow::RecordBatch>* batch) {
  ARROW_RETURN_NOT_OK(run_->Check());
  const arrow::Status status = parts_.rows->ReadNext(batch);
  if (!status.ok()) batch->reset();
  return status;
}

void StatementStream::End(const arrow::Status& status) {
  if (ended_) return;
  ended_ = true;
  end_ = status;
  // In this order: the rows need the plan, the plan the connection.
  parts_.rows.reset();
  if (parts_.plans && status.ok()) {
    parts_.plans->Keep(std::move(parts_.plan));
  }
  parts_.plan = {};
  parts_.lease.Return();
  run_->Finish(status);
}

void StatementStream::ReleaseIfUnread() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  // A read that is under way is interrupted instead, and ends the stream itself.
  if (lock.owns_lock()) End(run_->Check());
}

}  // namespace pintail::gateway
