// grpc.health.v1: whether the server can serve, which it finds out by running a query.
//
// One per door, registered with every listener. Check asks anew; Watch tells the present
// state and every change, seen by a look a second. Thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "arrow/status.h"

namespace grpc {
class Service;
}

namespace pintail::flight {

class HealthService {
 public:
  // `check_ready` says OK when the server can serve; it is called from gRPC's threads and
  // from the service's own.
  explicit HealthService(std::function<arrow::Status()> check_ready);
  ~HealthService();
  HealthService(const HealthService&) = delete;
  HealthService& operator=(const HealthService&) = delete;

  grpc::Service& service();

  // NOT_SERVING from now on; watchers are told.
  void Drain();
  // Ends all watches, so that the listeners can be shut down.
  void Stop();

 private:
  class Service;
  std::unique_ptr<Service> service_;
};

}  // namespace pintail::flight
