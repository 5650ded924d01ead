// Puts rows that wait in tails into their tables, in the background: when there are
// enough of them for whole row groups, or they have waited long enough. One per server.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "arrow/status.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/timers.h"
#include "engine/tails.h"

namespace pintail::ingest {

class Mover {
 public:
  struct Options {
    // Rows are moved when so many wait for one table …
    int64_t enough_rows = 2 * 122'880;
    // … or the oldest has waited so long.
    std::chrono::milliseconds max_age{1'000};
    // In one commit, so that readers wait for no long one.
    int64_t rows_at_once = 8 * 122'880;
  };

  // Called after each move with the highest position of the journal that nobody needs any
  // more: all records up to it are in their tables.
  using OnMoved = std::function<void(uint64_t position)>;

  // All outlive this object. Nothing is moved before Start.
  Mover(engine::Tails& tails, base::Timers& timers, const base::Clock& clock,
        base::Log& log, Options options);
  ~Mover();
  Mover(const Mover&) = delete;
  Mover& operator=(const Mover&) = delete;

  void Start(OnMoved on_moved);
  // Rows have arrived in a tail.
  void Arrived(int64_t rows);
  // Moves everything soon, though it be little.
  void MakeRoom();
  // The record of the journal at this position is in its tail. In order.
  void Published(uint64_t position) { published_ = position; }
  uint64_t published() const { return published_; }
  // Moves all that is there and ends the thread. A failure, if there is one.
  arrow::Status Stop();

  // Why the last move failed, for each table (its name quoted) whose rows could not be
  // stored and wait still.
  std::map<std::string, arrow::Status> failures() const;

 private:
  void Wake();
  void Run();
  // Moves what is due, or everything. Whether something was moved.
  bool MoveDue(bool everything);
  bool IsDue(const engine::TailFigures& tail) const;
  // Forgets what failed for tables that have no tail any more.
  void Forget(const std::vector<engine::TailFigures>& tails);
  void Failed(const engine::TailFigures& tail, const arrow::Status& status);
  void Tell();

  engine::Tails& tails_;
  base::Timers& timers_;
  const base::Clock& clock_;
  base::Log& log_;
  const Options options_;
  OnMoved on_moved_;
  std::atomic<uint64_t> published_ = 0;
  std::atomic<int64_t> arrived_rows_ = 0;  // since they woke the thread

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Protected by mutex_.
  bool awake_ = false;
  bool hurries_ = false;
  bool stopping_ = false;
  std::map<std::string, arrow::Status> failures_;

  std::unique_ptr<base::Timers::Handle> alarm_;
  std::thread thread_;
};

}  // namespace pintail::ingest
