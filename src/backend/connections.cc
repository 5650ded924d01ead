#include "backend/connections.h"

#include <thread>
#include <utility>

#include "backend/wakeup.h"
#include "base/error.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;

constexpr std::chrono::seconds kSweepEvery{5};

// The pool's own refusals say nothing about the source.
bool IsAboutTheSource(const arrow::Status& status) {
  const ErrorKind kind = base::KindOf(status);
  return kind != ErrorKind::kResourceExhausted && kind != ErrorKind::kCancelled;
}

}  // namespace

Connections::Connections(PoolOptions pool, RetryOptions retry, Pool::Open open,
                         const base::Clock& clock, base::Timers& timers)
    : retry_(retry),
      clock_(clock),
      timers_(timers),
      random_(SystemRandom()),
      breaker_({.source = pool.source}, clock),
      pool_(Pool::Make(std::move(pool), std::move(open), clock, timers)) {
  // Closing a connection may take a while, so it is not done in the timers' thread.
  sweeper_ = timers.Every(kSweepEvery, [weak = std::weak_ptr(pool_)] {
    if (auto kept = weak.lock(); kept && kept->NeedsSweep()) {
      std::thread([kept = std::move(kept)] { kept->Sweep(); }).detach();
    }
  });
}

Connections::~Connections() {
  sweeper_.reset();
  pool_->Close();
}

arrow::Result<Lease> Connections::Take(const std::stop_token& stop) {
  for (int tried = 1;; ++tried) {
    ARROW_RETURN_NOT_OK(breaker_.Admit());
    arrow::Result<Lease> lease = pool_->Take(stop);
    if (lease.ok()) {
      if (lease->proven())
        breaker_.Record(arrow::Status::OK());
      else
        breaker_.GiveBackTry();
      return lease;
    }
    const arrow::Status status = lease.status();
    if (IsAboutTheSource(status)) {
      breaker_.Record(status);
    } else {
      breaker_.GiveBackTry();
    }
    if (!MayTryAgain(status, tried, stop)) return status;
  }
}

bool Connections::MayTryAgain(const arrow::Status& error, int tried,
                              const std::stop_token& stop) {
  if (tried >= retry_.tries || stop.stop_requested() ||
      base::KindOf(error) != ErrorKind::kUnavailable ||
      breaker_.reachability().state == Reachability::State::kRefusing) {
    return false;
  }
  const auto pause = retry_.first_pause * (1 << (tried - 1)) * (0.5 + random_() / 2);
  Wakeup wakeup;
  const auto until =
      clock_.Now() + std::chrono::duration_cast<std::chrono::nanoseconds>(pause);
  return wakeup.WaitUntil(timers_, until, stop) == Wakeup::Cause::kTimedOut;
}

}  // namespace pintail::backend
