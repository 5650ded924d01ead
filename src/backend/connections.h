// The way to a source: its pool, its breaker, and another try where one may help.
//
// Thread-safe. Owned by a source; `clock` and `timers` outlive it.
#pragma once

#include <memory>
#include <stop_token>

#include "arrow/result.h"
#include "backend/breaker.h"
#include "backend/pool.h"
#include "base/clock.h"
#include "base/timers.h"

namespace pintail::backend {

struct RetryOptions {
  int tries = 3;  // in all
  std::chrono::milliseconds first_pause{50};
};

class Connections {
 public:
  Connections(PoolOptions pool, RetryOptions retry, Pool::Open open,
              const base::Clock& clock, base::Timers& timers);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // A connection, opened at most `tries` times. Errors as of Pool::Take; Unavailable at
  // once while the breaker refuses.
  arrow::Result<Lease> Take(const std::stop_token& stop);
  // Waits before try number `tried` + 1, if there is to be one after `error`.
  bool MayTryAgain(const arrow::Status& error, int tried, const std::stop_token& stop);
  // What was found out about the source while a connection was used.
  void Record(const arrow::Status& outcome) { breaker_.Record(outcome); }

  PoolFigures figures() const { return pool_->figures(); }
  Reachability reachability() const { return breaker_.reachability(); }

 private:
  const RetryOptions retry_;
  const base::Clock& clock_;
  base::Timers& timers_;
  const std::function<double()> random_;
  Breaker breaker_;
  const std::shared_ptr<Pool> pool_;
  std::unique_ptr<base::Timers::Handle> sweeper_;
};

}  // namespace pintail::backend
