// A table whose older rows are in a source only (docs/decisions/012-tiers.md): moves the
// boundary between what is here and what is there. One thread of its own; thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "base/call_context.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/timers.h"
#include "engine/database.h"
#include "ingest/shipper.h"
#include "ingest/write_through.h"

namespace pintail::ingest {

class Tier {
 public:
  // All outlive this object.
  struct Ground {
    engine::Database& database;
    Shipper& shipper;
    // The newest position of the journal that is in the tails.
    std::function<uint64_t()> published;
    const base::Clock& clock;
    base::Timers& timers;
    base::Log& log;
  };

  // Writes down that the table's older rows are to be in the source, unless it is known.
  // InvalidArgument when it has rows that nobody knows to be there, or another source's
  // table or column was used before.
  static arrow::Result<std::unique_ptr<Tier>> Open(const Ground& ground);
  ~Tier() { Stop(); }
  Tier(const Tier&) = delete;
  Tier& operator=(const Tier&) = delete;

  void Start();
  void Stop();

  // Whether one of the rows, which are published, is or will be below the boundary, so
  // that it is seen once the source has it.
  bool IsLate(const arrow::RecordBatchVector& rows) const;

 private:
  explicit Tier(const Ground& ground) : ground_(ground) {}
  const Retention& retention() const { return *ground_.shipper.what().retention; }
  arrow::Status Register();
  arrow::Status ReadType();
  void Run();
  // Goes on with moving the boundary.
  arrow::Status Step();
  arrow::Status Move(int64_t boundary);
  // A second since 1970 as the column has it.
  std::string TextOf(int64_t boundary) const;

  const Ground ground_;
  // Of the thread.
  std::string type_;      // of the column in SQL; empty: the table is not there yet
  int64_t boundary_ = 0;  // seconds since 1970; the lowest number: none yet
  uint64_t wanted_ = 0;   // the source has to have this before it is moved to the mark
  std::string last_error_;
  // Rows below it are late; seconds since 1970. Set before anything else of a move.
  std::atomic<int64_t> mark_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool nudged_ = false;    // protected by mutex_
  bool stopping_ = false;  // likewise
  std::unique_ptr<base::Timers::Handle> alarm_;
  std::thread thread_;
};

}  // namespace pintail::ingest
