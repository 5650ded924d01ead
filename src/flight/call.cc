#include "flight/call.h"

#include <chrono>
#include <utility>

#include "flight/door.h"
#include "flight/wire_error.h"

namespace pintail::flight {
namespace {

// Errors about what the client sent quote it, literals and all. Its client is told, and
// pintail.statements where nothing in the statement is secret; the log is not.
bool MayQuoteRequest(const arrow::Status& status) {
  if (status.ok()) return false;
  switch (base::KindOf(status)) {
    case base::ErrorKind::kNotFound:
    case base::ErrorKind::kAlreadyExists:
    case base::ErrorKind::kInvalidSql:
    case base::ErrorKind::kInvalidArgument:
    case base::ErrorKind::kConflict:
    case base::ErrorKind::kUnimplemented:
      return true;
    default:
      return false;
  }
}

}  // namespace

Call::Call(Door& door, Start start)
    : door_(door),
      method_(start.method),
      started_(door.rooms.clock.Now()),
      session_id_(std::move(start.session_id)) {
  watched_.context = std::move(start.context);
  watched_.grpc_call = std::move(start.grpc_call);
  watched_.server_context = &start.server_context;
  door_.active_calls.fetch_add(1);
  door_.active_gauge.Add(1);
  door_.watch.Add(&watched_);
}

Call::~Call() {
  if (!finished_) {
    const arrow::Status reason = context()->CheckAlive();
    // There is nobody to tell.
    (void)Finish(reason.ok() ? base::MakeError(base::ErrorKind::kCancelled,
                                               "the client went away before the end")
                             : reason);
  }
}

gateway::Gateway& Call::gateway() { return door_.rooms.gateway; }

arrow::Result<gateway::SessionPtr> Call::Session() {
  if (!session_) {
    auto opened = gateway().OpenSession(context(), session_id_);
    if (!opened.ok() &&
        base::KindOf(opened.status()) == base::ErrorKind::kResourceExhausted) {
      door_.sweep.Run();  // makes room of what clients left behind
      opened = gateway().OpenSession(context(), session_id_);
    }
    ARROW_ASSIGN_OR_RAISE(session_, std::move(opened));
  }
  return session_;
}

arrow::Result<gateway::CacheControl> Call::Cache() const {
  const auto& headers = watched_.server_context->incoming_headers();
  const auto found = headers.find("cache-control");
  if (found == headers.end()) return gateway::CacheControl{};
  return gateway::CacheControl::Parse(found->second);
}

void Call::StartWaiting(ClientWait wait) {
  watched_.StartWaiting(wait, door_.rooms.clock.Now());
}

arrow::Status Call::Explained(const arrow::Status& status) const {
  const arrow::Status reason = context()->CheckAlive();
  if (reason.ok() || status.ok()) return status;
  const base::ErrorKind kind = base::KindOf(status);
  const bool follows =
      kind == base::ErrorKind::kCancelled || kind == base::ErrorKind::kInternal;
  return follows ? reason : status;
}

arrow::Status Call::Finish(const arrow::Status& raw) {
  if (finished_) return raw;
  finished_ = true;
  door_.watch.Remove(&watched_);
  const arrow::Status status = Explained(raw);
  Record(status);
  session_.reset();
  door_.sessions.EndCall(session_id_);
  door_.active_gauge.Add(-1);
  door_.active_calls.fetch_sub(1);
  if (status.ok()) return status;
  const base::ErrorKind kind = base::KindOf(status);
  const std::string message = WireMessage(status.message(), context()->request_id());
  if (watched_.grpc_call) watched_.grpc_call->SetOutcome(kind, message);
  return FlightStatus(kind, message);
}

void Call::Record(const arrow::Status& status) {
  const std::chrono::duration<double> seconds = door_.rooms.clock.Now() - started_;
  const std::string_view outcome =
      status.ok() ? "ok" : base::ErrorKindName(base::KindOf(status));
  const int64_t received = watched_.grpc_call ? watched_.grpc_call->bytes_received() : 0;
  door_.CountCall(method_, outcome, seconds.count(), received, bytes_sent_);

  base::LogLevel level = base::LogLevel::kDebug;
  if (!status.ok()) {
    level = base::KindOf(status) == base::ErrorKind::kInternal ? base::LogLevel::kWarn
                                                               : base::LogLevel::kInfo;
  }
  if (!door_.log.Enabled(level)) return;
  const auto write = [&](auto... error) {
    door_.log.Write(level, status.ok() ? "call" : "call failed",
                    {{"method", std::string_view(method_)},
                     {"status", outcome},
                     {"seconds", seconds.count()},
                     {"peer", std::string_view(context()->peer())},
                     {"bytes_in", received},
                     {"bytes_out", bytes_sent_},
                     {"request_id", std::string_view(context()->request_id())},
                     error...});
  };
  if (status.ok() || MayQuoteRequest(status)) return write();
  write(base::LogField{"error", std::string_view(status.message())});
}

}  // namespace pintail::flight
