#include "ingest/batch_queue.h"

#include <algorithm>
#include <utility>

#include "columnar/batch_bytes.h"

namespace pintail::ingest {

bool BatchQueue::Put(std::shared_ptr<arrow::RecordBatch> batch) {
  const int64_t bytes = columnar::BytesOf(*batch);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return closed_ || waiting_.empty() ||
           (rows_ / 2 < options_.chunk_rows && bytes_ / 2 < options_.chunk_bytes);
  });
  if (closed_) return false;
  rows_ += batch->num_rows();
  bytes_ += bytes;
  waiting_.push_back({.batch = std::move(batch), .bytes = bytes});
  busy_ = options_.lockstep;
  changed_.notify_all();
  changed_.wait(lock, [&] { return closed_ || !busy_; });
  return !closed_;
}

// Whole chunks while more is to come: DuckDB keeps row groups, and a part of one costs it
// extra. One at a time where commits are to be of that size.
int64_t BatchQueue::RowsToTake() const {
  const int64_t most = options_.whole_rows > 0 ? 1 : 2;
  const int64_t chunks = std::min(rows_ / options_.chunk_rows, most);
  return chunks > 0 ? chunks * options_.chunk_rows : rows_;
}

Chunk BatchQueue::TakeUpTo(int64_t rows) {
  Chunk chunk;
  while (!waiting_.empty() && chunk.rows < rows &&
         chunk.bytes / 2 < options_.chunk_bytes) {
    Waiting& next = waiting_.front();
    const int64_t there = next.batch->num_rows();
    const int64_t taken =
        there <= options_.whole_rows ? there : std::min(there, rows - chunk.rows);
    const int64_t bytes = next.bytes * taken / there;
    chunk.rows += taken;
    chunk.bytes += bytes;
    if (taken == there) {
      chunk.batches.push_back(std::move(next.batch));
      waiting_.pop_front();
    } else {
      chunk.batches.push_back(next.batch->Slice(0, taken));
      next.batch = next.batch->Slice(taken);
      next.bytes -= bytes;
    }
  }
  rows_ -= chunk.rows;
  bytes_ -= chunk.bytes;
  return chunk;
}

void BatchQueue::Done() {
  {
    std::lock_guard lock(mutex_);
    busy_ = false;
  }
  changed_.notify_all();
}

void BatchQueue::End(arrow::Status status) {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
    end_ = std::move(status);
  }
  changed_.notify_all();
}

bool BatchQueue::HasChunk() const {
  return ended_ || rows_ >= options_.chunk_rows || bytes_ >= options_.chunk_bytes ||
         (options_.lockstep && rows_ > 0);
}

bool BatchQueue::Ready() const {
  std::lock_guard lock(mutex_);
  return HasChunk();
}

arrow::Result<Chunk> BatchQueue::Take(const base::CallContext& call) {
  // The wait below does not look at it when a chunk is there.
  ARROW_RETURN_NOT_OK(call.CheckAlive());
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, call.stop_token(), [&] { return nudged_ || HasChunk(); })) {
    return call.CheckAlive();
  }
  nudged_ = false;
  // What came before an error is not worth inserting: it would be rolled back.
  if (ended_) ARROW_RETURN_NOT_OK(end_);
  Chunk chunk = TakeUpTo(RowsToTake());
  lock.unlock();
  changed_.notify_all();
  return chunk;
}

int64_t BatchQueue::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

bool BatchQueue::Ended() const {
  std::lock_guard lock(mutex_);
  return ended_;
}

bool BatchQueue::AtEnd() const {
  std::lock_guard lock(mutex_);
  return ended_ && end_.ok() && waiting_.empty();
}

void BatchQueue::Nudge() {
  {
    std::lock_guard lock(mutex_);
    nudged_ = true;
  }
  changed_.notify_all();
}

void BatchQueue::Close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
}

}  // namespace pintail::ingest
