// The bounded queue between DuckDB's threads, which make the batches of a result, and the
// one that reads them. Private to the engine; thread-safe.
//
// Rows keep the order of the plan: each batch carries the index of the part of the input
// it was made from, and is ready to be read once no part with a smaller index is still
// worked on. Threads that run ahead, or that find the queue full, are parked by DuckDB
// until there is room; none is ever held waiting.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "arrow/record_batch.h"
#include "duckdb/parallel/interrupt.hpp"

namespace pintail::engine {

class ResultQueue {
 public:
  struct Limits {
    int64_t ready_bytes = 0;  // waiting to be read
    int64_t ahead_bytes = 0;  // made from parts whose turn has not come
  };

  explicit ResultQueue(Limits limits) : limits_(limits) {}

  // Whether a thread that works on the part may make more of it. If not, `wake` is called
  // when it may.
  bool MayWork(uint64_t part, const duckdb::InterruptState& wake);
  void Push(uint64_t part, std::shared_ptr<arrow::RecordBatch> batch, int64_t bytes);
  // No part before this one is worked on any more.
  void SetFirstPart(uint64_t part);
  // All parts are done.
  void Finish();

  // The next batch, or null when none is ready.
  std::shared_ptr<arrow::RecordBatch> TryPop();
  // Until a batch is ready, Finish was called, or the time is over.
  void Wait(std::chrono::microseconds timeout);

 private:
  struct Entry {
    std::shared_ptr<arrow::RecordBatch> batch;
    int64_t bytes = 0;
  };
  struct Parked {
    uint64_t part = 0;
    duckdb::InterruptState wake;
  };
  using Wakes = std::vector<duckdb::InterruptState>;

  // These need mutex_ to be held.
  bool HasRoom(uint64_t part) const;
  void MoveReady();
  Wakes TakeUnblocked();

  static void Wake(const Wakes& wakes);

  const Limits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // All protected by mutex_.
  std::deque<Entry> ready_;
  std::map<uint64_t, std::vector<Entry>> ahead_;
  std::vector<Parked> parked_;
  int64_t ready_bytes_ = 0;
  int64_t ahead_bytes_ = 0;
  uint64_t first_part_ = 0;
  bool finished_ = false;
};

}  // namespace pintail::engine
