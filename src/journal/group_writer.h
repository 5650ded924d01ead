// The callers of the journal: admission by bytes, groups, publishing, waking. What is
// written and how is segment_log.h. Everything here but the construction may be called
// from any thread.
//
// One at a time has the log. A caller that finds it free writes its record itself; what
// arrives meanwhile is the next group, which the first of its callers writes. So a record
// waits for no thread but those before it. A thread of the journal's own removes segments
// and syncs at intervals, between two groups.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "arrow/status.h"
#include "base/call_context.h"
#include "base/timers.h"
#include "journal/figures.h"
#include "journal/ground.h"
#include "journal/record_codec.h"
#include "journal/segment_log.h"

namespace pintail::journal {

// A record on its way, on the stack of its caller.
struct WaitingRecord {
  EncodedRecord record;
  Durability durability = Durability::kSync;
  std::function<void(Position)> publish;

  // The writer's own; protected by its mutex.
  bool leads = false;  // its caller has the log now
  bool done = false;
  arrow::Status outcome;
  std::condition_variable changed = {};
};

class GroupWriter {
 public:
  struct Options {
    SegmentLog::Options log;
    int64_t max_bytes = 0;
    std::chrono::milliseconds patience{0};
    std::chrono::milliseconds sync_interval{0};
    std::chrono::milliseconds idle_interval{0};
  };

  GroupWriter(Options options, const Ground& ground, LogEnd end);
  // Stops, then waits until the last Write has returned.
  ~GroupWriter();

  // As Journal::Append.
  arrow::Status Write(const base::CallContext& call, WaitingRecord& waiting);
  void Release(Position position);
  void Stop();
  Figures figures() const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  class Visit;

  // Returns once there is room for the bytes, which are then taken. `alarm` is to be
  // destroyed without the lock.
  arrow::Status TakeRoom(const base::CallContext& call, int64_t bytes, Lock& lock,
                         std::unique_ptr<base::Timers::Handle>* alarm);
  bool HasRoom(int64_t bytes, uint64_t turn) const;
  arrow::Status Refusal(int64_t bytes) const;
  arrow::Status CheckOpen() const;

  // The journal's thread.
  void Run();
  // Whether there is something for it to do.
  bool HasChores() const { return sync_due_ || tend_due_ || shrink_due_; }
  // Gives the log to whoever is next.
  void HandOn(bool to_chores);
  void WriteGroup(Lock& lock);
  std::vector<WaitingRecord*> TakeGroup();
  arrow::Status WriteAndPublish(const std::vector<WaitingRecord*>& group);
  void Finish(const std::vector<WaitingRecord*>& group, const arrow::Status& outcome);
  void Tend(Lock& lock);
  void CopyFigures();
  template <typename Work>
  arrow::Status Guarded(Work work);

  void OnSyncInterval();
  void OnIdleInterval();

  const Options options_;
  base::Timers& timers_;
  const base::Clock& clock_;
  base::Log& log_sink_;
  SegmentLog log_;  // of the one who has it

  mutable std::mutex mutex_;
  std::condition_variable work_;      // for the thread
  std::condition_variable_any room_;  // for callers that wait for room
  std::condition_variable left_;      // for the destructor
  // Protected by mutex_.
  bool taken_ = false;         // someone has the log; while nobody has, nobody waits
  bool thread_leads_ = false;  // the journal's thread is to have it
  std::deque<WaitingRecord*> queue_;
  std::set<uint64_t> turns_;  // of callers that wait for room, first come first served
  uint64_t next_turn_ = 0;
  int64_t visitors_ = 0;       // callers in Write
  int64_t pending_bytes_ = 0;  // room that was taken and is not yet in figures_.bytes
  Figures figures_;
  Position released_ = 0;
  bool interval_owed_ = false;  // a record of kInterval waits for its sync
  bool appended_since_idle_ = false;
  bool sync_due_ = false;
  bool tend_due_ = false;
  bool shrink_due_ = false;
  bool stopping_ = false;
  arrow::Status failure_;  // why nothing more is taken

  // Made last, ended first; by Stop.
  std::mutex stop_mutex_;
  std::unique_ptr<base::Timers::Handle> sync_timer_;
  std::unique_ptr<base::Timers::Handle> idle_timer_;
  std::thread thread_;
};

}  // namespace pintail::journal
