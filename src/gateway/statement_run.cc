#include "gateway/statement_run.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "engine/connection.h"
#include "gateway/runs.h"

namespace pintail::gateway {
namespace {

using base::ErrorKind;

base::CallContext::Options OptionsOf(const base::CallContext& call) {
  return {.request_id = call.request_id(),
          .identity = call.identity(),
          .peer = call.peer(),
          .protocol = call.protocol(),
          .method = call.method(),
          .deadline = call.deadline()};
}

// DuckDB forgets an interrupt that comes just before a query begins, so it is repeated
// until the statement has ended.
constexpr std::chrono::milliseconds kInterruptAgain{5};

}  // namespace

StatementRun::StatementRun(std::shared_ptr<Runs> runs, std::string id, RunRequest request)
    : runs_(std::move(runs)),
      id_(std::move(id)),
      request_(std::move(request)),
      began_(runs_->clock().Now()),
      context_(OptionsOf(*request_.call)),
      last_read_(began_),
      verb_(request_.verb) {}

StatementRun::~StatementRun() {
  Finish(Explain(
      base::MakeError(ErrorKind::kCancelled, "the result was dropped before its end")));
}

void StatementRun::Arm() {
  on_stop_.emplace(context_.stop_token(), [this] { OnStop(); });
  on_call_stop_.emplace(request_.call->stop_token(), [this] {
    const arrow::Status reason = request_.call->CheckAlive();
    if (!reason.ok()) Stop(base::KindOf(reason), reason.message());
  });
  ArmTimeout();
}

void StatementRun::ArmTimeout() {
  std::optional<base::Clock::Steady> due = request_.call->deadline();
  std::string why;
  if (due) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(*due - began_).count();
    why = "the call's deadline passed, " + std::to_string(left) +
          " ms after the statement began; allow it more time or ask for less";
  }
  if (request_.timeout && request_.timeout->count() > 0 &&
      (!due || began_ + *request_.timeout < *due)) {
    due = began_ + *request_.timeout;
    why = "the statement ran longer than its timeout of " +
          std::to_string(request_.timeout->count()) +
          " ms and was stopped; raise statement_timeout or ask for less";
  }
  if (!due) return;
  timeout_ = runs_->timers().At(*due, [weak = weak_from_this(), why] {
    if (const auto run = weak.lock()) run->Stop(ErrorKind::kDeadlineExceeded, why);
  });
}

arrow::Status StatementRun::Attach(engine::Connection& connection) {
  {
    std::lock_guard lock(mutex_);
    connection_ = &connection;
  }
  const arrow::Status alive = Check();
  if (!alive.ok()) Detach(connection);
  return alive;
}

void StatementRun::Detach(const engine::Connection& connection) {
  std::lock_guard lock(mutex_);
  if (connection_ == &connection) connection_ = nullptr;
}

void StatementRun::Interrupt() {
  std::lock_guard lock(mutex_);
  if (connection_ != nullptr) connection_->Interrupt();
}

void StatementRun::OnStop() {
  Interrupt();
  // An upload is its call: the thread that waits for its client has to be woken too.
  if (request_.kind == RunKind::kIngest) {
    const arrow::Status reason = Check();
    request_.call->Cancel(base::KindOf(reason), reason.message());
  }
  auto again = runs_->timers().Every(kInterruptAgain, [weak = weak_from_this()] {
    if (const auto run = weak.lock()) run->Interrupt();
  });
  std::function<void()> release;
  {
    std::lock_guard lock(mutex_);
    again_ = std::move(again);
    release = release_;
  }
  if (release) runs_->CleanUp(std::move(release));
}

void StatementRun::HandOut(std::function<void()> release) {
  bool stopped = false;
  {
    std::lock_guard lock(mutex_);
    release_ = release;
    stopped = context_.stop_token().stop_requested();
  }
  last_read_ = runs_->clock().Now();
  handed_out_ = true;
  if (stopped) runs_->CleanUp(std::move(release));
}

void StatementRun::ReadEnds() {
  last_read_ = runs_->clock().Now();
  reading_ = false;
}

