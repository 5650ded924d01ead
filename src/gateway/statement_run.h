// One statement from its start to its last row: what may end it early, and what is
// written down about it.
//
// It carries the registry entry, the metrics and the log lines around the execution, so
// that the execution itself knows nothing of them. Made by Runs, shared by the call that
// runs the statement and the stream that its client reads; any thread may stop it.
//
// Invariant: a connection is interrupted only while it is attached, so an interrupt never
// hits the next statement of that connection.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/call_context.h"
#include "base/clock.h"
#include "base/timers.h"
#include "gateway/gateway.h"

namespace pintail::engine {
class Connection;
}

namespace pintail::gateway {

class Runs;

enum class RunKind : uint8_t {
  kStatement,
  kIngest,
  kControl,   // begin, commit, rollback: recorded, never refused for load
  kInternal,  // the server's own question: neither counted nor recorded
};

struct RunRequest {
  CallPtr call;
  RunKind kind = RunKind::kStatement;
  int64_t session = 0;   // its number
  std::string identity;  // who may cancel it
  std::string parent;    // handle of the parked or background statement it serves
  std::string sql;       // for the records; literals hidden where needed
  bool may_hold_secrets = false;  // set by Runs
  std::string verb = "unknown";   // until the statement is bound
  std::string parameters;         // only when they may be logged
  std::optional<std::chrono::milliseconds> timeout;
};

class StatementRun : public std::enable_shared_from_this<StatementRun> {
 public:
  StatementRun(std::shared_ptr<Runs> runs, std::string id, RunRequest request);
  // One that was neither finished nor stopped counts as cancelled.
  ~StatementRun();
  StatementRun(const StatementRun&) = delete;
  StatementRun& operator=(const StatementRun&) = delete;

  const std::string& id() const { return id_; }
  const RunRequest& request() const { return request_; }
  // For the rooms below: cancelled by the call, the timeouts, Stop, or a drain.
  const base::CallContext& context() const { return context_; }
  std::stop_token stop_token() const { return context_.stop_token(); }
  arrow::Status Check() const { return context_.CheckAlive(); }

  void Stop(base::ErrorKind kind, std::string why) {
    context_.Cancel(kind, std::move(why));
  }

  // From now on, until it is detached, stopping interrupts this connection. Fails when
  // already stopped. Lease::AttachTo detaches by itself.
  arrow::Status Attach(engine::Connection& connection);
  void Detach(const engine::Connection& connection);

  // The result is handed to a client: from now on it may be idle, and `release` (from any
  // thread, must not wait) frees what it holds when the run is stopped.
  void HandOut(std::function<void()> release);
  // A read of the result begins or ends.
  void ReadBegins() { reading_ = true; }
  void ReadEnds();
  // Since when nobody reads a result that was handed out.
  std::optional<base::Clock::Steady> IdleSince() const;

  void SetVerb(const std::string& verb);
  void SetRows(int64_t rows);
  void AddReturnedRows(int64_t rows);
  // Where its rows came from.
  void SetCache(const std::string& outcome);

  // The status to tell: the reason it was stopped for instead of the interruption that
  // followed from it.
  arrow::Status Explain(arrow::Status status) const;
  // Writes down how it ended; the first call counts.
  void Finish(const arrow::Status& status);
  // Ends it without a trace: it only planned what another run will do.
  void FinishUnrecorded();

 private:
  friend class Runs;
  using Callback = std::stop_callback<std::function<void()>>;

  void Arm();  // needs shared_from_this, so not in the constructor
  void ArmTimeout();
  void OnStop();
  void Interrupt();
  void Disarm();
  void Record(const arrow::Status& status);
  std::string ShownError(const arrow::Status& status) const;

  const std::shared_ptr<Runs> runs_;
  const std::string id_;
  const RunRequest request_;
  const base::Clock::Steady began_;
  base::CallContext context_;

  std::atomic<bool> finished_ = false;
  std::atomic<bool> handed_out_ = false;
  std::atomic<bool> reading_ = false;
  std::atomic<base::Clock::Steady> last_read_;

  mutable std::mutex mutex_;
  // Protected by mutex_.
  engine::Connection* connection_ = nullptr;
  std::function<void()> release_;
  std::unique_ptr<base::Timers::Handle> again_;
  std::string verb_;
  int64_t rows_ = 0;
  int64_t returned_ = 0;

  // Set by Arm, reset by Finish: each waits for a callback that is under way.
  std::unique_ptr<base::Timers::Handle> timeout_;
  std::optional<Callback> on_stop_;
  std::optional<Callback> on_call_stop_;
};

}  // namespace pintail::gateway
