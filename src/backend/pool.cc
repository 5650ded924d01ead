#include "backend/pool.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/error.h"

namespace pintail::backend {

using base::ErrorKind;
using base::MakeError;

// One connection that is being opened or looked at, and who waits for it.
struct Pool::Opening {
  Wakeup wakeup;
  std::stop_source stop;
  std::mutex mutex;
  // Protected by mutex.
  bool abandoned = false;
  std::optional<arrow::Result<Idle>> prepared;
};

Lease::Lease(std::shared_ptr<Pool> pool, std::unique_ptr<PooledConnection> connection,
             base::Clock::Steady opened, bool proven)
    : pool_(std::move(pool)),
      connection_(std::move(connection)),
      opened_(opened),
      proven_(proven) {}

Lease::Lease(Lease&& other) noexcept
    : pool_(std::move(other.pool_)),
      connection_(std::move(other.connection_)),
      opened_(other.opened_),
      proven_(other.proven_),
      discard_(other.discard_) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  GiveBack();
  pool_ = std::move(other.pool_);
  connection_ = std::move(other.connection_);
  opened_ = other.opened_;
  proven_ = other.proven_;
  discard_ = other.discard_;
  return *this;
}

void Lease::GiveBack() {
  if (!connection_) return;
  const std::shared_ptr<Pool> pool = std::move(pool_);
  pool->GiveBack(std::move(connection_), opened_, discard_);
  discard_ = false;
}

std::shared_ptr<Pool> Pool::Make(PoolOptions options, Open open, const base::Clock& clock,
                                 base::Timers& timers) {
  return std::shared_ptr<Pool>(
      new Pool(std::move(options), std::move(open), clock, timers));
}

Pool::Pool(PoolOptions options, Open open, const base::Clock& clock, base::Timers& timers)
    : options_(std::move(options)),
      open_(std::move(open)),
      clock_(clock),
      timers_(timers),
      permits_(options_.max) {}

Pool::~Pool() = default;

arrow::Result<Lease> Pool::Take(std::stop_token stop) {
  ARROW_RETURN_NOT_OK(TakePermit(stop));
  std::vector<Idle> old;  // closed when this returns, outside of the lock
  Idle idle = TakeIdle(&old);
  if (idle.connection && clock_.Now() - idle.since <= options_.check_after) {
    const std::lock_guard lock(mutex_);
    ++leased_;
    return Lease(shared_from_this(), std::move(idle.connection), idle.opened,
                 /*proven=*/false);
  }
  return PrepareWithin(std::move(idle), stop);
}

arrow::Status Pool::TakePermit(const std::stop_token& stop) {
  if (stop.stop_requested()) {
    return MakeError(ErrorKind::kCancelled, "source '", options_.source,
                     "': the call was cancelled before it got a connection");
  }
  Waiter waiter;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      return MakeError(ErrorKind::kUnavailable, "source '", options_.source,
                       "' is being closed");
    }
    if (permits_ > 0 && waiters_.empty()) {
      --permits_;
      return arrow::Status::OK();
    }
    waiters_.push_back(&waiter);
  }
  const Wakeup::Cause cause =
      waiter.wakeup.WaitUntil(timers_, clock_.Now() + options_.lease_timeout, stop);
  const std::lock_guard lock(mutex_);
  waiters_.remove(&waiter);
  if (closed_) {
    if (waiter.granted) ReturnPermit();
    return MakeError(ErrorKind::kUnavailable, "source '", options_.source,
                     "' was closed while this call waited for a connection");
  }
  // A permit that came at the same moment as the end of the wait is not lost.
  if (waiter.granted && cause != Wakeup::Cause::kStopped) return arrow::Status::OK();
  if (waiter.granted) ReturnPermit();
  if (cause == Wakeup::Cause::kStopped) {
    return MakeError(ErrorKind::kCancelled, "source '", options_.source,
                     "': the call was cancelled while it waited for a connection");
  }
  return MakeError(ErrorKind::kResourceExhausted, "source '", options_.source, "': all ",
                   options_.max, " connections were in use for ",
                   options_.lease_timeout.count(),
                   " ms; try again, or raise its pool_max or lease_timeout");
}

void Pool::ReturnPermit() {
  if (waiters_.empty()) {
    ++permits_;
    return;
  }
  Waiter* const first = waiters_.front();
  waiters_.pop_front();
  first->granted = true;
  first->wakeup.Wake();
}

bool Pool::IsOld(const Idle& idle, base::Clock::Steady now) const {
  return now - idle.opened >= options_.max_lifetime ||
         now - idle.since >= options_.idle_timeout;
}

Pool::Idle Pool::TakeIdle(std::vector<Idle>* old) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.Now();
  while (!idle_.empty()) {
    Idle idle = std::move(idle_.back());
    idle_.pop_back();
    if (!IsOld(idle, now)) return idle;
    old->push_back(std::move(idle));
  }
  return Idle{};
}

