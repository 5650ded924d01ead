#include "flight/flight_door.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/error.h"
#include "flight/door.h"
#include "flight/health_service.h"
#include "flight/listener.h"
#include "flight/sql_info.h"
#include "gateway/gateway.h"
#include "grpc/grpc.h"
#include "grpcpp/resource_quota.h"

namespace pintail::flight {
namespace {

using base::ErrorKind;

// Threads beyond those of calls: pollers, refusals, health checks.
constexpr int kSpareThreads = 64;
constexpr std::chrono::seconds kReadyTimeout{5};

gateway::CallPtr InternalCall(const base::Clock& clock, std::string method) {
  return std::make_shared<base::CallContext>(
      base::CallContext::Options{.request_id = base::NewRequestId(),
                                 .protocol = "internal",
                                 .method = std::move(method),
                                 .deadline = clock.Now() + kReadyTimeout});
}

arrow::Status InvalidAddress(std::string_view text) {
  return base::MakeError(ErrorKind::kInvalidArgument, "'", text,
                         "' is no address to listen on; write host:port, for example "
                         "127.0.0.1:50051 or [::1]:50051");
}

}  // namespace

arrow::Result<ListenAddress> ListenAddress::Parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return InvalidAddress(text);
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return InvalidAddress(text);
  }
  ListenAddress address{.host = std::string(host)};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (host.empty() || digits.empty() || error != std::errc() ||
      end != digits.data() + digits.size() || address.port < 0 || address.port > 65'535) {
    return InvalidAddress(text);
  }
  return address;
}

std::string ListenAddress::ToString() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

struct FlightDoor::State {
  State(const Rooms& rooms, FlightDoorOptions options)
      : door(rooms, std::move(options)), health([this] { return CheckReady(); }) {}

  arrow::Status CheckReady() {
    return door.rooms.gateway.CheckReady(InternalCall(door.rooms.clock, "health"));
  }

  arrow::Status Listen() {
    const FlightDoorOptions& options = door.options;
    quota.Resize(static_cast<size_t>(options.buffer_bytes));
    quota.SetMaxThreads(static_cast<int>(options.max_calls) + kSpareThreads);
    std::set<uint16_t> ports;
    for (ListenAddress address : options.listen) {
      auto listener = std::make_unique<Listener>(
          door, health,
          DescribeServer(door.rooms.gateway.options(),
                         {.advertise_transactions = address.advertise_transactions}));
      ARROW_RETURN_NOT_OK(listener->Listen(address, quota));
      address.port = listener->port();
      ports.insert(static_cast<uint16_t>(address.port));
      addresses.push_back(std::move(address));
      listeners.push_back(std::move(listener));
    }
    door.sweep.Start(std::move(ports));
    return arrow::Status::OK();
  }

  Door door;
  HealthService health;
  grpc::ResourceQuota quota{"flight"};
  std::vector<ListenAddress> addresses;
  std::vector<std::unique_ptr<Listener>> listeners;
  bool stopped = false;
};

FlightDoor::FlightDoor(std::unique_ptr<State> state) : state_(std::move(state)) {}

FlightDoor::~FlightDoor() { Stop(std::chrono::milliseconds(0)); }

arrow::Result<std::unique_ptr<FlightDoor>> FlightDoor::Start(const Rooms& rooms,
                                                             FlightDoorOptions options) {
  // Never paired with a shutdown: when its last user goes, gRPC waits for a thread that
  // may sleep for ten seconds over a client that had stopped reading, and so would the
  // exit of the program. What the library keeps is released by the exit itself.
  grpc_init();
  std::unique_ptr<FlightDoor> door(
      new FlightDoor(std::make_unique<State>(rooms, std::move(options))));
  ARROW_RETURN_NOT_OK(door->state_->Listen());
  return door;
}

const std::vector<ListenAddress>& FlightDoor::addresses() const {
  return state_->addresses;
}

void FlightDoor::Drain() {
  state_->door.draining = true;
  state_->health.Drain();
}

void FlightDoor::Stop(std::chrono::milliseconds grace) {
  if (std::exchange(state_->stopped, true)) return;
  Drain();
  state_->health.Stop();
  // gRPC cancels at the deadline what still runs; the watch then stops its work. All
  // listeners share the one grace period.
  const auto deadline = std::chrono::system_clock::now() + grace;
  for (const auto& listener : state_->listeners) {
    const arrow::Status status = listener->Shutdown(&deadline);
    if (!status.ok()) {
      state_->door.log.Warn("a listener did not shut down cleanly",
                            {{"error", std::string_view(status.message())}});
    }
  }
  state_->listeners.clear();
  state_->door.sweep.Stop();
}

}  // namespace pintail::flight
