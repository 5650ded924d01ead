// What gRPC knows of a running call and Arrow's Flight server does not pass on: the
// client's deadline, a way to end the call, the exact status code, and the messages of an
// upload before Arrow has decoded them.
//
// A gRPC interceptor makes one GrpcCall per call and puts its id into the call's headers,
// where the Flight handler finds it. One GrpcCalls per door; thread-safe. A GrpcCall is
// used by its call's own thread, except where said otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "arrow/type_fwd.h"
#include "base/error.h"

namespace grpc {
class ServerContextBase;
namespace experimental {
class ServerInterceptorFactoryInterface;
}
}  // namespace grpc

namespace pintail::flight {

// One IPC message of an upload, as it came.
struct UploadMessage {
  std::shared_ptr<arrow::Buffer> metadata;  // the IPC message's flatbuffer; never null
  std::shared_ptr<arrow::Buffer> body;      // may be null
};

class GrpcCall {
 public:
  // `context` is valid for as long as the call's handler runs.
  explicit GrpcCall(grpc::ServerContextBase* context);

  // Empty when the client set none.
  std::optional<std::chrono::system_clock::time_point> deadline() const;

  // Ends the call: a blocked read or write of it returns. From any thread, but only while
  // the call's handler is known to run.
  void Abort();
  // Whether the client cancelled the call or its connection broke. A client that has only
  // ended its stream is still there. True at the latest when a read has failed for that.
  bool ClientIsGone() const;

  // What the client gets when the call ends, instead of what Arrow makes of its status.
  void SetOutcome(base::ErrorKind kind, std::string message);

  // The oldest upload message that was not taken yet; empty when there is none.
  std::optional<UploadMessage> TakeMessage();
  // Messages that came, with or without data, and their bytes.
  int64_t messages_received() const { return messages_received_; }
  int64_t bytes_received() const { return bytes_received_; }

 private:
  friend class CallInterceptor;

  grpc::ServerContextBase* const context_;
  std::deque<UploadMessage> messages_;
  int64_t messages_received_ = 0;
  int64_t bytes_received_ = 0;
  std::optional<base::ErrorKind> outcome_;
  std::string message_;
};

class GrpcCalls {
 public:
  // The header that carries a call's id from the interceptor to the handler. What a
  // client sends under this name is removed.
  static constexpr std::string_view kHeader = "pintail-internal-call";

  // For one server's builder. The factory keeps `calls` alive.
  static std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
  MakeInterceptorFactory(std::shared_ptr<GrpcCalls> calls);

  // Null when there is no such call.
  std::shared_ptr<GrpcCall> Find(std::string_view id) const;

 private:
  friend class CallInterceptor;

  std::string Add(std::shared_ptr<GrpcCall> call);
  void Remove(const std::string& id);

  mutable std::mutex mutex_;
  int64_t next_id_ = 1;                                                  // by mutex_
  std::map<std::string, std::shared_ptr<GrpcCall>, std::less<>> calls_;  // by mutex_
};

}  // namespace pintail::flight
