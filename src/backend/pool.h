// A bounded pool of connections to one source.
//
// A lease is one connection for one user at a time; it travels with the rows that are
// read through it and gives the connection back when it goes. Callers that find none free
// wait in the order in which they came. Connections are opened, and looked at after they
// have idled, in a thread of their own, so that a source that does not answer costs its
// caller connect_timeout and no more; a connection that comes later is kept for the next.
//
// Thread-safe. Owned by a source, which calls Close before the clock and the timers go.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "backend/wakeup.h"
#include "base/clock.h"
#include "base/timers.h"

namespace pintail::backend {

// What a pool keeps. Its destructor closes it; one thread at a time.
class PooledConnection {
 public:
  virtual ~PooledConnection() = default;
  // Whether it still answers.
  virtual arrow::Status Check() = 0;
};

struct PoolOptions {
  std::string source;  // for messages
  int min = 0;         // kept open even when idle
  int max = 10;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds lease_timeout{30'000};  // wait for a free one
  std::chrono::milliseconds idle_timeout{300'000};
  std::chrono::milliseconds max_lifetime{1'800'000};
  std::chrono::milliseconds check_after{5'000};  // idled longer than this: asked first
};

struct PoolFigures {
  int open = 0;  // leased and idle
  int leased = 0;
  int waiting = 0;
  int64_t opened = 0;  // since the start
  int64_t failed = 0;  // attempts to open one
};

class Pool;

// A connection of a pool. Movable; one thread at a time. Empty when default-constructed.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease() { GiveBack(); }

  explicit operator bool() const { return connection_ != nullptr; }
  PooledConnection* get() const { return connection_.get(); }
  // Whether it answered just now: it was opened or checked for this lease.
  bool proven() const { return proven_; }
  // The connection is in doubt: closed instead of kept when it is given back.
  void Discard() { discard_ = true; }
  void GiveBack();

 private:
  friend class Pool;
  Lease(std::shared_ptr<Pool> pool, std::unique_ptr<PooledConnection> connection,
        base::Clock::Steady opened, bool proven);

  std::shared_ptr<Pool> pool_;
  std::unique_ptr<PooledConnection> connection_;
  base::Clock::Steady opened_;
  bool proven_ = false;
  bool discard_ = false;
};

class Pool : public std::enable_shared_from_this<Pool> {
 public:
  // Opens a connection. Runs in a thread of the pool's; several may run at a time.
  using Open = std::function<arrow::Result<std::unique_ptr<PooledConnection>>(
      std::stop_token stop)>;

  static std::shared_ptr<Pool> Make(PoolOptions options, Open open,
                                    const base::Clock& clock, base::Timers& timers);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // ResourceExhausted when none came free in lease_timeout; Cancelled when stopped;
  // Unavailable when opening took longer than connect_timeout, or the pool is closed;
  // else the error of opening.
  arrow::Result<Lease> Take(std::stop_token stop);
  // Closes what has idled or lived too long and begins to open connections up to `min`.
  // May take as long as closing a connection does.
  void Sweep();
  // Whether there is something for Sweep to do.
  bool NeedsSweep() const;
  // Refuses everything from now on and closes what is idle. Leases that are out stay
  // usable and are closed when they come back.
  void Close();
  PoolFigures figures() const;
  const PoolOptions& options() const { return options_; }

 private:
  friend class Lease;
  struct Idle {
    std::unique_ptr<PooledConnection> connection;
    base::Clock::Steady opened;
    base::Clock::Steady since;
  };
  struct Waiter {
    Wakeup wakeup;
    bool granted = false;
  };
  struct Opening;

  Pool(PoolOptions options, Open open, const base::Clock& clock, base::Timers& timers);
  arrow::Status TakePermit(const std::stop_token& stop);
  void ReturnPermit();  // mutex_ is held
  bool IsOld(const Idle& idle, base::Clock::Steady now) const;
  int ToOpen() const;  // mutex_ is held
  Idle TakeIdle(std::vector<Idle>* old);
  // Waits for Prepare, at most connect_timeout.
  arrow::Result<Lease> PrepareWithin(Idle idle, const std::stop_token& stop);
  void StartPreparing(std::shared_ptr<Opening> opening, Idle idle);
  arrow::Result<Idle> Prepare(Idle idle, const std::stop_token& stop);
  void KeepLate(arrow::Result<Idle> prepared);
  void GiveBack(std::unique_ptr<PooledConnection> connection, base::Clock::Steady opened,
                bool discard);

  const PoolOptions options_;
  const Open open_;
  const base::Clock& clock_;
  base::Timers& timers_;

  mutable std::mutex mutex_;
  // Protected by mutex_. A permit allows one connection to be out or to be opened.
  int permits_;
  int leased_ = 0;
  bool closed_ = false;
  int64_t opened_ = 0;
  int64_t failed_ = 0;
  std::vector<Idle> idle_;      // the last used is taken first
  std::list<Waiter*> waiters_;  // in the order in which they came
};

}  // namespace pintail::backend
