#include "gateway/gateway.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "cache/cache.h"
#include "catalog/sources.h"
#include "gateway/gateway_impl.h"
#include "gateway/process_figures.h"
#include "gateway/system_views.h"
#include "ingest/warnings.h"

namespace pintail::gateway {
namespace {

using base::ErrorKind;
using base::MakeError;

constexpr std::chrono::seconds kSweepInterval{1};

// For how long an open transaction without a statement keeps its session from giving way:
// a client that works is back by then, one that vanished is not.
constexpr std::chrono::minutes kTransactionPatience{1};

template <typename Entries>
void DropLater(Runs& runs, Entries entries) {
  if (entries.empty()) return;
  auto dropped = std::make_shared<Entries>(std::move(entries));
  // What it holds may be a result or a transaction that takes time to end.
  runs.CleanUp([dropped]() mutable { dropped.reset(); });
}

std::string ParametersForLog(const StatementRequest& request, bool wanted) {
  if (!wanted || !request.parameters) return "";
  return Beginning(request.parameters->ToString(), StatementLog::kMaxTextBytes);
}

}  // namespace

arrow::Result<std::unique_ptr<Gateway>> Gateway::Make(const Rooms& rooms,
                                                      GatewayOptions options) {
  auto gateway = std::make_unique<GatewayImpl>(rooms, std::move(options));
  ARROW_RETURN_NOT_OK(gateway->Start());
  return gateway;
}

GatewayImpl::GatewayImpl(const Rooms& rooms, GatewayOptions options)
    : rooms_(rooms),
      options_(std::move(options)),
      runs_(std::make_shared<Runs>(rooms, options_)),
      sessions_(std::make_shared<SessionRegistry>(
          rooms.database, rooms.clock, options_.max_sessions,
          SessionRegistry::Eviction{
              .judge = [this](const auto& each) { return Judge(each); },
              .close = [this](const auto& each) { Evict(each); }})),
      parked_(rooms.clock, {.what = "parked result",
                            .option = "statement.max_parked_results",
                            .max = options_.max_parked_results}),
      prepared_(rooms.clock, {.what = "prepared statement",
                              .option = "session.max_prepared",
                              .max = options_.max_prepared_per_session,
                              .per_session = true}),
      transactions_(
          rooms.clock,
          {.what = "transaction", .option = "session.max", .max = options_.max_sessions}),
      background_(rooms.clock, {.what = "background statement",
                                .option = "statement.max_parked_results",
                                .max = options_.max_parked_results}),
      write_path_(
          rooms.streams, rooms.arrivals, rooms.clock, rooms.timers,
          {.lock_timeout = options_.ingest_lock_timeout, .metrics = &rooms.metrics},
          rooms.repeats) {}

GatewayImpl::~GatewayImpl() {
  sweep_.reset();
  (void)Drain(std::chrono::milliseconds(0));
  executor_.reset();
  runs_->EndCleaning();
}

arrow::Status GatewayImpl::Start() {
  ARROW_ASSIGN_OR_RAISE(ready_, rooms_.database.Connect());
  if (rooms_.cache != nullptr) {
    ARROW_ASSIGN_OR_RAISE(const auto settings, ready_->Settings());
    std::lock_guard lock(ready_mutex_);
    server_settings_ = settings.everybodys;
  }
  executor_ = std::make_unique<base::Executor>(
      base::Executor::Options{.name = "background", .threads = 4, .max_queue = 64});
  ARROW_RETURN_NOT_OK(AddSystemViews(rooms_, options_, runs_, sessions_));
  ReportProcess(rooms_.metrics, rooms_.database);
  rooms_.metrics.OnRender([weak = std::weak_ptr(sessions_), runs = std::weak_ptr(runs_)] {
    const auto sessions = weak.lock();
    const auto figures = runs.lock();
    if (sessions && figures) {
      figures->figures().sessions_open().Set(static_cast<double>(sessions->size()));
    }
  });
  sweep_ = rooms_.timers.Every(kSweepInterval, [this] { Sweep(); });
  return arrow::Status::OK();
}

void GatewayImpl::Sweep() {
  const auto now = rooms_.clock.Now();
  runs_->StopIdle(options_.result_idle_timeout);
  if (options_.result_idle_timeout.count() > 0) {
    const auto since = now - options_.result_idle_timeout;
    // One whose statement still runs is waited for, however long that takes.
    DropLater(*runs_, parked_.TakeIdle(since));
    DropLater(*runs_, background_.TakeIdle(since));
  }
  if (options_.session_idle_timeout.count() > 0) {
    for (const SessionPtr& session : sessions_->TakeIdle(options_.session_idle_timeout)) {
      runs_->log().Info("closing an idle session", {{"session", session->number()}});
      Close(session,
            "was closed with its session, which had no call for " +
                std::to_string(options_.session_idle_timeout.count()) +
                " ms (session.idle_timeout); make it again, or raise that option");
    }
    // Sessions without a key live as long as their handles: those go by the same rule.
    const auto since = now - options_.session_idle_timeout;
    const auto forgotten = [&](const Handled& each) {
      const auto idle = each.session->IdleSince();
      return each.session->identity().transient && each.used <= since && idle &&
             *idle <= since;
    };
    DropLater(*runs_, prepared_.TakeIf(forgotten));
    DropLater(*runs_, transactions_.TakeIf(forgotten));
  }
  Figures& figures = runs_->figures();
  figures.prepared_open().Set(static_cast<double>(prepared_.size()));
  figures.parked_open().Set(static_cast<double>(parked_.size()));
  figures.parked_bytes().Set(static_cast<double>(parked_.weight()));
  figures.transactions_open().Set(static_cast<double>(transactions_.size()));
}

void GatewayImpl::Close(const SessionPtr& session, const std::string& why) {
  const int64_t number = session->number();
  runs_->StopSession(number, "the session was closed");
  for (const auto& work : background_.TakeOfSession(number, why)) {
    work->call->Cancel(ErrorKind::kCancelled, "the session was closed");
  }
  for (const auto& open : transactions_.TakeOfSession(number, why)) {
    session->CloseSlot(open->slot);
  }
  DropLater(*runs_, parked_.TakeOfSession(number, why));
  DropLater(*runs_, prepared_.TakeOfSession(number, why));
  session->Close();
}

GivesWay GatewayImpl::Judge(const Session& session) const {
  // A result may be read without a connection, when it was kept aside.
  if (runs_->Serves(session.number())) return GivesWay::kNever;
  const bool in_transaction =
      session.InTransaction() || transactions_.CountOfSession(session.number()) > 0;
  if (!in_transaction) return GivesWay::kFirst;
  const auto since = session.IdleSince();
  const bool patient = since && *since + kTransactionPatience > rooms_.clock.Now();
  return patient ? GivesWay::kNever : GivesWay::kLast;
}

void GatewayImpl::Evict(const SessionPtr& session) {
  runs_->figures().SessionGaveWay();
  runs_->log().Info("an idle session gives way to a new one",
                    {{"session", session->number()},
                     {"peer", std::string_view(session->identity().peer)}});
  Close(session,
        "was closed with its session, which gave way to a new one: as many were open as "
        "session.max allows; make it again, or raise that option");
}

void GatewayImpl::SeeSettings(const engine::SessionSettings& settings) {
  if (rooms_.cache == nullptr) return;
  std::lock_guard lock(ready_mutex_);
  if (settings.everybodys == server_settings_) return;
  server_settings_ = settings.everybodys;
  // Every answer may be another one now.
  rooms_.cache->Changed({.everything = true});
}

arrow::Status GatewayImpl::CheckOpen() const {
  if (!runs_->draining()) return arrow::Status::OK();
  return MakeError(ErrorKind::kUnavailable,
                   "the server is shutting down and takes no new work");
}

arrow::Status GatewayImpl::CheckOwner(const base::CallContext& call,
                                      const Session* session) {
  if (session != nullptr && session->identity().identity == call.identity()) {
    return arrow::Status::OK();
  }
  return MakeError(ErrorKind::kNotFound, "no such session; open a new one");
}

arrow::Result<Place> GatewayImpl::PlaceOf(const base::CallContext& call,
                                          const SessionPtr& session,
                                          const std::string& transaction_id) {
  ARROW_RETURN_NOT_OK(CheckOwner(call, session.get()));
  session->Touch();
  if (transaction_id.empty()) {
    // The session itself: what is kept of the statement must not hold it as a call does.
    return Place{.session = session->shared_from_this(),
                 .transaction = nullptr,
                 .settings_changed = [this](const auto& all) { SeeSettings(all); }};
  }
  ARROW_ASSIGN_OR_RAISE(const auto open,
                        transactions_.Find(transaction_id, call.identity()));
  open->session->Touch();
  return Place{.session = open->session,
               .transaction = open->slot,
               .settings_changed = [this](const auto& all) { SeeSettings(all); }};
}

arrow::Result<GatewayImpl::RunPtr> GatewayImpl::StartRun(const CallPtr& call,
                                                         const Session& session,
                                                         const StatementRequest& request,
                                                         const std::string& parent) {
  if (request.timeout && *request.timeout > kLongestTimeout) {
    return MakeError(ErrorKind::kInvalidArgument, "the statement's timeout is ",
                     request.timeout->count(), " ms but can be at most ",
                     std::chrono::milliseconds(kLongestTimeout).count(),
                     " ms, which is a year");
  }
  const auto timeout = request.timeout               ? request.timeout
                       : session.statement_timeout() ? session.statement_timeout()
                                                     : options_.statement_timeout;
  return runs_->Start({.call = call,
                       .kind = RunKind::kStatement,
                       .session = session.number(),
                       .identity = call->identity(),
                       .parent = parent,
                       .sql = request.sql,
                       .parameters = ParametersForLog(request, options_.log_parameters),
                       .timeout = timeout});
}

arrow::Result<GatewayImpl::RunPtr> GatewayImpl::StartInternal(const CallPtr& call,
                                                              const Session& session) {
  return runs_->Start({.call = call,
                       .kind = RunKind::kInternal,
                       .session = session.number(),
                       .identity = call->identity(),
                       .parent = "",
                       .sql = "",
                       .parameters = "",
                       .timeout = options_.statement_timeout});
}

arrow::Status GatewayImpl::CheckReady(const CallPtr& call) {
  ARROW_RETURN_NOT_OK(CheckOpen());
  ARROW_ASSIGN_OR_RAISE(const RunPtr run, runs_->Start({.call = call,
                                                        .kind = RunKind::kInternal,
                                                        .identity = call->identity(),
                                                        .parent = "",
                                                        .sql = "",
                                                        .parameters = "",
                                                        .timeout = std::nullopt}));
  std::lock_guard lock(ready_mutex_);
  ARROW_RETURN_NOT_OK(run->Attach(*ready_));
  const arrow::Status status =
      ready_->Run("FROM pintail.version", {}, {.materialize = true}).status();
  run->Detach(*ready_);
  return run->Explain(status);
}

std::vector<std::string> GatewayImpl::Warnings() const {
  std::vector<std::string> all;
  if (rooms_.warnings != nullptr) all = rooms_.warnings->Look();
  if (rooms_.sources != nullptr) {
    std::ranges::move(rooms_.sources->Warnings(), std::back_inserter(all));
  }
  return all;
}

arrow::Status GatewayImpl::Drain(std::chrono::milliseconds grace) {
  const arrow::Status status = runs_->Drain(grace);
  for (const SessionPtr& session : sessions_->TakeAll()) Close(session);
  // What is left belongs to sessions without a key.
  for (const auto& open : transactions_.TakeIf([](const auto&) { return true; })) {
    open->session->CloseSlot(open->slot);
  }
  for (const auto& work : background_.TakeIf([](const auto&) { return true; })) {
    work->call->Cancel(ErrorKind::kUnavailable, "the server is shutting down");
  }
  (void)parked_.TakeIf([](const auto&) { return true; });
  (void)prepared_.TakeIf([](const auto&) { return true; });
  return status;
}

}  // namespace pintail::gateway
