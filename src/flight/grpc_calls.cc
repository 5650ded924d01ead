#include "flight/grpc_calls.h"

#include <utility>

#include "arrow/buffer.h"
#include "arrow/flight/transport.h"
#include "flight/wire_error.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_interceptor.h"

namespace pintail::flight {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;

GrpcCall::GrpcCall(grpc::ServerContextBase* context) : context_(context) {}

std::optional<std::chrono::system_clock::time_point> GrpcCall::deadline() const {
  const auto deadline = context_->deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return std::nullopt;
  return deadline;
}

void GrpcCall::Abort() { context_->TryCancel(); }

bool GrpcCall::ClientIsGone() const { return context_->IsCancelled(); }

void GrpcCall::SetOutcome(base::ErrorKind kind, std::string message) {
  outcome_ = kind;
  message_ = std::move(message);
}

std::optional<UploadMessage> GrpcCall::TakeMessage() {
  if (messages_.empty()) return std::nullopt;
  UploadMessage message = std::move(messages_.front());
  messages_.pop_front();
  return message;
}

// Lives as long as gRPC's context of the call, in which its hooks run.
class CallInterceptor final : public grpc::experimental::Interceptor {
 public:
  CallInterceptor(std::shared_ptr<GrpcCalls> calls,
                  grpc::experimental::ServerRpcInfo* info)
      : calls_(std::move(calls)),
        call_(std::make_shared<GrpcCall>(info->server_context())),
        is_upload_(std::string_view(info->method()).ends_with("/DoPut")),
        id_(calls_->Add(call_)) {}

  ~CallInterceptor() override { calls_->Remove(id_); }

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) {
      auto* headers = methods->GetRecvInitialMetadata();
      const grpc::string_ref name(GrpcCalls::kHeader.data(), GrpcCalls::kHeader.size());
      headers->erase(name);
      headers->emplace(name, grpc::string_ref(id_));
    }
    if (is_upload_ &&
        methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) {
      if (void* message = methods->GetRecvMessage()) TakeData(message);
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      CorrectStatus(methods);
    }
    methods->Proceed();
  }

 private:
  // Moves the IPC message out of what Arrow's server is about to see, so that Arrow
  // neither decodes nor decompresses it with its own, unbounded options. Arrow's
  // serializer hands gRPC its FlightData in the place of the protobuf message.
  void TakeData(void* message) {
    auto& data = *static_cast<arrow::flight::internal::FlightData*>(message);
    ++call_->messages_received_;
    if (data.app_metadata) call_->bytes_received_ += data.app_metadata->size();
    if (!data.metadata) return;
    call_->bytes_received_ += data.metadata->size();
    if (data.body) call_->bytes_received_ += data.body->size();
    call_->messages_.push_back({std::move(data.metadata), std::move(data.body)});
    data.metadata = nullptr;
    data.body = nullptr;
  }

  void CorrectStatus(InterceptorBatchMethods* methods) {
    const grpc::Status status = methods->GetSendStatus();
    if (status.ok()) return;
    if (call_->outcome_) {
      methods->ModifySendStatus(grpc::Status(GrpcCode(*call_->outcome_), call_->message_,
                                             status.error_details()));
    } else if (is_upload_ && status.error_code() == grpc::UNKNOWN) {
      // Arrow refused the stream's first message before any handler saw it.
      methods->ModifySendStatus(
          grpc::Status(grpc::INVALID_ARGUMENT, status.error_message()));
    }
  }

  const std::shared_ptr<GrpcCalls> calls_;
  const std::shared_ptr<GrpcCall> call_;
  const bool is_upload_;
  const std::string id_;
};

namespace {

class CallInterceptorFactory final
    : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit CallInterceptorFactory(std::shared_ptr<GrpcCalls> calls)
      : calls_(std::move(calls)) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override {
    if (!std::string_view(info->method()).starts_with("/arrow.flight.protocol.")) {
      return nullptr;
    }
    return std::make_unique<CallInterceptor>(calls_, info).release();
  }

 private:
  const std::shared_ptr<GrpcCalls> calls_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
GrpcCalls::MakeInterceptorFactory(std::shared_ptr<GrpcCalls> calls) {
  return std::make_unique<CallInterceptorFactory>(std::move(calls));
}

std::shared_ptr<GrpcCall> GrpcCalls::Find(std::string_view id) const {
  std::lock_guard lock(mutex_);
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : found->second;
}

std::string GrpcCalls::Add(std::shared_ptr<GrpcCall> call) {
  std::lock_guard lock(mutex_);
  std::string id = std::to_string(next_id_++);
  calls_.emplace(id, std::move(call));
  return id;
}

void GrpcCalls::Remove(const std::string& id) {
  std::lock_guard lock(mutex_);
  calls_.erase(id);
}

}  // namespace pintail::flight
