#include "flight/door.h"

#include <algorithm>
#include <string>
#include <utility>

#include "flight/wire_error.h"

namespace pintail::flight {
namespace {

using arrow::flight::ServerCallContext;

std::string_view Header(const ServerCallContext& context, std::string_view name) {
  const auto& headers = context.incoming_headers();
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : found->second;
}

// A request id goes into logs and messages as it is, so it may only be a plain word.
bool IsPlainId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c == '-' || c == '_' || c == '.' || c == ':';
  });
}

gateway::CallPtr MakeContext(const ServerCallContext& server_context,
                             std::string_view method, const GrpcCall* grpc_call,
                             const base::Clock& clock) {
  const std::string_view sent_id = Header(server_context, "x-request-id");
  base::CallContext::Options options{
      .request_id = IsPlainId(sent_id) ? std::string(sent_id) : base::NewRequestId(),
      .identity = server_context.peer_identity(),
      .peer = server_context.peer(),
      .protocol = "flight",
      .method = std::string(method),
      .deadline = std::nullopt};
  if (grpc_call && grpc_call->deadline()) {
    const auto left = *grpc_call->deadline() - std::chrono::system_clock::now();
    options.deadline = clock.Now() + left;
  }
  return std::make_shared<base::CallContext>(std::move(options));
}

}  // namespace

Door::Door(const FlightDoor::Rooms& rooms, FlightDoorOptions door_options)
    : rooms(rooms),
      options(std::move(door_options)),
      log(rooms.logs.For("flight")),
      active_gauge(rooms.metrics.GetGauge("flight_active_calls",
                                          "Flight calls that are being served")),
      received_bytes(rooms.metrics.GetCounter("flight_received_bytes_total",
                                              "Bytes of uploaded Flight messages")),
      sent_bytes(rooms.metrics.GetCounter("flight_sent_bytes_total",
                                          "Bytes of Flight messages sent as results")),
      sessions(rooms.clock, options.session_idle_timeout,
               static_cast<size_t>(options.max_remembered_sessions)),
      sweep(rooms, sessions),
      // The other half of the room is for results that nobody has fetched yet.
      spent(rooms.gateway,
            static_cast<size_t>(rooms.gateway.options().max_parked_results / 2)),
      watch(rooms.clock, {.take_timeout = options.stream_idle_timeout,
                          .send_timeout = options.upload_idle_timeout}) {}

arrow::Result<std::shared_ptr<Call>> Door::Begin(const ServerCallContext& server_context,
                                                 std::string_view method) {
  auto grpc_call = grpc_calls->Find(Header(server_context, GrpcCalls::kHeader));
  auto context = MakeContext(server_context, method, grpc_call.get(), rooms.clock);
  server_context.AddHeader("x-request-id", context->request_id());
  auto place = sessions.BeginCall(
      {.identity = context->identity(),
       .peer = context->peer(),
       .cookies = Header(server_context, "cookie")},
      [&](const std::string& id) { return rooms.gateway.KnowsSession(context, id); });
  if (place.set_cookie) {
    server_context.AddHeader("set-cookie",
                             std::string(SessionDirectory::kCookie) + "=" + place.id);
  }
  auto call = std::make_shared<Call>(
      *this, Call::Start{server_context, method, std::move(context), std::move(grpc_call),
                         std::move(place.id)});
  if (draining) {
    return call->Finish(base::MakeError(base::ErrorKind::kUnavailable,
                                        "The server is shutting down; connect again "
                                        "when it is back"));
  }
  if (active_calls > options.max_calls) {
    return call->Finish(base::MakeError(base::ErrorKind::kResourceExhausted,
                                        "The server already serves ", options.max_calls,
                                        " calls, as many as flight.max_calls "
                                        "allows; try again later"));
  }
  return call;
}

void Door::CountCall(std::string_view method, std::string_view outcome, double seconds,
                     int64_t received, int64_t sent) {
  const std::string method_label(method);
  rooms.metrics
      .GetCounter("flight_calls_total", "Flight calls that ended, by method and outcome",
                  {{"method", method_label}, {"status", std::string(outcome)}})
      .Add();
  rooms.metrics
      .GetHistogram("flight_call_seconds",
                    "Time from a Flight call's start to its last message",
                    {{"method", method_label}})
      .Observe(seconds);
  if (received > 0) received_bytes.Add(static_cast<double>(received));
  if (sent > 0) sent_bytes.Add(static_cast<double>(sent));
}

}  // namespace pintail::flight
