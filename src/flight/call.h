// One call from its beginning to its end: its context, its session, and what is recorded
// when it is over.
//
// Made by Door::Begin in the call's thread and kept by the handler or, when the answer is
// a stream, by the stream; used by one thread at a time. Whoever ends the call calls
// Finish with its status; a call that is dropped unfinished counts as one whose client
// went away.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "arrow/flight/server.h"
#include "arrow/result.h"
#include "base/call_context.h"
#include "base/clock.h"
#include "flight/call_watch.h"
#include "flight/grpc_calls.h"
#include "gateway/gateway.h"

namespace pintail::flight {

struct Door;

class Call {
 public:
  struct Start {
    const arrow::flight::ServerCallContext& server_context;
    std::string_view method;
    gateway::CallPtr context;
    std::shared_ptr<GrpcCall> grpc_call;
    std::string session_id;
  };

  Call(Door& door, Start start);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  const gateway::CallPtr& context() const { return watched_.context; }
  gateway::Gateway& gateway();
  Door& door() { return door_; }
  GrpcCall* grpc_call() { return watched_.grpc_call.get(); }

  // The caller's session, opened when first asked for.
  arrow::Result<gateway::SessionPtr> Session();
  const std::string& session_id() const { return session_id_; }

  // What the client says about answers from the cache: its header Cache-Control.
  arrow::Result<gateway::CacheControl> Cache() const;
  // Around what blocks on the client.
  void StartWaiting(ClientWait wait);
  void StopWaiting() { watched_.StopWaiting(); }
  void AddBytesSent(int64_t bytes) { bytes_sent_ += bytes; }

  // Ends the call: logs it, counts it, and translates its status for the wire.
  arrow::Status Finish(const arrow::Status& status);
  template <typename T>
  arrow::Result<T> Finish(arrow::Result<T> result) {
    if (result.ok()) return result;
    return Finish(result.status());
  }

 private:
  // The reason for which the call was cancelled explains more than what it led to.
  arrow::Status Explained(const arrow::Status& status) const;
  void Record(const arrow::Status& status);

  Door& door_;
  const std::string method_;
  const base::Clock::Steady started_;
  const std::string session_id_;
  WatchedCall watched_;
  gateway::SessionPtr session_;
  int64_t bytes_sent_ = 0;
  bool finished_ = false;
};

// The server context that commands get: the client's, with the call attached.
class CallContextAdapter final : public arrow::flight::ServerCallContext {
 public:
  CallContextAdapter(const arrow::flight::ServerCallContext& inner, Call& call)
      : inner_(inner), call_(call) {}

  Call& call() const { return call_; }

  const std::string& peer_identity() const override { return inner_.peer_identity(); }
  const std::string& peer() const override { return inner_.peer(); }
  void AddHeader(const std::string& key, const std::string& value) const override {
    inner_.AddHeader(key, value);
  }
  void AddTrailer(const std::string& key, const std::string& value) const override {
    inner_.AddTrailer(key, value);
  }
  arrow::flight::ServerMiddleware* GetMiddleware(const std::string& key) const override {
    return inner_.GetMiddleware(key);
  }
  bool is_cancelled() const override { return inner_.is_cancelled(); }
  const arrow::flight::CallHeaders& incoming_headers() const override {
    return inner_.incoming_headers();
  }

 private:
  const arrow::flight::ServerCallContext& inner_;
  Call& call_;
};

// The call behind a context that a listener passed to the commands.
inline Call& CallOf(const arrow::flight::ServerCallContext& context) {
  return static_cast<const CallContextAdapter&>(context).call();
}

}  // namespace pintail::flight
