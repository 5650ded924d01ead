// What all listeners and calls of one door share. Private to the room; owned by
// FlightDoor. The members are thread-safe or constant.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "arrow/flight/server.h"
#include "flight/call.h"
#include "flight/call_watch.h"
#include "flight/flight_door.h"
#include "flight/grpc_calls.h"
#include "flight/session_directory.h"
#include "flight/session_sweep.h"
#include "flight/spent_results.h"

namespace pintail::flight {

struct Door {
  Door(const FlightDoor::Rooms& rooms, FlightDoorOptions options);

  // A new call, or why there can be none: the server drains, or has too many already.
  // Tells the client its request id and, where needed, its session's cookie.
  arrow::Result<std::shared_ptr<Call>> Begin(
      const arrow::flight::ServerCallContext& server_context, std::string_view method);

  void CountCall(std::string_view method, std::string_view outcome, double seconds,
                 int64_t bytes_received, int64_t bytes_sent);

  const FlightDoor::Rooms rooms;
  const FlightDoorOptions options;
  base::Log& log;
  base::Gauge& active_gauge;  // calls under way
  base::Counter& received_bytes;
  base::Counter& sent_bytes;
  const std::shared_ptr<GrpcCalls> grpc_calls = std::make_shared<GrpcCalls>();
  SessionDirectory sessions;
  SessionSweep sweep;
  SpentResults spent;
  CallWatch watch;
  std::atomic<int64_t> active_calls = 0;
  std::atomic<bool> draining = false;
};

}  // namespace pintail::flight
