#include "gateway/runs.h"

#include <utility>

#include "base/error.h"
#include "gateway/discreet_text.h"
#include "gateway/handle.h"

namespace pintail::gateway {
namespace {

using base::ErrorKind;
using base::MakeError;

// How long a client may take for its next read before its result stops counting as one
// that runs. DuckDB does next to nothing for it by then: it has filled its buffer.
constexpr std::chrono::seconds kUnread{1};

arrow::Status Full(int64_t running, const char* what, const char* option) {
  return MakeError(ErrorKind::kResourceExhausted, running, " ", what,
                   " are running, as many as ", option,
                   " allows; try again when one has ended");
}

}  // namespace

Runs::Runs(const Gateway::Rooms& rooms, const GatewayOptions& options)
    : clock_(rooms.clock),
      timers_(rooms.timers),
      log_(rooms.logs.For("gateway")),
      max_statements_(options.max_running_statements),
      max_ingests_(options.max_running_ingests),
      slow_statement_(options.slow_statement),
      figures_(rooms.metrics),
      statements_(rooms.clock, options.recent_statements),
      cleaning_(std::make_shared<base::Executor>(base::Executor::Options{
          .name = "clean-up", .threads = 1, .max_queue = 4'096})) {}

arrow::Result<std::shared_ptr<StatementRun>> Runs::Start(RunRequest request) {
  ARROW_RETURN_NOT_OK(request.call->CheckAlive());
  ARROW_ASSIGN_OR_RAISE(std::string id, NewHandle());
  const RunKind kind = request.kind;
  request.may_hold_secrets = MayHoldSecrets(request.sql);
  if (request.may_hold_secrets) request.sql = DiscreetText(request.sql);
  auto run = std::make_shared<StatementRun>(shared_from_this(), id, std::move(request));
  const int64_t unread = kind == RunKind::kStatement ? UnreadAtTheBound() : 0;
  {
    std::lock_guard lock(mutex_);
    const arrow::Status admitted = Admit(kind, unread);
    if (!admitted.ok()) {
      run->finished_ = true;  // it never ran: nothing to write down
      return admitted;
    }
    runs_.emplace(id, run);
    ++of_session_[run->request().session];
  }
  if (kind != RunKind::kInternal) {
    statements_.Start({.id = id,
                       .request_id = run->request().call->request_id(),
                       .session = run->request().session,
                       .verb = run->request().verb,
                       .sql = run->request().sql,
                       .started_at = {},
                       .error = {}});
  }
  run->Arm();
  return run;
}

void Runs::RecordServed(StatementRecord record) {
  figures_.Served(record.rows);
  statements_.Add(std::move(record));
}

int64_t Runs::UnreadAtTheBound() const {
  if (running(RunKind::kStatement) < max_statements_) return 0;
  const auto since = clock_.Now() - kUnread;
  return static_cast<int64_t>(Pick([&](const StatementRun& run) {
                                const auto idle = run.IdleSince();
                                return idle && *idle <= since;
                              }).size());
}

arrow::Status Runs::Admit(RunKind kind, int64_t unread) {
  // What has begun may still be committed or rolled back.
  if (draining_ && kind != RunKind::kControl) {
    return MakeError(ErrorKind::kUnavailable,
                     "the server is shutting down and takes no new work");
  }
  if (kind == RunKind::kStatement) {
    if (running_statements_ - unread >= max_statements_) {
      return Full(running_statements_ - unread, "statements", "statement.max_running");
    }
    figures_.running_statements().Set(static_cast<double>(++running_statements_));
  } else if (kind == RunKind::kIngest) {
    if (running_ingests_ >= max_ingests_) {
      return Full(running_ingests_, "ingests", "ingest.max_running");
    }
    figures_.running_ingests().Set(static_cast<double>(++running_ingests_));
  }
  return arrow::Status::OK();
}

void Runs::Remove(const StatementRun& run) {
  {
    std::lock_guard lock(mutex_);
    if (runs_.erase(run.id()) == 0) return;
    const auto count = of_session_.find(run.request().session);
    if (--count->second == 0) of_session_.erase(count);
    if (run.request().kind == RunKind::kStatement) {
      figures_.running_statements().Set(static_cast<double>(--running_statements_));
    } else if (run.request().kind == RunKind::kIngest) {
      figures_.running_ingests().Set(static_cast<double>(--running_ingests_));
    }
  }
  changed_.notify_all();
}

std::vector<Runs::Run> Runs::Pick(
    const std::function<bool(const StatementRun&)>& predicate) const {
  std::vector<Run> all;
  {
    std::lock_guard lock(mutex_);
    all.reserve(runs_.size());
    for (const auto& [id, weak] : runs_) {
      if (Run run = weak.lock()) all.push_back(std::move(run));
    }
  }
  // Letting go of the last reference finishes a run, which takes the lock: so outside it.
  std::erase_if(all, [&](const Run& run) { return !predicate(*run); });
  return all;
}

bool Runs::Cancel(const std::string& handle, const std::string& identity) {
  const std::vector<Run> found = Pick([&](const StatementRun& run) {
    return run.request().identity == identity &&
           (run.id() == handle || run.request().parent == handle);
  });
  for (const Run& run : found) {
    run->Stop(ErrorKind::kCancelled, "the statement was cancelled by its client");
  }
  return !found.empty();
}

void Runs::StopSession(int64_t session, const std::string& why) {
  for (const Run& run : Pick([&](const StatementRun& each) {
         return each.request().session == session &&
                each.request().kind != RunKind::kControl;
       })) {
    run->Stop(ErrorKind::kCancelled, why);
  }
}

void Runs::StopIdle(std::chrono::milliseconds idle) {
  if (idle.count() <= 0) return;
  const auto now = clock_.Now();
  for (const Run& run : Pick([&](const StatementRun& each) {
         const auto since = each.IdleSince();
         return since && *since + idle <= now;
       })) {
    run->Stop(ErrorKind::kDeadlineExceeded,
              "nobody read on from the result for " + std::to_string(idle.count()) +
                  " ms (statement.result_idle_timeout), so it was dropped; run the "
                  "statement again");
  }
}

bool Runs::WaitUntilEmpty(std::chrono::milliseconds at_most) {
  bool passed = false;
  const auto alarm = timers_.At(clock_.Now() + at_most, [this, &passed] {
    {
      std::lock_guard lock(mutex_);
      passed = true;
    }
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return passed || runs_.empty(); });
  return runs_.empty();
}

arrow::Status Runs::Drain(std::chrono::milliseconds grace) {
  constexpr std::chrono::seconds kToStop{5};
  {
    std::lock_guard lock(mutex_);
    draining_ = true;
  }
  if (grace.count() > 0 && WaitUntilEmpty(grace)) return arrow::Status::OK();
  for (const Run& run : Pick([](const StatementRun&) { return true; })) {
    // The call too: its client may be what the run waits for.
    run->request().call->Cancel(ErrorKind::kUnavailable, "the server is shutting down");
    run->Stop(ErrorKind::kUnavailable, "the server is shutting down");
  }
  if (WaitUntilEmpty(kToStop)) return arrow::Status::OK();
  return MakeError(ErrorKind::kUnavailable, "some statements did not end within ",
                   kToStop.count(), " s after they were cancelled");
}

bool Runs::draining() const {
  std::lock_guard lock(mutex_);
  return draining_;
}

int64_t Runs::running(RunKind kind) const {
  std::lock_guard lock(mutex_);
  return kind == RunKind::kIngest ? running_ingests_ : running_statements_;
}

bool Runs::Serves(int64_t session) const {
  std::lock_guard lock(mutex_);
  return of_session_.contains(session);
}

void Runs::CleanUp(std::function<void()> task) {
  std::shared_ptr<base::Executor> cleaning;
  {
    std::lock_guard lock(mutex_);
    cleaning = cleaning_;
  }
  if (!cleaning || !cleaning->Submit(task).ok()) task();
}

void Runs::EndCleaning() {
  std::shared_ptr<base::Executor> cleaning;
  {
    std::lock_guard lock(mutex_);
    cleaning = std::move(cleaning_);
  }
}

}  // namespace pintail::gateway
