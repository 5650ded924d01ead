// An HttpServer with routes made for tests and everything it needs to run.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "http/http_server.h"
#include "http/options.h"
#include "http/route.h"

namespace pintail::http {

class TestServer {
 public:
  // With a manual clock, time stands still until Pass.
  TestServer(RouteTable routes, HttpOptions options, bool manual_clock = false)
      : routes_(std::move(routes)),
        options_(std::move(options)),
        clock_(manual_clock ? static_cast<base::Clock&>(manual_clock_) : system_clock_),
        timers_(clock_, !manual_clock) {
    if (options_.listen.size() == 1) options_.listen = {"127.0.0.1:0"};
    server_ =
        HttpServer::Start(
            {.clock = clock_, .timers = timers_, .logs = *logs_, .metrics = metrics_},
            options_, routes_)
            .ValueOrDie();
  }

  std::string address() const { return server_->addresses().front(); }
  HttpServer& server() { return *server_; }
  base::Metrics& metrics() { return metrics_; }
  void Pass(std::chrono::milliseconds time) {
    manual_clock_.Advance(time);
    timers_.RunDue();
  }

 private:
  RouteTable routes_;
  HttpOptions options_;
  base::SystemClock system_clock_;
  base::ManualClock manual_clock_;
  base::Clock& clock_;
  base::Timers timers_;
  std::unique_ptr<base::Logs> logs_ = base::SilentLogs();
  base::Metrics metrics_{"pintail"};
  std::unique_ptr<HttpServer> server_;
};

}  // namespace pintail::http
