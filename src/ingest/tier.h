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
#include "base/clock.h"
#include "base/log.h"
#include "base/timers.h"
#include "engine/database.h"
#include "ingest/shipper.h"
#include "ingest/source_link.h"
#include "ingest/tier_table.h"
#include "ingest/tier_time.h"
#include "ingest/write_through.h"

namespace pintail::ingest {

class Tier {
 public:
  // All outlive this object.
  struct Ground {
    engine::Database& database;
    Shipper& shipper;
    SourceLink::Ground link;
    // The newest position of the journal that is in the tails.
    std::function<uint64_t()> published;
    const base::Clock& clock;
    base::Timers& timers;
    base::Log& log;
  };

  // Writes down that the table's older rows are to be in the source, unless it is known.
  // With a retention that bounds nothing the boundary stays where it is. InvalidArgument
  // as TierTable::Register.
  static arrow::Result<std::unique_ptr<Tier>> Open(const Ground& ground,
                                                   const WriteThrough& what);
  ~Tier() { Stop(); }
  Tier(const Tier&) = delete;
  Tier& operator=(const Tier&) = delete;

  void Start();
  void Stop();

  // Whether one of the rows, which are published, is or will be below the boundary, so
  // that it is seen once the source has it.
  bool IsLate(const arrow::RecordBatchVector& rows) const;
  TierFigures figures() const;

 private:
  Tier(const Ground& ground, const WriteThrough& what)
      : ground_(ground), what_(what), table_(ground.database, what) {}
  void Run();
  // Goes on with moving the boundary.
  arrow::Status Step();
  // What the boundary should be; kNoBoundary when nothing is to leave.
  arrow::Result<int64_t> Wanted(int64_t rows_here);
  // The most rows that may be here; nothing when they are not bounded.
  std::optional<int64_t> MostRows() const;
  arrow::Status CheckSource();
  arrow::Status Move();
  // What the view is to tell of the boundary and the mark.
  void NoteBoundary();
  void NoteFailure(const arrow::Status& failure);

  const Ground ground_;
  const WriteThrough what_;
  // Of the thread.
  TierTable table_;
  std::string type_;         // of the column in SQL; empty: the table is not there yet
  bool is_checked_ = false;  // the source's column takes no row across a boundary
  uint64_t wanted_ = 0;      // the source has to have this before it is moved to the mark
  int64_t failures_ = 0;     // in a row

  int64_t boundary_ = kNoBoundary;
  // Rows below it are late. Set before anything else of a move.
  std::atomic<int64_t> mark_ = kNoBoundary;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Protected by mutex_.
  bool nudged_ = false;
  bool stopping_ = false;
  TierFigures figures_;
  std::unique_ptr<base::Timers::Handle> alarm_;
  std::thread thread_;
};

}  // namespace pintail::ingest
