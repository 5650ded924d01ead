// Between connections and routes: judges heads, finds the route, runs its handler on a
// worker, turns its error into an answer, and counts.
//
// One per door; Begin, Reject and Run are called from I/O threads.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/exchange.h"
#include "http/options.h"
#include "http/origin_check.h"
#include "http/route.h"

namespace pintail::http {

class Dispatcher {
 public:
  // All references outlive the dispatcher.
  struct Rooms {
    const HttpOptions& options;
    const RouteTable& routes;
    base::Clock& clock;
    base::Log& log;
    base::Metrics& metrics;
  };

  explicit Dispatcher(const Rooms& rooms);
  // Joins the workers: every call has been cancelled or has ended by then.
  ~Dispatcher();

  // An exchange for a head that has come whole. What the head alone can decide is decided
  // here: if the request is refused, the answer has already been given.
  std::shared_ptr<Exchange> Begin(RequestHead head, const std::string& peer,
                                  ExchangeSignals signals);
  // An exchange whose answer is this refusal; the connection ends after it.
  std::shared_ptr<Exchange> Reject(RequestHead head, const std::string& peer,
                                   ExchangeSignals signals, const arrow::Status& why);
  // Refuses an exchange that has begun and not yet run.
  void Refuse(Exchange& exchange, const arrow::Status& why);
  // Hands the exchange to a worker, or answers 503 when none can be had.
  void Run(std::shared_ptr<Exchange> exchange);

  // From now on connections end with their current answer.
  void StopKeepAlive() { draining_ = true; }
  bool draining() const { return draining_; }

 private:
  std::shared_ptr<Exchange> Open(RequestHead head, const std::string& peer,
                                 ExchangeSignals signals);
  arrow::Status Judge(Exchange& exchange);
  arrow::Status AnswerOptions(Exchange& exchange,
                              const std::vector<std::string>& allowed);
  void Handle(Exchange& exchange);
  void Fail(Exchange& exchange, const arrow::Status& why);
  void Record(const Exchange& exchange, const arrow::Status& status);

  const Rooms rooms_;
  const OriginCheck origins_;
  std::atomic<bool> draining_ = false;
  base::Executor work_;
  base::Executor probes_;
};

}  // namespace pintail::http
