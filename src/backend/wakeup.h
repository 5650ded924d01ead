// One thread waits to be woken by another, until a time, or until it is asked to stop.
// Of use once. Wake may be called from any thread, before or while the owner waits.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "base/timers.h"

namespace pintail::backend {

class Wakeup {
 public:
  enum class Cause : uint8_t { kWoken, kTimedOut, kStopped };

  void Wake() { Set(Cause::kWoken); }
  // What came first. A time that has passed already gives kTimedOut when the timers run.
  Cause WaitUntil(base::Timers& timers, base::Clock::Steady until,
                  const std::stop_token& stop);

 private:
  void Set(Cause cause);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Cause> cause_;  // protected by mutex_; the first one stays
};

}  // namespace pintail::backend
