// The table copies of a server: declared ones, filled from their sources, refreshed when
// they are due, dropped when there is no room.
//
// One per server; thread-safe. Refreshes run on threads of its own, one at a time for
// each copy and a bounded number of them at once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "cache/copy_store.h"
#include "cache/copy_table.h"
#include "engine/database.h"

namespace pintail::cache {

enum class CopyStatus : uint8_t { kEmpty, kRefreshing, kStale, kFresh };

// A copy as it stands, for the view pintail.copies.
struct CopyReport {
  CopyTable table;
  CopyStatus status = CopyStatus::kEmpty;
  std::optional<int64_t> rows;
  std::optional<int64_t> bytes;
  std::optional<base::Clock::Wall> last_refresh;  // the moment that its rows are of
  std::optional<std::chrono::milliseconds> age;
  std::optional<base::Clock::Wall> next_refresh;
  std::optional<std::chrono::milliseconds> duration;  // of the last refresh
  int64_t uses = 0;
  std::string last_error;
};

struct RefreshResult {
  int64_t rows = 0;
  std::chrono::milliseconds duration{0};
};

class Copies {
 public:
  struct Options {
    std::vector<CopyTable> tables;
    std::optional<int64_t> max_bytes;  // beyond it copies that are made on demand go
    size_t max_running = 2;
  };
  // All outlive this object.
  struct Rooms {
    engine::Database& database;
    const base::Clock& clock;
    base::Timers& timers;
    base::Log& log;
    base::Metrics& metrics;
  };

  // Takes up what the database has of the declared copies, and drops those that are not
  // declared any more or were declared otherwise. Adds the view
  // pintail.copies and the function pintail.refresh. Nothing is refreshed before Start.
  static arrow::Result<std::unique_ptr<Copies>> Open(const Rooms& rooms, Options options);
  ~Copies();
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;

  void Start();
  // Ends running refreshes, which leave the copies as they were. Idempotent.
  void Stop();

  // Refreshes the copy now, in full unless it appends, in the caller's thread, after one
  // that is running. NotFound when there is none of that name.
  arrow::Result<RefreshResult> Refresh(const std::string& name, std::stop_token stop);

  // By name.
  std::vector<CopyReport> List() const;
  // Returns when no refresh is running or waiting to run.
  void WaitUntilIdle();

 private:
  struct Entry;
  struct View;
  Copies(const Rooms& rooms, Options options);

  arrow::Status TakeUp();
  arrow::Status AddView();
  arrow::Status AddFunction();
  void AddMetrics();
  void StartDue();
  arrow::Result<RefreshResult> Run(Entry& entry, std::stop_token stop);
  void MakeRoom(const Entry& keep);
  std::optional<base::Clock::Wall> NextOf(const Entry& entry) const;  // with mutex_ held
  CopyReport ReportOf(const Entry& entry) const;                      // likewise
  Entry* Find(const std::string& name) const;

  const Rooms rooms_;
  const Options options_;
  engine::CopyTables& states_;
  std::stop_source stop_;

  std::mutex writes_mutex_;
  // Protected by writes_mutex_.
  std::unique_ptr<CopyStore> writes_;
  std::vector<std::string> written_down_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::unique_ptr<Entry>> entries_;  // constant after Open; each protected

  std::shared_ptr<View> view_;
  std::unique_ptr<base::Timers::Handle> alarm_;
  std::unique_ptr<base::Executor> executor_;
};

}  // namespace pintail::cache
