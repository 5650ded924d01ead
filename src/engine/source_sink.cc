#include "engine/source_sink.h"

#include <chrono>
#include <utility>

#include "base/error.h"
#include "columnar/batch_bytes.h"
#include "engine/error_translation.h"

namespace pintail::engine {
namespace {

constexpr std::chrono::milliseconds kLookEvery{5};
constexpr int64_t kMostBytes = 16 << 20;

arrow::Status Cancelled() {
  return base::MakeError(base::ErrorKind::kCancelled, "the statement was cancelled");
}

}  // namespace

struct SourceSink::Queue {
  std::mutex mutex;
  std::condition_variable_any changed;
  // Protected by mutex.
  std::deque<std::shared_ptr<arrow::RecordBatch>> batches;
  int64_t bytes = 0;
  bool complete = false;  // nothing more will come
  bool ended = false;     // the insert has
  arrow::Result<int64_t> inserted = 0;
};

// What the source pulls from.
class SourceSink::Reader final : public arrow::RecordBatchReader {
 public:
  Reader(std::shared_ptr<Queue> queue, std::shared_ptr<arrow::Schema> schema,
         std::stop_token stop)
      : queue_(std::move(queue)), schema_(std::move(schema)), stop_(std::move(stop)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    std::unique_lock lock(queue_->mutex);
    queue_->changed.wait(lock, stop_,
                         [&] { return !queue_->batches.empty() || queue_->complete; });
    if (stop_.stop_requested()) return Cancelled();
    batch->reset();
    if (queue_->batches.empty()) return arrow::Status::OK();
    *batch = std::move(queue_->batches.front());
    queue_->batches.pop_front();
    queue_->bytes -= columnar::BytesOf(**batch);
    queue_->changed.notify_all();
    return arrow::Status::OK();
  }

 private:
  const std::shared_ptr<Queue> queue_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::stop_token stop_;
};

SourceSink::SourceSink(SourceTransaction& transaction, SourceTableName table,
                       std::shared_ptr<arrow::Schema> schema)
    : queue_(std::make_shared<Queue>()),
      thread_([queue = queue_, transaction = transaction.shared_from_this(),
               table = std::move(table),
               schema = std::move(schema)](std::stop_token stop) {
        arrow::Result<int64_t> inserted = 0;
        const auto status = Guarded([&] {
          return transaction->WithSession(stop, [&](SourceSession& session) {
            inserted =
                session.Insert(table, std::make_shared<Reader>(queue, schema, stop));
            return inserted.status();
          });
        });
        const std::lock_guard lock(queue->mutex);
        queue->inserted = status.ok() ? inserted : arrow::Result<int64_t>(status);
        queue->ended = true;
        queue->changed.notify_all();
      }) {}

SourceSink::~SourceSink() {
  thread_.request_stop();
  thread_.join();
}

template <typename Ready>
arrow::Status SourceSink::WaitFor(duckdb::ClientContext& context, const Ready& ready) {
  std::unique_lock lock(queue_->mutex);
  while (!queue_->ended && !ready()) {
    if (context.IsInterrupted()) return Cancelled();
    queue_->changed.wait_for(lock, kLookEvery);
  }
  return queue_->ended ? queue_->inserted.status() : arrow::Status::OK();
}

arrow::Status SourceSink::Push(duckdb::ClientContext& context,
                               std::shared_ptr<arrow::RecordBatch> batch) {
  ARROW_RETURN_NOT_OK(WaitFor(context, [&] { return queue_->bytes < kMostBytes; }));
  const std::lock_guard lock(queue_->mutex);
  rows_ += batch->num_rows();
  queue_->bytes += columnar::BytesOf(*batch);
  queue_->batches.push_back(std::move(batch));
  queue_->changed.notify_all();
  return arrow::Status::OK();
}

arrow::Result<int64_t> SourceSink::Finish(duckdb::ClientContext& context) {
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->complete = true;
    queue_->changed.notify_all();
  }
  ARROW_RETURN_NOT_OK(WaitFor(context, [] { return false; }));
  const std::lock_guard lock(queue_->mutex);
  ARROW_ASSIGN_OR_RAISE(const int64_t said, queue_->inserted);
  return said < 0 ? rows_ : said;
}

}  // namespace pintail::engine
