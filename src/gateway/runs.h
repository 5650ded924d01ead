// All statements and ingests that run: admits them, finds them to cancel, waits for them
// when the server drains. One per gateway, kept alive by each run; thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "arrow/result.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/timers.h"
#include "gateway/figures.h"
#include "gateway/statement_log.h"
#include "gateway/statement_run.h"

namespace pintail::gateway {

class Runs : public std::enable_shared_from_this<Runs> {
 public:
  Runs(const Gateway::Rooms& rooms, const GatewayOptions& options);

  // Unavailable while draining, ResourceExhausted at the bound of its kind, or the error
  // of a call that is cancelled already. Statements whose results nobody reads on from
  // are no reason to refuse another.
  arrow::Result<std::shared_ptr<StatementRun>> Start(RunRequest request);

  // Writes down a statement that was answered without running.
  void RecordServed(StatementRecord record);

  // Stops the identity's runs of this id or parent; whether there were any.
  bool Cancel(const std::string& handle, const std::string& identity);
  // Stops the runs of a session that closes.
  void StopSession(int64_t session, const std::string& why);
  // Stops results that nobody has read on from for that long.
  void StopIdle(std::chrono::milliseconds idle);

  // From now on new work is refused. Waits until all runs have ended or `grace` has
  // passed, then stops the rest, and the calls they serve, and waits for their end;
  // Unavailable when some have not ended even so.
  arrow::Status Drain(std::chrono::milliseconds grace);
  bool draining() const;
  int64_t running(RunKind kind) const;
  // Whether any run is of this session.
  bool Serves(int64_t session) const;

  // Runs the task soon in another thread, here when there is none left.
  void CleanUp(std::function<void()> task);
  // Finishes the clean-up under way; later ones run in their caller's thread.
  void EndCleaning();

  const base::Clock& clock() const { return clock_; }
  base::Timers& timers() { return timers_; }
  base::Log& log() { return log_; }
  Figures& figures() { return figures_; }
  StatementLog& log_of_statements() { return statements_; }
  std::chrono::milliseconds slow_statement() const { return slow_statement_; }

 private:
  friend class StatementRun;
  using Run = std::shared_ptr<StatementRun>;

  arrow::Status Admit(RunKind kind, int64_t unread);  // with mutex_ held
  // Statements whose clients have stopped reading for now; 0 below the bound, where
  // nobody needs to know.
  int64_t UnreadAtTheBound() const;
  void Remove(const StatementRun& run);
  bool WaitUntilEmpty(std::chrono::milliseconds at_most);
  std::vector<Run> Pick(const std::function<bool(const StatementRun&)>& predicate) const;

  const base::Clock& clock_;
  base::Timers& timers_;
  base::Log& log_;
  const int64_t max_statements_;
  const int64_t max_ingests_;
  const std::chrono::milliseconds slow_statement_;
  Figures figures_;
  StatementLog statements_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Protected by mutex_.
  std::unordered_map<std::string, std::weak_ptr<StatementRun>> runs_;
  std::unordered_map<int64_t, int64_t> of_session_;  // how many runs each session has
  int64_t running_statements_ = 0;
  int64_t running_ingests_ = 0;
  bool draining_ = false;
  std::shared_ptr<base::Executor> cleaning_;
};

}  // namespace pintail::gateway
