// Sends the rows of one table from the journal to its source, in order, each once
// (docs/decisions/011-write-through.md). One thread of its own; thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "arrow/status.h"
#include "base/call_context.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/timers.h"
#include "ingest/dead_letters.h"
#include "ingest/source_link.h"
#include "ingest/source_table.h"
#include "ingest/write_through.h"
#include "journal/journal.h"
#include "journal/record_reader.h"

namespace pintail::ingest {

class Shipper {
 public:
  struct Options {
    // A shipment takes no more, but for one record.
    int64_t most_bytes = int64_t{32} << 20;
    int64_t most_rows = 1'000'000;
    std::chrono::milliseconds first_retry{100};
    std::chrono::milliseconds last_retry{30'000};
    // How often a failure that may be a row's is taken for the source's.
    int64_t patience = 5;
    // Looks whether more was synced.
    std::chrono::milliseconds interval{100};
  };
  // All outlive this object.
  struct Ground {
    const journal::Journal& journal;
    std::filesystem::path folder;  // the journal's
    SourceLink::Ground link;
    DeadLetters& letters;
    const base::Clock& clock;
    base::Timers& timers;
    base::Log& log;
  };

  // `name` is that of the table in the journal, in lower case.
  Shipper(WriteThrough what, std::string name, Ground ground, Options options);
  ~Shipper() { Stop(); }
  Shipper(const Shipper&) = delete;
  Shipper& operator=(const Shipper&) = delete;

  // A record of the table was published: in order of positions, before it is told so by
  // the journal's figures. Does not block.
  void Published(uint64_t position, int64_t rows, int64_t bytes);
  // There may be something to send.
  void Nudge();
  void Start();
  // Ends the thread; what is not sent is sent after the next start.
  void Stop();

  // All records of the table at or below are in the source; the highest number there is
  // when nothing waits.
  uint64_t sent() const;
  // The newest record of the table.
  uint64_t published() const;
  // Waits until the source has the record of the table at this position: Unavailable at
  // the call's deadline, or at `until`; InvalidArgument when the source has refused rows
  // of it, which are dead letters then. The record stays where it is.
  arrow::Status AwaitSent(const base::CallContext& call, uint64_t position,
                          base::Clock::Steady until);
  const WriteThrough& what() const { return what_; }
  // Of what was published since the start.
  struct Arrived {
    int64_t rows = 0;
    int64_t bytes = 0;
  };
  Arrived arrived() const;
  WriteThroughFigures figures() const;

 private:
  // Records that wait, some of them put together.
  struct Waiting {
    uint64_t position = 0;
    int64_t rows = 0;
    int64_t bytes = 0;
    base::Clock::Steady since;
  };
  // What the next transaction of the source takes.
  struct Shipment {
    Place to;
    arrow::RecordBatchVector rows;
    int64_t row_count = 0;
    size_t records = 0;  // whole ones
  };

  // Rows of one record that the source does not take.
  struct Refused {
    int64_t rows = 0;
    std::string reason;  // for the last of them
  };

  void Run();
  bool IsDue() const;  // with mutex_ held
  // One transaction, or a look at the source. Whether there was something to do.
  arrow::Result<bool> Step();
  arrow::Status FindPlace();
  arrow::Status Gather();
  // Rows from the place on, or from behind that.
  Shipment Cut(int64_t most_rows) const { return CutFrom(0, known_->part, most_rows); }
  Shipment CutFrom(size_t record, int64_t part, int64_t most_rows) const;
  // Whether the source takes one of the next rows after a shipment of one row that it
  // did not take.
  bool TakesAnother(const Shipment& refused);
  void Sent(const Shipment& shipment);
  // What becomes of a shipment that failed: less at a time, or a dead letter, or nothing
  // but waiting.
  arrow::Status Failed(const Shipment& shipment, const arrow::Status& failure);
  arrow::Status Bury(const Shipment& shipment, const arrow::Status& reason);
  void NoteFailure(const arrow::Status& failure);
  void SetPlace(const Place& place);
  std::chrono::milliseconds RetryAfter(int64_t failures) const;

  const WriteThrough what_;
  const std::string name_;
  const Ground ground_;
  const Options options_;

  // Of the thread.
  SourceLink link_;
  std::unique_ptr<SourceTable> table_;
  journal::RecordReader reader_;
  std::deque<journal::RecordReader::Found> records_;  // from the place on
  int64_t records_bytes_ = 0;
  std::optional<Place> known_;  // where the source is; nothing: it has to be asked
  int64_t limit_;               // of rows at once; less after a refusal
  int64_t refusals_ = 0;        // of the same shipment, in a row

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable_any sent_;
  // Protected by mutex_.
  bool nudged_ = false;
  bool stopping_ = false;
  uint64_t published_ = 0;
  Arrived arrived_;
  std::deque<Waiting> waiting_;
  std::map<uint64_t, Refused> refused_;  // by position of their record; the latest
  WriteThroughFigures figures_;
  std::optional<base::Clock::Steady> retry_at_;
  std::unique_ptr<base::Timers::Handle> alarm_;
  std::thread thread_;
};

}  // namespace pintail::ingest
