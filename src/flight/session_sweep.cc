#include "flight/session_sweep.h"

#include <chrono>
#include <string>
#include <utility>

#include "flight/connections.h"
#include "flight/session_directory.h"
#include "gateway/gateway.h"

namespace pintail::flight {
namespace {

constexpr std::chrono::seconds kInterval{1};

}  // namespace

SessionSweep::SessionSweep(const FlightDoor::Rooms& rooms, SessionDirectory& sessions)
    : rooms_(rooms),
      sessions_(sessions),
      connections_(rooms.metrics.GetGauge("active_connections",
                                          "Open connections of clients, by protocol",
                                          {{"protocol", "flight"}})) {}

SessionSweep::~SessionSweep() { Stop(); }

void SessionSweep::Start(std::set<uint16_t> ports) {
  ports_ = std::move(ports);
  thread_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kInterval, [this] { return stopping_; })) {
      lock.unlock();
      Run();
      lock.lock();
    }
  });
}

void SessionSweep::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  connections_.Set(0);
}

void SessionSweep::Run() {
  const auto peers = ConnectedPeers(ports_);
  if (!peers.ok()) return;  // then sessions end when they are idle
  connections_.Set(static_cast<double>(peers->size()));
  for (const auto& orphan : sessions_.TakeOrphans(*peers)) {
    const auto call = std::make_shared<base::CallContext>(
        base::CallContext::Options{.request_id = base::NewRequestId(),
                                   .identity = orphan.identity,
                                   .peer = orphan.peer,
                                   .protocol = "flight",
                                   .method = "connection closed"});
    if (const arrow::Status closed = rooms_.gateway.CloseSession(call, orphan.id);
        !closed.ok()) {
      rooms_.logs.For("flight").Warn("a session could not be closed",
                                     {{"error", std::string_view(closed.message())}});
    }
  }
}

}  // namespace pintail::flight
