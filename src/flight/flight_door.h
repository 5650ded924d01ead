// The Flight and Flight SQL door: what a client can ask by Arrow Flight, as calls to the
// gateway.
//
// Made once per server, owned by the composition. Every listener takes every kind of
// request: plain Flight descriptors and tickets, Flight SQL commands, actions and the
// gRPC health service, told apart by content. Start, Drain and Stop are called by one
// thread; the calls themselves run in gRPC's threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/result.h"
#include "arrow/status.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "columnar/limits.h"

namespace pintail::gateway {
class Gateway;
}

namespace pintail::flight {

// Where to listen. Port 0 picks a free one.
struct ListenAddress {
  std::string host = "127.0.0.1";
  int port = 0;
  // Whether GetSqlInfo says that there are transactions. Clients that open one by
  // themselves and never commit (see the wire facts of the metrics cache clients) need a
  // listener that keeps quiet about them; Begin and End work on it all the same.
  bool advertise_transactions = true;

  // "127.0.0.1:50051", "localhost:0", "[::1]:50051"; InvalidArgument otherwise.
  static arrow::Result<ListenAddress> Parse(std::string_view text);
  std::string ToString() const;
};

struct FlightDoorOptions {
  std::vector<ListenAddress> listen;
  // One message of a client, as sent. A record batch is one message.
  int64_t max_message_bytes = int64_t{1} << 30;
  // All headers of one call together.
  int64_t max_metadata_bytes = 128 * 1024;
  // Calls at the same time over all listeners; more are refused as ResourceExhausted.
  int64_t max_calls = 512;
  // Calls at the same time on one connection; more wait in the client.
  int64_t max_streams_per_connection = 1'024;
  // What gRPC may hold for messages in flight, softly.
  int64_t buffer_bytes = int64_t{4} << 30;
  // Pings that find out whether a silent client is still there.
  std::chrono::milliseconds keepalive_interval{std::chrono::seconds(60)};
  std::chrono::milliseconds keepalive_timeout{std::chrono::seconds(20)};
  // A connection that does not finish its handshake in this time is closed.
  std::chrono::milliseconds handshake_timeout{std::chrono::seconds(10)};
  // A client that does not take the next message of a result in this time loses the call.
  std::chrono::milliseconds stream_idle_timeout{std::chrono::minutes(5)};
  // A client that sends nothing on an open upload for this long loses the call.
  std::chrono::milliseconds upload_idle_timeout{std::chrono::minutes(30)};
  // How long the door remembers which session a cookie or connection belongs to.
  std::chrono::milliseconds session_idle_timeout{std::chrono::minutes(30)};
  int64_t max_remembered_sessions = 100'000;
  columnar::Limits limits;
};

class FlightDoor {
 public:
  // All outlive the door.
  struct Rooms {
    gateway::Gateway& gateway;
    base::Clock& clock;
    base::Logs& logs;
    base::Metrics& metrics;
  };

  // Listens on every address. Unavailable, naming the address, when one cannot be had;
  // then none is listened on.
  static arrow::Result<std::unique_ptr<FlightDoor>> Start(const Rooms& rooms,
                                                          FlightDoorOptions options);
  // Stops without grace when Stop was not called.
  ~FlightDoor();
  FlightDoor(const FlightDoor&) = delete;
  FlightDoor& operator=(const FlightDoor&) = delete;

  // Where it really listens, in the order of the options.
  const std::vector<ListenAddress>& addresses() const;

  // From now on new calls are refused as Unavailable and health says NOT_SERVING; calls
  // under way go on.
  void Drain();
  // Drains, waits for the calls under way until `grace` has passed, then ends them and
  // closes the listeners. Idempotent.
  void Stop(std::chrono::milliseconds grace);

 private:
  struct State;
  explicit FlightDoor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pintail::flight
