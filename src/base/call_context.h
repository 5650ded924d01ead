// One call from outside, from door to store: who calls, how long it may take, and whether
// it is still wanted.
//
// A door makes one per call and passes it down as the first parameter. Thread-safe: any
// thread may cancel it and any thread may ask.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "arrow/status.h"
#include "base/clock.h"
#include "base/error.h"

namespace pintail::base {

class CallContext {
 public:
  struct Options {
    std::string request_id;  // shown in every log line and error of the call
    std::string identity;    // the authenticated caller; empty while there is no login
    std::string peer;        // network address of the client, for logs and sessions
    std::string protocol;    // "flight", "rest" or "internal"
    std::string method;      // for example "GetFlightInfo" or "POST /v1/query"
    std::optional<Clock::Steady> deadline;
  };

  explicit CallContext(Options options) : options_(std::move(options)) {}
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  const std::string& request_id() const { return options_.request_id; }
  const std::string& identity() const { return options_.identity; }
  const std::string& peer() const { return options_.peer; }
  const std::string& protocol() const { return options_.protocol; }
  const std::string& method() const { return options_.method; }
  const std::optional<Clock::Steady>& deadline() const { return options_.deadline; }

  // Asks everything that works for this call to stop. The first reason is kept; `why`
  // becomes the message of the error the caller gets. Runs the stop callbacks.
  void Cancel(ErrorKind reason, std::string why);

  // OK, or the error that Cancel was called with.
  arrow::Status CheckAlive() const;

  // For std::stop_callback: how a running query is interrupted.
  std::stop_token stop_token() const { return stop_.get_token(); }

 private:
  const Options options_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  arrow::Status reason_;  // protected by mutex_; set once, before stop is requested
};

// A random id of 16 hexadecimal digits for a call that brought none.
std::string NewRequestId();

}  // namespace pintail::base
