// Calls made at a time or again and again: deadlines, expiry sweeps.
//
// One thread runs the callbacks, so they must be short (cancel, enqueue, sweep). With a
// ManualClock the thread does nothing by itself: a test moves the clock and calls RunDue.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/clock.h"

namespace pintail::base {

class Timers {
 public:
  // Cancels its timer when destroyed. After the destructor returns the callback is not
  // running and will not run again (unless it is the callback itself that destroys it).
  class Handle {
   public:
    virtual ~Handle() = default;
  };

  // `clock` outlives this object. `start_thread` false: only RunDue runs callbacks.
  explicit Timers(const Clock& clock, bool start_thread = true);
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  [[nodiscard]] std::unique_ptr<Handle> At(Clock::Steady when,
                                           std::function<void()> callback);
  [[nodiscard]] std::unique_ptr<Handle> Every(std::chrono::nanoseconds interval,
                                              std::function<void()> callback);
  // Runs everything that is due by the clock, in the caller's thread.
  void RunDue();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pintail::base
