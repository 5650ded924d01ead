#include "flight/call_watch.h"

#include <string>

#include "arrow/flight/server.h"
#include "flight/grpc_calls.h"

namespace pintail::flight {

CallWatch::CallWatch(const base::Clock& clock, Options options)
    : clock_(clock), options_(options), thread_([this] { Run(); }) {}

CallWatch::~CallWatch() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void CallWatch::Add(WatchedCall* call) {
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    first = calls_.empty();
    calls_.insert(call);
  }
  if (first) wake_.notify_all();
}

void CallWatch::Remove(WatchedCall* call) {
  std::lock_guard lock(mutex_);
  calls_.erase(call);
}

void CallWatch::CancelAll(base::ErrorKind reason, const std::string& why) {
  std::lock_guard lock(mutex_);
  for (WatchedCall* call : calls_) call->context->Cancel(reason, why);
}

void CallWatch::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait(lock, [this] { return stopping_ || !calls_.empty(); });
    wake_.wait_for(lock, options_.interval, [this] { return stopping_; });
    // A call cannot end while it is looked at: Remove waits for this lock.
    for (WatchedCall* call : calls_) Check(*call);
  }
}

void CallWatch::Check(WatchedCall& call) const {
  // Whoever cancelled it could not wake its thread, if that waits for its client.
  if (!call.context->CheckAlive().ok()) {
    EndWait(call);
    return;
  }
  const auto now = clock_.Now();
  const bool is_cancelled = call.server_context->is_cancelled();
  const auto& deadline = call.context->deadline();
  // The client's clock started a little earlier: that it hangs up just before the
  // deadline is the deadline.
  constexpr std::chrono::milliseconds kTransit{100};
  if (deadline && now >= *deadline - (is_cancelled ? kTransit : kTransit.zero())) {
    call.context->Cancel(base::ErrorKind::kDeadlineExceeded,
                         "the call's deadline has passed");
    return;
  }
  if (is_cancelled) {
    call.context->Cancel(base::ErrorKind::kCancelled,
                         "the client cancelled the call or went away");
    return;
  }
  const ClientWait waiting_for = call.waiting_for;
  if (waiting_for == ClientWait::kNone) return;
  const auto waited =
      now.time_since_epoch() - base::Clock::Steady::duration(call.wait_since);
  const auto timeout =
      waiting_for == ClientWait::kToTake ? options_.take_timeout : options_.send_timeout;
  if (waited < timeout) return;
  const std::string waited_for = std::to_string(timeout.count()) + " ms";
  call.context->Cancel(
      base::ErrorKind::kDeadlineExceeded,
      waiting_for == ClientWait::kToTake
          ? "the client took nothing for " + waited_for +
                " (flight.stream_idle_timeout); read results steadily or ask for less"
          : "the client sent nothing for " + waited_for +
                " (flight.upload_idle_timeout); close uploads that are not in use");
  if (call.grpc_call) call.grpc_call->Abort();
}

void CallWatch::EndWait(const WatchedCall& call) const {
  const ClientWait waiting_for = call.waiting_for;
  if (waiting_for == ClientWait::kNone || !call.grpc_call) return;
  // A client that reads on is told why the call ended, with the next message; one that
  // has to send something first would never learn it.
  constexpr std::chrono::seconds kToRead{1};
  const auto waited =
      clock_.Now().time_since_epoch() - base::Clock::Steady::duration(call.wait_since);
  if (waiting_for == ClientWait::kToTake && waited < kToRead) return;
  call.grpc_call->Abort();
}

}  // namespace pintail::flight