std::optional<base::Clock::Steady> StatementRun::IdleSince() const {
  if (!handed_out_ || reading_) return std::nullopt;
  return last_read_.load();
}

void StatementRun::SetVerb(const std::string& verb) {
  {
    std::lock_guard lock(mutex_);
    verb_ = verb;
  }
  if (request_.kind != RunKind::kInternal) runs_->log_of_statements().SetVerb(id_, verb);
}

void StatementRun::SetRows(int64_t rows) {
  {
    std::lock_guard lock(mutex_);
    rows_ = rows;
  }
  if (request_.kind != RunKind::kInternal) runs_->log_of_statements().SetRows(id_, rows);
}

void StatementRun::SetCache(const std::string& outcome) {
  if (request_.kind != RunKind::kInternal) {
    runs_->log_of_statements().SetCache(id_, outcome);
  }
}

void StatementRun::AddReturnedRows(int64_t rows) {
  int64_t sum = 0;
  {
    std::lock_guard lock(mutex_);
    sum = returned_ += rows;
  }
  SetRows(sum);
}

arrow::Status StatementRun::Explain(arrow::Status status) const {
  if (status.ok() || base::KindOf(status) != ErrorKind::kCancelled) return status;
  arrow::Status reason = Check();
  return reason.ok() ? status : reason;
}

void StatementRun::Finish(const arrow::Status& status) {
  if (finished_.exchange(true)) return;
  Disarm();
  Record(status);
  runs_->Remove(*this);
}

void StatementRun::FinishUnrecorded() {
  if (finished_.exchange(true)) return;
  Disarm();
  runs_->log_of_statements().Forget(id_);
  runs_->Remove(*this);
}

void StatementRun::Disarm() {
  on_call_stop_.reset();
  timeout_.reset();
  on_stop_.reset();
  std::unique_ptr<base::Timers::Handle> again;
  std::function<void()> release;
  {
    std::lock_guard lock(mutex_);
    connection_ = nullptr;
    again = std::move(again_);
    release = std::move(release_);
  }
}

// DuckDB quotes the statement from the second line on, and bad values in the first.
std::string StatementRun::ShownError(const arrow::Status& status) const {
  if (!request_.may_hold_secrets) return status.message();
  return std::string(base::ErrorKindName(base::KindOf(status))) +
         " (the message may quote a secret and is not shown)";
}

void StatementRun::Record(const arrow::Status& status) {
  if (request_.kind == RunKind::kInternal) return;
  std::string verb;
  int64_t rows = 0;
  int64_t returned = 0;
  {
    std::lock_guard lock(mutex_);
    verb = verb_;
    rows = rows_;
    returned = returned_;
  }
  const auto duration = runs_->clock().Now() - began_;
  const bool cancelled = !status.ok() && base::KindOf(status) == ErrorKind::kCancelled;
  runs_->log_of_statements().Finish(id_,
                                    status.ok() ? "done"
                                    : cancelled ? "cancelled"
                                                : "failed",
                                    status.ok() ? "" : ShownError(status));
  runs_->figures().StatementEnded(verb, status, duration);
  if (returned > 0) runs_->figures().RowsReturned(returned);

  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  const bool slow = runs_->slow_statement().count() > 0 &&
                    duration >= runs_->slow_statement() &&
                    request_.kind == RunKind::kStatement;
  const auto level = slow ? base::LogLevel::kWarn : base::LogLevel::kDebug;
  base::Log& log = runs_->log();
  if (!log.Enabled(level)) return;
  const std::string sql = Beginning(request_.sql, StatementLog::kMaxTextBytes);
  const std::string outcome =
      status.ok() ? "ok" : std::string(base::ErrorKindName(base::KindOf(status)));
  log.Write(level, slow ? "slow statement" : "statement ended",
            {{"request_id", context_.request_id()},
             {"statement", id_},
             {"session", request_.session},
             {"verb", verb},
             {"status", outcome},
             {"duration_ms", static_cast<int64_t>(milliseconds)},
             {"rows", rows},
             {"sql", sql},
             {"parameters", request_.parameters}});
}

}  // namespace pintail::gateway
