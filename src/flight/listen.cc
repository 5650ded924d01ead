// How a listener sets up gRPC: bounds on what a client may send and hold, pings, the
// interceptor and the health service.
#include <algorithm>
#include <climits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "flight/health_service.h"
#include "flight/listener.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/support/server_interceptor.h"

namespace pintail::flight {
namespace {

int ClampedInt(int64_t value) {
  return static_cast<int>(std::clamp<int64_t>(value, 0, INT_MAX));
}

int Milliseconds(std::chrono::milliseconds duration) {
  return ClampedInt(duration.count());
}

void SetUp(grpc::ServerBuilder& builder, Door& door, HealthService& health,
           const grpc::ResourceQuota& quota) {
  const FlightDoorOptions& options = door.options;
  builder.SetMaxReceiveMessageSize(ClampedInt(options.max_message_bytes));
  builder.SetMaxSendMessageSize(-1);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE,
                             ClampedInt(options.max_metadata_bytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             ClampedInt(options.max_streams_per_connection));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             Milliseconds(options.keepalive_interval));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             Milliseconds(options.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Clients may ping too, but not all the time.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             5'000);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             Milliseconds(options.handshake_timeout));
  builder.RegisterService(&health.service());
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
      interceptors;
  interceptors.push_back(GrpcCalls::MakeInterceptorFactory(door.grpc_calls));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
}

}  // namespace

arrow::Status Listener::Listen(const ListenAddress& address,
                               const grpc::ResourceQuota& quota) {
  ARROW_ASSIGN_OR_RAISE(const auto location,
                        arrow::flight::Location::ForGrpcTcp(address.host, address.port));
  arrow::flight::FlightServerOptions options(location);
  options.builder_hook = [&](void* builder) {
    SetUp(*static_cast<grpc::ServerBuilder*>(builder), door_, health_, quota);
  };
  if (const arrow::Status status = Init(options); !status.ok()) {
    return base::MakeError(base::ErrorKind::kUnavailable, "cannot listen for Flight on ",
                           address.ToString(),
                           ": another program uses this port, or the address is not this "
                           "machine's; choose another with --flight-listen (port 0 takes "
                           "a free one)");
  }
  return arrow::Status::OK();
}

}  // namespace pintail::flight
