// Small commits of many clients to one table that have to be DuckDB's own: those that
// come while another one runs are joined into the next.
//
// One per write path; thread-safe. Nobody waits for others to come: who finds no commit
// running goes at once, with all those who wait. Each is called in its own thread; the
// first of a group commits for all of it. When that fails each goes alone, one after
// another, so that each gets the error that is its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "base/call_context.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "columnar/schema_change.h"
#include "engine/connection.h"

namespace pintail::ingest {

class JoinedCommits {
 public:
  // The commit of one upload.
  struct Part {
    const base::CallContext& call;
    // Only parts with the same three are joined: each could commit the others' batches.
    std::string place;  // as engine::InsertPlace
    std::shared_ptr<arrow::Schema> schema;
    columnar::SchemaPolicy policy = columnar::SchemaPolicy::kStrict;
    arrow::RecordBatchVector batches;
    int64_t rows = 0;
    int64_t bytes = 0;
    // Writes down in the transaction of the connection that this part is applied; empty
    // when nobody asks for that. May be called in the thread of another part.
    std::function<arrow::Status(engine::Connection&)> write_key;
    // When it goes alone though others are not done.
    base::Clock::Steady until;
    // Commits the batches of all parts, this one's first, in one transaction. False when
    // none is committed and each is to be tried alone; an error is that of all of them.
    std::function<arrow::Result<bool>(const std::vector<const Part*>&)> commit_all;
    // Commits this one.
    std::function<arrow::Status()> commit_alone;
  };

  // All outlive this object. `metrics` may be null.
  JoinedCommits(const base::Clock& clock, base::Timers& timers, base::Metrics* metrics);

  // Returns when the part is committed, or has failed. The call's error when it is
  // cancelled before the part is taken into a group; after that it cannot be cancelled,
  // except by the one that commits for the group, which then goes on without it.
  arrow::Status Commit(const Part& part);

  // How many wait for a commit to this place, or are in it.
  int64_t Waiting(const std::string& place) const;

 private:
  enum class State : uint8_t { kWaiting, kAlone, kTaken, kDone };
  struct Entry {
    const Part* part;
    State state = State::kWaiting;
    arrow::Status outcome;
    std::condition_variable_any wake;
  };
  struct Queue {
    std::deque<Entry*> entries;  // in the order of their coming
    bool running = false;
  };
  struct Counters {
    base::Counter* groups = nullptr;
    base::Counter* parts = nullptr;
    base::Counter* separated = nullptr;
  };

  using Lock = std::unique_lock<std::mutex>;
  // All with the lock held, which Run gives back while it commits.
  static bool IsTurn(const Queue& queue, const Entry& entry);
  bool MustLeave(const Entry& entry) const;
  static std::vector<Entry*> TakeGroup(const Queue& queue);
  void Await(Lock& lock, const Queue& queue, Entry& entry);
  void Run(Lock& lock, Queue& queue, Entry& entry);
  void RunGroup(Lock& lock, Entry& first, const std::vector<Entry*>& group);
  void Separate(Entry& first, const std::vector<Entry*>& group);
  // Drops who is done, and lets the next one go.
  void Leave(const std::string& place, Entry& entry);

  const base::Clock& clock_;
  base::Timers& timers_;
  Counters counters_;
  mutable std::mutex mutex_;
  std::map<std::string, Queue> queues_;  // protected by mutex_; only those in use
};

}  // namespace pintail::ingest
