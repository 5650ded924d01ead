#include "backend/wakeup.h"

namespace pintail::backend {

Wakeup::Cause Wakeup::WaitUntil(base::Timers& timers, base::Clock::Steady until,
                                const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [this] { Set(Cause::kStopped); });
  const auto alarm = timers.At(until, [this] { Set(Cause::kTimedOut); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return cause_.has_value(); });
  return *cause_;
}

void Wakeup::Set(Cause cause) {
  // Notified under the lock: the waiter may destroy this as soon as it can return.
  const std::lock_guard lock(mutex_);
  if (cause_) return;
  cause_ = cause;
  changed_.notify_all();
}

}  // namespace pintail::backend