arrow::Result<Lease> Pool::PrepareWithin(Idle idle, const std::stop_token& stop) {
  const auto opening = std::make_shared<Opening>();
  const auto until = clock_.Now() + options_.connect_timeout;
  StartPreparing(opening, std::move(idle));
  const Wakeup::Cause cause = opening->wakeup.WaitUntil(timers_, until, stop);
  std::unique_lock opening_lock(opening->mutex);
  if (!opening->prepared) {
    opening->abandoned = true;
    opening_lock.unlock();
    opening->stop.request_stop();
    if (cause == Wakeup::Cause::kStopped) {
      return MakeError(ErrorKind::kCancelled, "source '", options_.source,
                       "': the call was cancelled while a connection was opened");
    }
    return MakeError(ErrorKind::kUnavailable, "source '", options_.source,
                     "' did not open a connection within ",
                     options_.connect_timeout.count(),
                     " ms; see whether it runs, or raise its connect_timeout");
  }
  arrow::Result<Idle> prepared = *std::move(opening->prepared);
  opening_lock.unlock();
  const std::lock_guard lock(mutex_);
  if (!prepared.ok()) {
    ReturnPermit();
    return prepared.status();
  }
  ++leased_;
  return Lease(shared_from_this(), std::move(prepared->connection), prepared->opened,
               /*proven=*/true);
}

void Pool::StartPreparing(std::shared_ptr<Opening> opening, Idle idle) {
  // Detached: a source that never answers must not hold up who waits, or the end of the
  // server. After Close the thread touches nothing but the pool, which it keeps alive.
  std::thread([pool = shared_from_this(), opening = std::move(opening),
               idle = std::move(idle)]() mutable {
    arrow::Result<Idle> prepared =
        pool->Prepare(std::move(idle), opening->stop.get_token());
    std::unique_lock lock(opening->mutex);
    if (opening->abandoned) {
      lock.unlock();
      pool->KeepLate(std::move(prepared));
      return;
    }
    opening->prepared = std::move(prepared);
    // Who waits may take the pool and all it stands on down as soon as it is woken.
    pool.reset();
    lock.unlock();
    opening->wakeup.Wake();
  }).detach();
}

arrow::Result<Pool::Idle> Pool::Prepare(Idle idle, const std::stop_token& stop) {
  if (idle.connection && idle.connection->Check().ok()) return idle;
  idle.connection.reset();
  auto opened = open_(stop);
  const std::lock_guard lock(mutex_);
  if (!opened.ok()) {
    ++failed_;
    return opened.status();
  }
  ++opened_;
  // After Close there may be no clock any more; nobody asks for this connection's age.
  const auto now = closed_ ? base::Clock::Steady{} : clock_.Now();
  return Idle{.connection = *std::move(opened), .opened = now, .since = now};
}

void Pool::KeepLate(arrow::Result<Idle> prepared) {
  const std::lock_guard lock(mutex_);
  if (!closed_ && prepared.ok()) {
    prepared->since = clock_.Now();
    idle_.push_back(*std::move(prepared));
  }
  ReturnPermit();
}

void Pool::GiveBack(std::unique_ptr<PooledConnection> connection,
                    base::Clock::Steady opened, bool discard) {
  {
    const std::lock_guard lock(mutex_);
    --leased_;
    if (!closed_ && !discard && clock_.Now() - opened < options_.max_lifetime) {
      idle_.push_back(
          {.connection = std::move(connection), .opened = opened, .since = clock_.Now()});
      ReturnPermit();
      return;
    }
  }
  // Closed before the next one may be opened, so that the source never sees more than
  // max.
  connection.reset();
  const std::lock_guard lock(mutex_);
  ReturnPermit();
}

void Pool::Sweep() {
  std::vector<Idle> old;
  int to_open = 0;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    const auto now = clock_.Now();
    // The longest unused come first. As many as `min` may idle, but none outlives its
    // time.
    int open = static_cast<int>(idle_.size()) + leased_;
    std::erase_if(idle_, [&](Idle& idle) {
      const bool lived = now - idle.opened >= options_.max_lifetime;
      if (!lived && (open <= options_.min || !IsOld(idle, now))) return false;
      --open;
      old.push_back(std::move(idle));
      return true;
    });
    to_open = ToOpen();
    permits_ -= to_open;
  }
  old.clear();
  for (int i = 0; i < to_open; ++i) {
    auto opening = std::make_shared<Opening>();
    opening->abandoned = true;  // nobody waits: it is kept when it comes
    StartPreparing(std::move(opening), Idle{});
  }
}

int Pool::ToOpen() const {
  // What is being opened has taken a permit already.
  const int have = options_.max - permits_ + static_cast<int>(idle_.size());
  return std::max(0, std::min(options_.min - have, permits_));
}

bool Pool::NeedsSweep() const {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  const auto now = clock_.Now();
  return ToOpen() > 0 ||
         std::ranges::any_of(idle_, [&](const Idle& idle) { return IsOld(idle, now); });
}

void Pool::Close() {
  std::vector<Idle> idle;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  idle.swap(idle_);
  for (Waiter* waiter : waiters_) waiter->wakeup.Wake();
}

PoolFigures Pool::figures() const {
  const std::lock_guard lock(mutex_);
  return {.open = static_cast<int>(idle_.size()) + leased_,
          .leased = leased_,
          .waiting = static_cast<int>(waiters_.size()),
          .opened = opened_,
          .failed = failed_};
}

}  // namespace pintail::backend
