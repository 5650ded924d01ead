#include "engine/source_stream.h"

#include <chrono>
#include <utility>

#include "base/error.h"
#include "columnar/batch_bytes.h"
#include "engine/error_translation.h"

namespace pintail::engine {
namespace {

// How often a waiting thread looks whether its statement was interrupted. Batches are
// noticed at once.
constexpr std::chrono::milliseconds kLookEvery{5};

arrow::Status Cancelled() {
  return base::MakeError(base::ErrorKind::kCancelled, "the statement was cancelled");
}

}  // namespace

SourceStream::SourceStream(Produce produce, size_t ahead_bytes)
    : ahead_bytes_(ahead_bytes),
      thread_([this, produce = std::move(produce)](std::stop_token stop) {
        auto end = Guarded([&] {
          return produce(stop, [&](std::shared_ptr<arrow::RecordBatch> batch) {
            return Push(stop, std::move(batch));
          });
        });
        const std::lock_guard lock(mutex_);
        end_ = std::move(end);
        done_ = true;
        changed_.notify_all();
      }) {}

SourceStream::~SourceStream() {
  thread_.request_stop();
  thread_.join();
}

arrow::Status SourceStream::Push(std::stop_token stop,
                                 std::shared_ptr<arrow::RecordBatch> batch) {
  std::unique_lock lock(mutex_);
  // One batch of any size is let in.
  room_.wait(lock, stop, [&] { return ready_bytes_ < ahead_bytes_; });
  if (stop.stop_requested()) return Cancelled();
  ready_bytes_ += static_cast<size_t>(columnar::BytesOf(*batch));
  ready_.push_back(std::move(batch));
  changed_.notify_all();
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> SourceStream::Next(
    duckdb::ClientContext& context) {
  std::unique_lock lock(mutex_);
  while (true) {
    if (context.IsInterrupted()) return Cancelled();
    if (!ready_.empty()) {
      auto batch = std::move(ready_.front());
      ready_.pop_front();
      ready_bytes_ -= static_cast<size_t>(columnar::BytesOf(*batch));
      room_.notify_all();
      return batch;
    }
    if (done_) {
      ARROW_RETURN_NOT_OK(end_);
      return nullptr;
    }
    changed_.wait_for(lock, kLookEvery);
  }
}

arrow::Status ReadRows(SourceSession& session, const OpenRows& open, std::stop_token stop,
                       const SourceStream::Take& take) {
  const std::stop_callback cancel(stop, [&] { session.Cancel(); });
  ARROW_ASSIGN_OR_RAISE(auto reader, open(session));
  while (true) {
    if (stop.stop_requested()) return Cancelled();
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(reader->ReadNext(&batch));
    if (!batch) return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(take(std::move(batch)));
  }
}

}  // namespace pintail::engine
