// HTTP without a product: listeners, connections and workers that serve a table of
// routes.
//
// Owned by the door. Start, Drain and Stop are called by one thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "http/options.h"
#include "http/route.h"

namespace pintail::base {
class Clock;
class Logs;
class Metrics;
class Timers;
}  // namespace pintail::base

namespace pintail::http {

class HttpServer {
 public:
  // All outlive the server.
  struct Rooms {
    base::Clock& clock;
    base::Timers& timers;
    base::Logs& logs;
    base::Metrics& metrics;
  };

  // As HttpDoor::Start. `options` and `routes` outlive the server.
  static arrow::Result<std::unique_ptr<HttpServer>> Start(const Rooms& rooms,
                                                          const HttpOptions& options,
                                                          const RouteTable& routes);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  const std::vector<std::string>& addresses() const;
  void Drain();
  void Stop(std::chrono::milliseconds grace);

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pintail::http
