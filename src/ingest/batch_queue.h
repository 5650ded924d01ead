// Arriving batches on their way to the table: gathered to chunks that are worth an
// insert, bounded in rows and bytes.
//
// One thread puts batches in, one takes chunks out; they may be the same thread as long
// as it takes no more than is there.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "base/call_context.h"

namespace pintail::ingest {

// Batches to be inserted together.
struct Chunk {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  int64_t rows = 0;
  int64_t bytes = 0;
};

class BatchQueue {
 public:
  struct Options {
    // At least 1, and any size.
    int64_t chunk_rows = 1;   // a chunk is taken once it has as many rows …
    int64_t chunk_bytes = 1;  // … or as many bytes
    // Batches of up to as many rows are never cut; a chunk may be longer for them.
    int64_t whole_rows = 0;
    // A batch is a chunk, and the next is let in when Done is called: nothing is read
    // ahead, so an insert's error is known before the next batch is waited for.
    bool lockstep = false;
  };

  explicit BatchQueue(Options options) : options_(options) {}

  // `batch` has rows. Waits while there are two chunks inside; in lockstep, until the
  // batch is done with. False when nobody takes any more.
  bool Put(std::shared_ptr<arrow::RecordBatch> batch);
  // No more batches: the reader's end or its error.
  void End(arrow::Status status);

  // Whether a whole chunk is there, or all that will come.
  bool Ready() const;
  // Waits for a whole chunk, the end, or Nudge; then takes what is there, up to two
  // chunks (DuckDB inserts a row group a thread). Nothing after a nudge or at the end.
  // The reader's error; the call's when it is cancelled.
  arrow::Result<Chunk> Take(const base::CallContext& call);
  // In lockstep: what was taken is in the table.
  void Done();
  // Whether the reader has come to its end.
  bool Ended() const;
  // Whether the end has come and all has been taken.
  bool AtEnd() const;
  // Of what waits inside.
  int64_t bytes() const;
  // Makes a waiting Take return with what there is.
  void Nudge();
  // Nobody takes any more.
  void Close();

 private:
  // With mutex_ held.
  bool HasChunk() const;
  int64_t RowsToTake() const;
  Chunk TakeUpTo(int64_t rows);

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // Protected by mutex_.
  struct Waiting {
    std::shared_ptr<arrow::RecordBatch> batch;
    int64_t bytes = 0;
  };
  std::deque<Waiting> waiting_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
  bool ended_ = false;
  bool closed_ = false;
  bool nudged_ = false;
  bool busy_ = false;  // in lockstep: from Put to Done
  arrow::Status end_;
};

}  // namespace pintail::ingest
