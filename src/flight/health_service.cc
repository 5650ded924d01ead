#include "flight/health_service.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "flight/health.grpc.pb.h"
#include "grpcpp/grpcpp.h"

namespace pintail::flight {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using State = HealthCheckResponse::ServingStatus;

constexpr std::chrono::seconds kWatchInterval{1};
constexpr size_t kMaxWatchers = 1'000;

// The server as a whole, and the one service that it has.
bool IsKnown(const std::string& service) {
  return service.empty() || service == "arrow.flight.protocol.FlightService";
}

// One Watch: writes the latest state whenever it differs from the one written before.
// gRPC calls it back, so that no thread waits for its client.
class Watcher final : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  explicit Watcher(std::function<void(Watcher*)> done) : done_(std::move(done)) {}

  void Tell(State state) {
    std::lock_guard lock(mutex_);
    latest_ = state;
    WriteIfNews();
  }
  void End(const grpc::Status& status) {
    std::lock_guard lock(mutex_);
    FinishOnce(status);
  }

  void OnWriteDone(bool ok) override {
    std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok) return FinishOnce(grpc::Status::OK);
    WriteIfNews();
  }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override {
    done_(this);
    delete this;
  }

 private:
  void WriteIfNews() {  // needs mutex_
    if (writing_ || finished_ || latest_ == written_) return;
    writing_ = true;
    written_ = latest_;
    response_.set_status(latest_);
    StartWrite(&response_);
  }
  void FinishOnce(const grpc::Status& status) {  // needs mutex_
    if (std::exchange(finished_, true)) return;
    Finish(status);
  }

  const std::function<void(Watcher*)> done_;
  std::mutex mutex_;
  State latest_ = HealthCheckResponse::UNKNOWN;   // by mutex_
  State written_ = HealthCheckResponse::UNKNOWN;  // by mutex_
  bool writing_ = false;                          // by mutex_
  bool finished_ = false;                         // by mutex_
  HealthCheckResponse response_;                  // by the write under way
};

}  // namespace

class HealthService::Service final
    : public Health::WithCallbackMethod_Watch<Health::Service> {
 public:
  explicit Service(std::function<arrow::Status()> check_ready)
      : check_ready_(std::move(check_ready)) {}

  ~Service() override { Stop(); }

  grpc::Status Check(grpc::ServerContext*, const HealthCheckRequest* request,
                     HealthCheckResponse* response) override {
    if (!IsKnown(request->service())) {
      return grpc::Status(grpc::NOT_FOUND,
                          "There is no service '" + request->service() + "' here");
    }
    response->set_status(Look());
    return grpc::Status::OK;
  }

  grpc::ServerWriteReactor<HealthCheckResponse>* Watch(
      grpc::CallbackServerContext*, const HealthCheckRequest* request) override {
    auto* watcher = new Watcher([this](Watcher* gone) { Remove(gone); });
    const bool known = IsKnown(request->service());
    std::unique_lock lock(mutex_);
    if (stopping_ || watchers_.size() >= kMaxWatchers) {
      lock.unlock();
      watcher->End(grpc::Status(grpc::RESOURCE_EXHAUSTED, "Too many watch already"));
      return watcher;
    }
    if (known) {
      watchers_.insert(watcher);
      if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
    }
    lock.unlock();
    // One that watches an unknown service waits, as the protocol wants, for its coming.
    watcher->Tell(known ? Look() : HealthCheckResponse::SERVICE_UNKNOWN);
    return watcher;
  }

  void Drain() {
    {
      std::lock_guard lock(mutex_);
      draining_ = true;
    }
    wake_.notify_all();
  }

  void Stop() {
    {
      std::lock_guard lock(mutex_);
      draining_ = true;
      stopping_ = true;
      for (Watcher* watcher : watchers_) {
        watcher->Tell(HealthCheckResponse::NOT_SERVING);
        watcher->End(grpc::Status(grpc::UNAVAILABLE, "The server is shutting down"));
      }
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

 private:
  State Look() {
    {
      std::lock_guard lock(mutex_);
      if (draining_) return HealthCheckResponse::NOT_SERVING;
    }
    return check_ready_().ok() ? HealthCheckResponse::SERVING
                               : HealthCheckResponse::NOT_SERVING;
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      const bool was_draining = draining_;
      wake_.wait_for(lock, kWatchInterval,
                     [&] { return stopping_ || draining_ != was_draining; });
      if (stopping_) return;
      if (watchers_.empty()) continue;
      lock.unlock();
      const State state = Look();
      lock.lock();
      for (Watcher* watcher : watchers_) watcher->Tell(state);
    }
  }

  void Remove(Watcher* watcher) {
    std::lock_guard lock(mutex_);
    watchers_.erase(watcher);
  }

  const std::function<arrow::Status()> check_ready_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool draining_ = false;        // by mutex_
  bool stopping_ = false;        // by mutex_
  std::set<Watcher*> watchers_;  // by mutex_
  std::thread thread_;           // started with the first watcher
};

HealthService::HealthService(std::function<arrow::Status()> check_ready)
    : service_(std::make_unique<Service>(std::move(check_ready))) {}

HealthService::~HealthService() = default;

grpc::Service& HealthService::service() { return *service_; }

void HealthService::Drain() { service_->Drain(); }

void HealthService::Stop() { service_->Stop(); }

}  // namespace pintail::flight
