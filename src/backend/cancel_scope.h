// Lets a stop token interrupt a call that blocks in a driver.
//
// A request to cancel that comes a moment before the driver has sent its query is lost
// with most drivers, so it is repeated until the call has ended. Made and destroyed by
// the thread that makes the call.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

#include "backend/wakeup.h"
#include "base/clock.h"
#include "base/timers.h"

namespace pintail::backend {

class CancelScope {
 public:
  // `cancel` may be called from other threads, until this is destroyed.
  CancelScope(const base::Clock& clock, base::Timers& timers, std::stop_token stop,
              std::function<void()> cancel)
      : clock_(clock),
        timers_(timers),
        cancel_(std::move(cancel)),
        on_stop_(std::move(stop), Start{this}) {}

 private:
  struct Start {
    CancelScope* scope;
    void operator()() const {
      scope->repeats_ = std::jthread([scope = scope](const std::stop_token& ended) {
        while (!ended.stop_requested()) {
          scope->cancel_();
          Wakeup pause;
          pause.WaitUntil(scope->timers_,
                          scope->clock_.Now() + std::chrono::milliseconds(100), ended);
        }
      });
    }
  };

  const base::Clock& clock_;
  base::Timers& timers_;
  const std::function<void()> cancel_;
  std::jthread repeats_;  // ends before what it uses, after nobody can start it any more
  std::stop_callback<Start> on_stop_;
};

}  // namespace pintail::backend
