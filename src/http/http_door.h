// The REST door: what a client can ask by HTTP, as calls to the gateway.
//
// Made once per server, owned by the composition. Start, Drain and Stop are called by one
// thread; requests run in the door's own workers. Every listener takes every request.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "arrow/status.h"
#include "http/options.h"

namespace pintail::base {
class Clock;
class Logs;
class Metrics;
class Timers;
}  // namespace pintail::base
namespace pintail::gateway {
class Gateway;
}

namespace pintail::http {

class HttpDoor {
 public:
  // All outlive the door.
  struct Rooms {
    gateway::Gateway& gateway;
    base::Clock& clock;
    base::Timers& timers;
    base::Logs& logs;
    base::Metrics& metrics;
  };

  // Listens on every address. InvalidArgument for an address that is none, Unavailable,
  // naming the address, when one cannot be had; then none is listened on. Whether an
  // address may be listened on at all is for the caller to judge.
  static arrow::Result<std::unique_ptr<HttpDoor>> Start(const Rooms& rooms,
                                                        HttpOptions options);
  // Stops without grace when Stop was not called.
  ~HttpDoor();
  HttpDoor(const HttpDoor&) = delete;
  HttpDoor& operator=(const HttpDoor&) = delete;

  // Where it really listens, "127.0.0.1:43121", in the order of the options.
  const std::vector<std::string>& addresses() const;

  // Takes no new connections from now on; kept ones end, those with a request under way
  // after its answer. Does not wait.
  void Drain();
  // Drains, waits for the requests under way until `grace` has passed, then cancels them
  // and closes everything. Idempotent.
  void Stop(std::chrono::milliseconds grace);

 private:
  struct State;
  explicit HttpDoor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pintail::http
